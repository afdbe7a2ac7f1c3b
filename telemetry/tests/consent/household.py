"""A household of two accounts and two browsers, and what each of them must be taken to have said.

The expectation is kept in plain values, by the rules of the specification, and knows nothing of records.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetry.people.models import Person

Word = tuple[str, str, int]
"""Yes or no, to which text, and the how-manieth thing said."""


@dataclass
class Expectation:
    """Who said what last, by the key of their person."""

    policy: str
    text: str = "text-0"
    words: dict[int, Word] = field(default_factory=dict)
    heard: set[int] = field(default_factory=set)
    said: int = 0

    def says(self, person: int, word: str) -> None:
        """An answer; to say the same again changes nothing."""
        known = self.words.get(person)
        if known is not None and known[0] == word and (word == "no" or known[1] == self.text):
            return
        self.said += 1
        self.words[person] = (word, self.text, self.said)

    def hears(self, person: int) -> None:
        """A browser signals: a no, once."""
        if person not in self.heard:
            self.heard.add(person)
            self.says(person, "no")

    def joins(self, source: int, target: int) -> None:
        """Two are one: the stricter answer wins, else the later."""
        words = [self.words.pop(one) for one in (source, target) if one in self.words]
        if source in self.heard:
            self.heard.remove(source)
            self.heard.add(target)
        if any(word == "no" for word, _text, _said in words):
            self.says(target, "no")
        elif words:
            self.words[target] = max(words, key=lambda one: one[2])

    def forgets(self, person: int) -> None:
        """They were erased."""
        self.words.pop(person, None)
        self.heard.discard(person)

    def agrees(self, person: int | None) -> bool:
        """Whether what they do now may be stored and leave."""
        if person is None:
            return False
        word, text, _said = self.words.get(person, (None, self.text, 0))
        if word == "no":
            return False
        return self.policy == "opt_out" or (word == "yes" and text == self.text)


@dataclass
class Window:
    """What a browser of the household must hold: a visitor's person, a no without a name, an account."""

    visitor: int | None = None
    chose_no: bool = False
    account: int | None = None

    def person(self, accounts: list[Person | None]) -> int | None:
        """Whom its requests are from."""
        if self.account is None:
            return self.visitor
        person = accounts[self.account]
        return person.pk if person else None
