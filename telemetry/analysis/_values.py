"""Values of events as text that both databases write alike, so that 1, 1.0 and "1" group the same on each.

The first letter is the kind: `s:control`, `n:1.5`, `b:true`, `j:[1]`. Missing and null are NO_VALUE. Numbers
written with an exponent agree to 15 digits.
"""

from collections.abc import Mapping
from decimal import Decimal

from django.utils.translation import gettext as _

from telemetry.analysis._sql import Sql, bound, compose, on_postgresql
from telemetry.analysis.refusal import QuestionRefused

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

NO_VALUE = ""

POSTGRESQL = """
CASE jsonb_typeof({document} -> {key})
    WHEN 'string' THEN 's:' || ({document} ->> {key})
    WHEN 'number' THEN 'n:' || CAST(trim_scale(CAST({document} ->> {key} AS numeric)) AS text)
    WHEN 'boolean' THEN 'b:' || ({document} ->> {key})
    WHEN 'array' THEN 'j:' || CAST({document} -> {key} AS text)
    WHEN 'object' THEN 'j:' || CAST({document} -> {key} AS text)
    ELSE ''
END"""

# json_each knows a name however its letters are escaped, which a path of json_extract does not.
SQLITE = """
COALESCE((
    SELECT CASE j.type
        WHEN 'text' THEN 's:' || j.atom
        WHEN 'integer' THEN 'n:' || CASE j.atom WHEN 0 THEN '0' ELSE {document} -> j.fullkey END
        WHEN 'real' THEN 'n:' || CASE j.atom WHEN 0 THEN '0' ELSE rtrim(rtrim(
            CASE WHEN instr(lower({document} -> j.fullkey), 'e') > 0
                THEN printf('%%.20f', j.atom) ELSE {document} -> j.fullkey END, '0'), '.') END
        WHEN 'true' THEN 'b:true'
        WHEN 'false' THEN 'b:false'
        WHEN 'null' THEN ''
        ELSE 'j:' || j.value
    END
    FROM json_each({document}) j WHERE j.key = {key}
), '')"""

COLUMNS: Mapping[str, str] = {
    "source": "CASE {event}.source WHEN '' THEN '' ELSE 's:' || {event}.source END",
    "project": (
        "COALESCE((SELECT 's:' || w.name FROM telemetry_project w WHERE w.id = {event}.project_id), '')"
    ),
}


def value_of(event: Sql, name: str) -> Sql:
    """The canonical text of a property of the aliased event, or of its own column `source` or `project`."""
    if name in COLUMNS:
        return compose(COLUMNS[name], event=event)
    document = Sql(f"{event.text}.properties")
    return compose(POSTGRESQL if on_postgresql() else SQLITE, document=document, key=bound(name))


def canonical(value: Json) -> str:
    """The same text for a value of Python."""
    match value:
        case None:
            return NO_VALUE
        case bool():
            return "b:true" if value else "b:false"
        case str():
            return f"s:{value}"
        case int() | float():
            return f"n:{_plain(value)}"
        case _:
            raise QuestionRefused(_("A value to compare with is text, a number, true, false or null."))


def readable(text: str) -> str | None:
    """What people read for a canonical text; None for no value."""
    return text[2:] if text else None


def _plain(number: int | float) -> str:
    """Without exponent, without zeros at the end."""
    if not number:
        return "0"
    digits = format(Decimal(str(number)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
