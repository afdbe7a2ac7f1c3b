"""The dashboard by the clock: 13,145 real contributions by 1,517 people, as staff open it."""

from pathlib import Path

from bench.measure import Result, median_seconds

COMMITS = Path(__file__).parent.parent / "telemetry" / "tests" / "data" / "celery_commits.csv.gz"
RANGES = {"28 days": "28d", "12 months": "12m", "all time": "all"}
JOB = "dashboard, real data"
AS_OF = "2026-07-31"


def measure() -> list[Result]:
    """Each range, the median of five readings, as of a day of the data; the database is empty before."""
    from django.core.management import call_command

    call_command("import_events", str(COMMITS), verbosity=0)
    call_command("refresh_segments", verbosity=0)
    return [reading(name, period) for name, period in RANGES.items()]


def reading(name: str, period: str) -> Result:
    """One range: its seconds through the whole stack but the network, and its queries."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from growth.models import User

    staff = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("b@example.org")
    client = Client(SERVER_NAME=settings.ALLOWED_HOSTS[0])
    client.force_login(staff)
    choices = {"period": period, "as_of": AS_OF}
    seconds, page = median_seconds(lambda: client.get("/admin/", choices), times=5)
    assert page.status_code == 200
    assert b"This panel could not be drawn" not in page.content
    with CaptureQueriesContext(connection) as captured:
        client.get("/admin/", choices)
    return Result(JOB, name, seconds, f"{seconds * 1000:.0f} ms, {len(captured)} queries")
