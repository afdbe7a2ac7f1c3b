"""Run pytest on the embedded default, then on PostgreSQL and Redis; say plainly what was left out.

The arguments go to pytest. The servers are those of TEST_DATABASE_URL and TEST_REDIS_URL, else those on
the standard local ports, if they answer. With CI=true leaving anything out is a failure.
"""

import os
import subprocess
import sys
from collections.abc import Callable

import psycopg
import redis

EMBEDDED = {"SITE_URL": "", "DATABASE_URL": "", "REDIS_URL": ""}  # empty also hides what .env says


def ask_postgresql(url: str) -> None:
    """Raise psycopg.Error when the server does not let us in."""
    psycopg.connect(url, connect_timeout=3).close()


def ask_redis(url: str) -> None:
    """Raise redis.RedisError when the server does not answer."""
    redis.Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3).ping()


# name, the setting, where it may be named, where it stands by itself, how to ask it
SERVERS: list[tuple[str, str, str, str, Callable[[str], None]]] = [
    (
        "PostgreSQL",
        "DATABASE_URL",
        "TEST_DATABASE_URL",
        "postgres://postgres@127.0.0.1:5432/postgres",
        ask_postgresql,
    ),
    ("Redis", "REDIS_URL", "TEST_REDIS_URL", "redis://127.0.0.1:6379/1", ask_redis),
]


def look_around() -> tuple[dict[str, str], list[str]]:
    """Return the settings of the servers that answer, and a sentence for each that does not."""
    found, missing = {}, []
    for name, setting, variable, standard, ask in SERVERS:
        named = os.environ.get(variable)
        try:
            ask(named or standard)
        except (psycopg.Error, redis.RedisError, ValueError) as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            if named:
                sys.exit(f"{variable} is set, but no {name} answers there ({reason}).")
            missing.append(f"{name}: {variable} is not set and the standard local port said {reason}")
        else:
            found[setting] = named or standard
    return found, missing


def run(title: str, settings: dict[str, str], arguments: list[str]) -> None:
    """Run pytest once under these settings; leave with its exit code when it fails."""
    print(f"\n── {title} ──", flush=True)
    command = [sys.executable, "-m", "pytest", *arguments]
    code = subprocess.run(command, env=os.environ | EMBEDDED | settings, check=False).returncode
    if code:
        sys.exit(code)


def main(arguments: list[str]) -> None:
    """Run the tests everywhere they can run here."""
    found, missing = look_around()
    left_out = "".join(f"\nLEFT OUT: {sentence}" for sentence in missing)
    if missing and os.environ.get("CI", "").lower() in ("1", "true"):
        sys.exit(f"{left_out}\nWith CI=true nothing may be left out.")
    run("Embedded: SQLite, no Redis", {}, arguments)
    if found:
        names = " and ".join(name for name, setting, *_ in SERVERS if setting in found)
        run(f"On {names}", found, arguments)
    print(left_out or "\nNothing was left out.")


if __name__ == "__main__":
    main(sys.argv[1:])
