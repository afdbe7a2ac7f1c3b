from django.db import migrations

from telemetry.operations.append_only import AppendOnly

ANSWERS = AppendOnly(
    table="telemetry_consentrecord",
    columns=("id", "person_id", "scope", "granted", "text_version", "source", "at"),
    may_move=("person_id",),
)


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0003_consent_and_delivery")]

    operations = [ANSWERS.operation()]
