from django.db import migrations

from telemetry.operations.append_only import AppendOnly

AUDIT_LOG = AppendOnly(
    table="telemetry_auditentry",
    columns=("id", "at", "actor_id", "action", "object", "before", "after", "cause"),
    may_become_null=("actor_id", "before", "after"),
    may_become_empty=("cause",),
)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0001_initial")]

    operations = [AUDIT_LOG.operation()]
