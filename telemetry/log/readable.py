"""The log for people with a SQL client: the view `event_readable`, whose times can be read.

It is no migration: SQLite refuses to rebuild a table that a view names, and PostgreSQL to change a column
of one. So it goes before the tables change, and comes back after.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

OCCURRED_AT = {
    "postgresql": "timestamptz 'epoch' + event.occurred_at * interval '1 microsecond'",
    "sqlite": """strftime('%Y-%m-%d %H:%M:%S',
                          (event.occurred_at - (event.occurred_at % 1000000 + 1000000) % 1000000) / 1000000,
                          'unixepoch')
                 || printf('.%06d+00:00', (event.occurred_at % 1000000 + 1000000) % 1000000)""",
}

VIEW = """
CREATE VIEW event_readable AS
SELECT event.id, type.name AS event, person.public_id AS person, {occurred_at} AS occurred_at,
       CASE event.origin WHEN 0 THEN 'product' WHEN 1 THEN 'api' WHEN 2 THEN 'csv' END AS origin,
       project.name AS project, event.source, event.duration_seconds, event.properties, event.clock_ahead
FROM telemetry_event AS event
JOIN telemetry_eventtype AS type ON type.id = event.type_id
JOIN telemetry_person AS person ON person.id = event.person_id
LEFT JOIN telemetry_project AS project ON project.id = event.project_id
"""


def create_view(connection: BaseDatabaseWrapper) -> None:
    """Make the view anew."""
    drop_view(connection)
    with connection.cursor() as cursor:
        cursor.execute(VIEW.format(occurred_at=OCCURRED_AT[connection.vendor]))


def drop_view(connection: BaseDatabaseWrapper) -> None:
    """Remove the view, if it is there."""
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW IF EXISTS event_readable")
