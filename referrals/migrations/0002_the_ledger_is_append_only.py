from django.db import migrations

from telemetry.operations.append_only import AppendOnly

LEDGER = AppendOnly(
    table="referrals_creditgrant",
    columns=(
        "id", "person_id", "referral_id", "kind", "days", "shortfall_seconds", "is_banked", "reverses_id",
        "actor_id", "note", "effective_at", "created_at", "idem_key",
    ),
    may_become_null=("person_id", "actor_id"),
    may_become_empty=("note",),
    may_move=("person_id",),
)


class Migration(migrations.Migration):
    dependencies = [("referrals", "0001_initial")]

    operations = [LEDGER.operation()]
