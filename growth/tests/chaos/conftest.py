"""Houses to be hurt."""

import pytest
from django.conf import settings

from growth.tests.chaos.cluster import PROGRAMS
from growth.tests.chaos.house import House
from growth.tests.chaos.mail_server import MailServer

# A house is on SQLite and the broker of files, whatever the tests are on: it is hurt with those on SQLite.
HOUSES = [
    "test_first_sign_of_life.py",
    "test_first_start.py",
    "test_kills.py",
    "test_money_killed.py",
    "test_sqlite_under_writers.py",
]
collect_ignore = HOUSES if settings.POSTGRESQL else []
# Runs with the tests on PostgreSQL, where the server's own programs are at hand.
if not (settings.POSTGRESQL and PROGRAMS):
    collect_ignore = [*collect_ignore, "test_postgresql_killed.py"]


@pytest.fixture
def mail_server():
    """A mail server of our own."""
    server = MailServer()
    yield server
    server.close()


@pytest.fixture
def house(tmp_path, mail_server):
    """A running house whose mail goes to `mail_server`."""
    house = House(tmp_path, EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}")
    try:
        house.start()
        yield house
        if house.parent.poll() is None:
            house.stop()
    finally:
        house.kill("")
        house.parent.wait()
