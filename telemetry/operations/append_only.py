"""Append-only tables: the database itself refuses to change or delete their rows.

Let through is what erasure needs: an update that only sets the named columns to NULL, or named text
columns to ''; and what a claim needs: a named column that moves from one row to another, though never
away from NULL, so that what was erased stays nobody's. The same promise on SQLite and PostgreSQL, by
triggers; any other database is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython


class UnknownDatabase(Exception):
    """No triggers are known for this database."""


@dataclass(frozen=True, slots=True)
class AppendOnly:
    """The guard of one table."""

    table: str
    #: Every column, so that what is not named below may not change.
    columns: tuple[str, ...]
    #: What erasure may set to NULL (people, JSON), and what it may set to ''.
    may_become_null: tuple[str, ...] = ()
    may_become_empty: tuple[str, ...] = ()
    #: What a claim may change to another row: people.
    may_move: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """SQL that is true of an update that only erases or claims."""
        same = "IS NOT DISTINCT FROM"
        rules = {column: f'NEW."{column}" {same} OLD."{column}"' for column in self.columns}
        for column in self.may_become_null:
            rules[column] = f'(NEW."{column}" IS NULL OR {rules[column]})'
        for column in self.may_become_empty:
            rules[column] = f"(NEW.\"{column}\" = '' OR {rules[column]})"
        for column in self.may_move:
            rules[column] = f'(NEW."{column}" IS NULL OR OLD."{column}" IS NOT NULL)'
        return " AND ".join(rules.values())

    def create(self, vendor: str) -> list[str]:
        """The statements that set the guard up."""
        refusal = f"{self.table} is append-only"
        if vendor == "sqlite":
            allowed = self.allowed.replace("IS NOT DISTINCT FROM", "IS")
            return [
                f'CREATE TRIGGER "{self.table}_no_update" BEFORE UPDATE ON "{self.table}" '
                f"WHEN NOT ({allowed}) BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
                f'CREATE TRIGGER "{self.table}_no_delete" BEFORE DELETE ON "{self.table}" '
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END",
            ]
        if vendor == "postgresql":
            return [
                f'CREATE FUNCTION "{self.table}_refuse"() RETURNS trigger LANGUAGE plpgsql AS '
                f"$$ BEGIN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'restrict_violation'; END $$",
                f'CREATE TRIGGER "{self.table}_no_update" BEFORE UPDATE ON "{self.table}" FOR EACH ROW '
                f'WHEN (NOT ({self.allowed})) EXECUTE FUNCTION "{self.table}_refuse"()',
                f'CREATE TRIGGER "{self.table}_no_delete" BEFORE DELETE ON "{self.table}" FOR EACH ROW '
                f'EXECUTE FUNCTION "{self.table}_refuse"()',
            ]
        raise UnknownDatabase(vendor)

    def drop(self, vendor: str) -> list[str]:
        """The statements that take the guard away."""
        on = f' ON "{self.table}"' if vendor == "postgresql" else ""
        triggers = [
            f'DROP TRIGGER IF EXISTS "{self.table}_{what}"{on}' for what in ("no_update", "no_delete")
        ]
        function = [f'DROP FUNCTION IF EXISTS "{self.table}_refuse"()'] if vendor == "postgresql" else []
        return triggers + function

    def operation(self) -> RunPython:
        """The migration that sets the guard up, reversibly."""

        def forwards(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
            for statement in self.create(schema_editor.connection.vendor):
                schema_editor.execute(statement, params=None)

        def backwards(_apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
            for statement in self.drop(schema_editor.connection.vendor):
                schema_editor.execute(statement, params=None)

        return RunPython(forwards, backwards)
