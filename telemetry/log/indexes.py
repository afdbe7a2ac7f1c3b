"""Indexes of the log, in the form that each database does best."""

from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class ArrivalIndex(models.Index):
    """An index on a column that grows as rows arrive: block ranges on PostgreSQL, plain elsewhere.

    Of 20 million events in nearly the order of time, block ranges are a few pages.
    """

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        """The statement that creates it."""
        if schema_editor.connection.vendor == "postgresql":
            using = " USING brin"
        return super().create_sql(model, schema_editor, using=using, **kwargs)
