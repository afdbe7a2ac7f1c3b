"""Houses to be hurt."""

import pytest
from django.conf import settings

from growth.tests.chaos.cluster import PROGRAMS
from growth.tests.chaos.house import House
from growth.tests.chaos.mail_server import MailServer

# Runs with the tests on PostgreSQL, where the server's own programs are at hand.
collect_ignore = [] if settings.POSTGRESQL and PROGRAMS else ["test_postgresql_killed.py"]


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
