"""What each field of each model holds: the register that export and erasure go by.

Every app says it in its module `personal_data`, as `FIELDS = {"ModelName": holding(...)}`; models of other
packages are named with their app, `"account.EmailAddress"`, by whoever installs them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.models import AbstractBaseUser
from django.db import models
from django.utils.module_loading import module_has_submodule

from telemetry.people.models import Person


class Holds(StrEnum):
    """What a field holds."""

    #: Says by itself who somebody is, or what only they would know.
    PERSONAL = "personal"
    #: Leads to a person by way of another row, or of a program that knows them.
    PSEUDONYM = "pseudonym"
    #: Opens something of theirs: erased like the personal, but copied to nobody.
    SECRET = "secret"  # noqa: S105 - a kind of field
    #: An amount of money, or days of credit.
    MONEY = "money"
    NOTHING = "none"


#: What has to be reached from the person it is about.
ABOUT_SOMEBODY = (Holds.PERSONAL, Holds.PSEUDONYM, Holds.SECRET)

Classes = Mapping[str, Holds]
"""What each field of one model holds, by its name."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose rows are asked for: a person, with the account if that is meant too; or an account alone."""

    person: Person | None
    account: AbstractBaseUser | None


Finder = Callable[[Subject], models.QuerySet[Any]]
"""The rows about somebody, where no foreign key leads to them."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What the rows of one model hold, how they lead to whom they are about, and what erasure does to them.

    `person`, `account`: the lookup that leads there ("pk" for the row itself); or `found`, which finds them.
    `names`: fields whose value, met anywhere in a text, means this person.
    `blanks`: what erasure empties, instead of deleting the rows. `kept`: why no row is reached at all.
    """

    classes: Classes
    person: str = ""
    account: str = ""
    found: Finder | None = None
    names: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    kept: str = ""

    @property
    def is_about_somebody(self) -> bool:
        """Whether any field is personal, a pseudonym or a secret."""
        return any(holds in ABOUT_SOMEBODY for holds in self.classes.values())

    @property
    def reaches(self) -> bool:
        """Whether it is said how the rows of a person are found."""
        return bool(self.person or self.account or self.found)


def holding(
    *,
    personal: str = "",
    pseudonym: str = "",
    secret: str = "",
    money: str = "",
    none: str = "",
    person: str = "",
    account: str = "",
    found: Finder | None = None,
    names: str = "",
    blanks: str = "",
    kept: str = "",
) -> Holding:
    """What the fields of one model hold: names separated by spaces. `ValueError` for a name given twice."""
    lists = {
        Holds.PERSONAL: personal,
        Holds.PSEUDONYM: pseudonym,
        Holds.SECRET: secret,
        Holds.MONEY: money,
        Holds.NOTHING: none,
    }
    classes: dict[str, Holds] = {}
    for holds, listed in lists.items():
        for name in listed.split():
            if name in classes:
                raise ValueError(f"{name} cannot be {classes[name]} and {holds}.")
            classes[name] = holds
    return Holding(classes, person, account, found, tuple(names.split()), tuple(blanks.split()), kept)


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and what is said of it."""

    model: type[models.Model]
    holding: Holding

    def rows(self, subject: Subject) -> models.QuerySet[Any]:
        """What the model holds of somebody, in the order of its keys."""
        said, rows = self.holding, self.model._base_manager.all()
        if said.found is not None:
            rows = said.found(subject)
        elif said.person and subject.person is not None:
            rows = rows.filter(**{said.person: subject.person.pk})
        elif said.account and subject.account is not None:
            rows = rows.filter(**{said.account: subject.account.pk})
        else:
            rows = rows.none()
        return rows.order_by("pk")


def classified_apps() -> tuple[AppConfig, ...]:
    """The apps that say what their fields hold."""
    return tuple(
        config for config in apps.get_app_configs() if module_has_submodule(config.module, "personal_data")
    )


def modules() -> Iterator[tuple[AppConfig, ModuleType]]:
    """What the apps say, floor by floor from the top."""
    for config in classified_apps():
        yield config, import_module(f"{config.name}.personal_data")


def stated() -> dict[str, Holding]:
    """What is said of each model, by `app.Model`."""
    return {
        name if "." in name else f"{config.label}.{name}": holding
        for config, module in modules()
        for name, holding in module.FIELDS.items()
    }


def register() -> tuple[Entry, ...]:
    """The models whose rows are about somebody and can be reached from them."""
    entries = ((apps.get_model(name), holding) for name, holding in stated().items())
    return tuple(Entry(model, holding) for model, holding in entries if holding.reaches)


def names_of(subject: Subject) -> frozenset[str]:
    """Under which names somebody may stand in a text."""
    return frozenset(
        str(value)
        for entry in register()
        for name in entry.holding.names
        for value in entry.rows(subject).values_list(name, flat=True)
    )


def fields_of(model: type[models.Model]) -> tuple[str, ...]:
    """The names of what a model's rows hold: its columns, and its many-to-many relations."""
    return tuple(field.name for field in (*model._meta.concrete_fields, *model._meta.local_many_to_many))


def misclassified() -> Iterator[str]:
    """Every field of any app that has no class, and every class that has no field, as app.Model.field."""
    said = {f"{model}.{field}" for model, holding in stated().items() for field in holding.classes}
    managed = [model for model in apps.get_models() if model._meta.managed]
    actual = {f"{model._meta.label}.{name}" for model in managed for name in fields_of(model)}
    yield from sorted(said ^ actual)


def unreached() -> Iterator[str]:
    """Every model with something about people of which nobody says how it is found, or why it stays."""
    for name, holding in stated().items():
        if holding.is_about_somebody and not (holding.reaches or holding.kept):
            yield name
