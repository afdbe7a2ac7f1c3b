"""`python -m bench`: the short form, on databases made for it; with `--users N --events N` on DATABASE_URL.

The short form shows that the programs run and that all ways give equal answers; its seconds mean little.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit, urlunsplit

import psycopg

SHORT_USERS, SHORT_EVENTS = 2_000, 60_000
STANDARD = "postgres://postgres@127.0.0.1:5432/postgres"


def main() -> None:
    """Read the arguments, measure, print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--users", type=int)
    parser.add_argument("--events", type=int)
    parser.add_argument("--dashboard", action="store_true", help="the dashboard alone, on an empty database")
    asked = parser.parse_args()
    if asked.dashboard:
        measure_dashboard()
    elif asked.users and asked.events:
        measure(asked.users, asked.events)
    elif asked.users or asked.events:
        parser.error("--users and --events go together")
    else:
        with scratch_file() as url:
            print("SQLite, the dashboard with 13,145 real contributions by 1,517 people", flush=True)
            in_a_process(url, "--dashboard")
        for name, made in (("SQLite", scratch_file()), ("PostgreSQL", scratch_database())):
            with made as url:
                in_short(name, url)


def in_short(name: str, url: str | None) -> None:
    """The short form on one database, in a process of its own: settings are read once."""
    if url is None:
        print(f"\n{name}: left out, none answers (TEST_DATABASE_URL)")
        return
    print(f"\n{name}, {SHORT_USERS:,} users, {SHORT_EVENTS:,} events", flush=True)
    in_a_process(url, "--users", str(SHORT_USERS), "--events", str(SHORT_EVENTS))


def in_a_process(url: str, *arguments: str) -> None:
    """This program on a new database, prepared first."""
    environment = os.environ | {"SITE_URL": "", "REDIS_URL": "", "DATABASE_URL": url}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, check=True)
    subprocess.run([sys.executable, "-m", "bench", *arguments], env=environment, check=True)


def measure_dashboard() -> None:
    """The dashboard with the real data, on the empty database of the settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "growth.settings")
    import django

    django.setup()

    from bench import dashboard
    from bench.measure import table

    print(table(dashboard.measure()))


def measure(users: int, events: int) -> None:
    """All measurements on the database of the settings, filled first if it is empty."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "growth.settings")
    import django

    django.setup()

    from bench import delivery, funnel, ingest, page, retention, segments, support, webhook
    from bench.clickhouse import clickhouse
    from bench.generate import generate
    from bench.load import load
    from bench.measure import table

    log = generate(users, events)
    load(log)
    with clickhouse(log) as engine:
        results = [*funnel.measure(log, engine), *retention.measure(log, engine)]
    results += segments.measure(log)
    results += delivery.measure()
    results += support.measure()
    results += webhook.measure(short=users == SHORT_USERS)
    results += page.measure(short=users == SHORT_USERS)
    print(f"{events:,} events of {users:,} users; {versions()}")
    print(table(results))
    if users == SHORT_USERS:  # on a database of its own where its seconds count: python -m bench.ingest
        print(ingest.table(ingest.run(short=True)))


def versions() -> str:
    """What ran, for the table in the documents."""
    import chdb
    import django
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()"
        )
        [database] = cursor.fetchone()
    return (
        f"{connection.display_name} {database}, chdb {chdb.__version__}, Django {django.__version__},"
        f" Python {platform.python_version()}, {os.cpu_count()} cores"
    )


@contextmanager
def scratch_file() -> Iterator[str]:
    """A SQLite database for one run."""
    with TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite3"


@contextmanager
def scratch_database() -> Iterator[str | None]:
    """A PostgreSQL database for one run; None where no server answers, unless one was named."""
    named = os.environ.get("TEST_DATABASE_URL")
    server = named or STANDARD
    try:
        admin = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        if named or os.environ.get("CI") == "true":
            raise
        yield None
        return
    name = f"growth_bench_{os.getpid()}"
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


if __name__ == "__main__":
    main()
