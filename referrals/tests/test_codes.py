"""What a code is, and which one somebody meant."""

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from referrals import codes
from referrals.codes import ALPHABET, draw, normalised
from referrals.models import ReferralCode
from referrals.querysets.codes import EXHAUSTED, CodeTaken, NoFreeCode, NotACode, ReferralCodeQuerySet
from referrals.tests.conftest import DAY, NOON
from telemetry.operations.models import Alert


def test_the_alphabet_has_31_characters_that_nobody_mistakes():
    assert len(ALPHABET) == len(set(ALPHABET)) == 31
    assert not set("0O1IL") & set(ALPHABET)


def test_ten_thousand_draws_stay_within_it():
    drawn = [draw() for _ in range(10_000)]

    assert {len(code) for code in drawn} == {8}
    assert set("".join(drawn)) == set(ALPHABET)


@pytest.mark.parametrize(
    "typed",
    [
        "ABCDEFGH",
        "abcd-efgh",
        " ABCD EFGH ",
        "\tABCDEFGH\n",
        "ABCD\u00a0EFGH",
        "ABCD\u200bEFGH\ufeff",
        "A.B.C.D.E.F.G.H",
        "abcd_efgh",
    ],
)
def test_a_code_is_meant_however_it_is_separated_and_capitalised(typed):
    assert normalised(typed) == "ABCDEFGH"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        None,
        "ABCDEFG",
        "ABCDEFGHJ",
        "https://x/?ref=ABCDEFGH",
        # What the original took for a code, and credited a stranger by.
        "0OABCDEFGH1IL",
        "\ufb01ABCDEFG",
        "ABCDEFG\u0130",
        "ABCDEFG\u017f",
        "ABCD,EFGH",
        "ABC\0DEFGH",
        "ABCDEFGH" + " " * 10_000 + "A",
    ],
)
def test_anything_else_is_no_code(typed):
    assert normalised(typed) is None


def test_a_code_comes_at_first_need_and_stays(ada):
    assert not ReferralCode.objects.exists()

    first = ReferralCode.objects.issue_to(ada, at=NOON)

    assert ReferralCode.objects.issue_to(ada, at=NOON + DAY) == first
    assert ReferralCode.objects.named(first.code.lower()) == first


@pytest.fixture
def drawn(monkeypatch):
    """`drawn("ABCDEFGH", …)`: what is drawn next; the last one for ever."""

    def draw_these(*upcoming):
        left = list(upcoming)
        monkeypatch.setattr(codes, "draw", lambda: left.pop(0) if len(left) > 1 else left[0])

    return draw_these


def test_a_taken_code_is_drawn_again(ada, bob, drawn):
    drawn("ABCDEFGH")
    ReferralCode.objects.issue_to(ada, at=NOON)
    drawn("ABCDEFGH", "ABCDEFGH", "ABCDEFGH", "BBBBBBBB")

    assert ReferralCode.objects.issue_to(bob, at=NOON).code == "BBBBBBBB"


def test_a_code_that_is_taken_at_the_insert_is_drawn_again(ada, bob, drawn, monkeypatch):
    drawn("ABCDEFGH")
    ReferralCode.objects.issue_to(ada, at=NOON)
    drawn("ABCDEFGH", "BBBBBBBB")
    # Nobody sees it taken, as when somebody else's insert is not committed yet.
    monkeypatch.setattr(ReferralCodeQuerySet, "exists", lambda rows: False)

    assert ReferralCode.objects.issue_to(bob, at=NOON).code == "BBBBBBBB"


def test_when_no_code_is_free_staff_are_told(ada, bob, drawn):
    drawn("ABCDEFGH")
    ReferralCode.objects.issue_to(ada, at=NOON)

    with pytest.raises(NoFreeCode):
        ReferralCode.objects.issue_to(bob, at=NOON)

    assert Alert.objects.open().get().key == EXHAUSTED


def test_a_disabled_code_brings_nobody_and_its_owner_gets_no_other_by_looking_again(ada, code):
    assert code.disable(NOON)
    assert not code.disable(NOON)

    assert ReferralCode.objects.named(code.code) is None
    assert ReferralCode.objects.issue_to(ada, at=NOON) == code
    assert code.enable()
    assert not code.enable()
    assert ReferralCode.objects.named(code.code) == code


def test_another_code_takes_the_place_and_the_name_of_the_one_before(ada, code):
    code.name_as("Ada")

    other = ReferralCode.objects.replace(ada, at=NOON + DAY)

    code.refresh_from_db()
    assert code.disabled_at == NOON + DAY
    assert not code.enable()
    assert ReferralCode.objects.issue_to(ada, at=NOON) == other
    assert other.shown_name == "Ada"


def test_staff_choose_a_code_that_reads_well(ada, code):
    assert ReferralCode.objects.replace(ada, "ada-paysx", at=NOON).code == "ADAPAYSX"


def test_a_code_that_is_or_was_anybodys_cannot_be_chosen(ada, bob, code):
    ReferralCode.objects.replace(ada, "ADAPAYSX", at=NOON)

    with pytest.raises(CodeTaken):
        ReferralCode.objects.replace(bob, code.code, at=NOON)
    assert ReferralCode.objects.shown_to(bob) is None


@pytest.mark.parametrize("chosen", ["ADA", "ADALOVES", "HELLO000", ""])
def test_what_is_chosen_outside_of_it_is_refused_and_nothing_changes(ada, code, chosen):
    with pytest.raises(NotACode):
        ReferralCode.objects.replace(ada, chosen, at=NOON)

    code.refresh_from_db()
    assert code.disabled_at is None


@pytest.mark.parametrize("bad", ["ABCDEFG", "ABCDEFG0", "abcdefgh", "ABCDEFGL"])
def test_the_database_refuses_what_is_no_code(ada, bad):
    with pytest.raises(IntegrityError), transaction.atomic():
        ReferralCode.objects.create(person=ada, code=bad, created_at=NOON)


def test_a_visitor_who_turns_out_to_be_somebody_brings_their_code_along(ada, bob, code):
    theirs = ReferralCode.objects.issue_to(bob, at=NOON)

    ReferralCode.objects.join(source=bob, target=ada)

    assert ReferralCode.objects.shown_to(ada) == code
    theirs.refresh_from_db()
    assert theirs.person == ada
    assert ReferralCode.objects.named(theirs.code) == theirs


def test_the_documents_say_31():
    assert "31 characters" in (settings.BASE_DIR / "docs" / "referrals.md").read_text()
