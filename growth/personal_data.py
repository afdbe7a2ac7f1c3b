"""What the fields of the top floor hold, and those of the packages that it installs."""

from growth.accounts.traces import admin_log_about, forget_mail, sessions_of
from telemetry.people.registry import holding

FIELDS = {
    "User": holding(
        personal="email",
        pseudonym="id",
        secret="password",  # noqa: S106 - the name of a field
        none="last_login is_superuser is_staff is_active date_joined groups user_permissions",
        account="pk",
        names="email",
    ),
    "Cohort": holding(none="id slug name meaning kind rules created_at"),
    "CohortMember": holding(pseudonym="person", none="id cohort", person="person"),
    "SavedFunnel": holding(none="id slug name steps window_seconds breakdown position created_at"),
    "account.EmailAddress": holding(
        personal="email", pseudonym="id user", none="verified primary", account="user", names="email"
    ),
    "account.EmailConfirmation": holding(
        pseudonym="email_address",
        secret="key",  # noqa: S106
        none="id created sent",
        account="email_address__user",
    ),
    "mfa.Authenticator": holding(
        pseudonym="id user",
        secret="data",  # noqa: S106
        none="type created_at last_used_at",
        account="user",
    ),
    "sessions.Session": holding(
        secret="session_key session_data",  # noqa: S106
        none="expire_date",
        found=sessions_of,
    ),
    "admin.LogEntry": holding(
        personal="object_repr change_message",
        pseudonym="user object_id",
        none="id action_time content_type action_flag",
        found=admin_log_about,
        blanks="object_repr change_message",
    ),
    "auth.Permission": holding(none="id name content_type codename"),
    "auth.Group": holding(none="id name permissions"),
    "contenttypes.ContentType": holding(none="id app_label model"),
    "django_celery_beat.SolarSchedule": holding(none="id event latitude longitude"),
    "django_celery_beat.IntervalSchedule": holding(none="id every period"),
    "django_celery_beat.ClockedSchedule": holding(none="id clocked_time"),
    "django_celery_beat.CrontabSchedule": holding(
        none="id minute hour day_of_month month_of_year day_of_week timezone"
    ),
    "django_celery_beat.PeriodicTasks": holding(none="ident last_update"),
    "django_celery_beat.PeriodicTask": holding(
        none=(
            "id name task interval crontab solar clocked args kwargs queue exchange routing_key headers"
            " priority expires expire_seconds one_off start_time enabled last_run_at total_run_count"
            " date_changed description"
        )
    ),
}

#: What is kept of people outside the database: each takes whose it is, and removes it.
BEYOND_ROWS = (forget_mail,)
