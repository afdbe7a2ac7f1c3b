"""Run the whole thing."""

from __future__ import annotations

import os
import socket
import sys
from argparse import ArgumentParser
from ipaddress import ip_address
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.utils import timezone

from growth.models import User
from growth.parent import Child, Parent
from growth.staff_login import link_for

PYTHON = (sys.executable, "-u", "-m")
WEB_LOG = settings.BASE_DIR / "growth" / "granian_log.json"
PATIENCE = 60  # seconds for the web to listen


class Command(BaseCommand):
    help = "Prepares the database and runs web, worker and beat; Ctrl-C stops them all."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where, and what."""
        parser.add_argument("--port", type=int, default=settings.PORT, help="default: PORT, else 8000")
        parser.add_argument("--web-only", action="store_true", help="leave worker and beat to others")

    def handle(self, *args: Any, port: int, web_only: bool, **options: Any) -> None:
        """Until Ctrl-C or SIGTERM; exits 1 when a child dies again and again."""
        self.site = settings.SITE_URL or f"http://{bracketed(settings.HOST)}:{port}"
        check_host(settings.HOST)
        check_port(settings.HOST, port)
        os.environ.update(PORT=str(port))  # mails link to it, and the worker writes them
        self.prepare()
        children = [web(port)] if web_only else [web(port), worker(), beat()]
        parent = Parent(children, sys.stdout, keep_broker_folders)
        code = parent.run(lambda: Thread(target=self.announce, args=[parent, port], daemon=True).start())
        if code:
            sys.exit(code)

    def prepare(self) -> None:
        """Check and migrate; on the first run make a staff account and print its way in."""
        self.check()  # a call of `migrate` leaves them out, and the servers have none
        call_command("migrate", interactive=False, verbosity=0)
        if not User.objects.filter(is_staff=True).exists():
            host = urlsplit(settings.SITE_URL).hostname or "localhost"
            account = User.objects.create_superuser(f"staff@{host}")
            self.stdout.write(f"Made the staff account {account.email}. Its way in, once, within an hour:")
            self.stdout.write(link_for(account, timezone.now(), self.site))
        if not settings.EMBEDDED and settings.EMAIL_BACKEND == "growth.mail.WrittenDown":
            self.stderr.write(f"EMAIL_URL is not set: mail is written to {settings.MAIL_FOLDER}, not sent.")
        connections.close_all()

    def announce(self, parent: Parent, port: int) -> None:
        """Say where to open it, once it listens."""
        for _ in range(PATIENCE * 10):
            if parent.is_stopping:
                return
            if answers(settings.HOST, port):
                parent.say(f"Growth is on {self.site} (staff: {self.site}/admin/). Ctrl-C stops it.")
                return
            sleep(0.1)
        parent.say(f"Nothing listens on port {port} after {PATIENCE} seconds.")


def check_host(host: str) -> None:
    """The embedded default knows no TLS and offers MFA only: it is for this machine."""
    if settings.EMBEDDED and not (host == "localhost" or is_loopback(host)):
        raise CommandError(f"Without SITE_URL Growth listens on loopback only, and HOST is {host}.")


def is_loopback(host: str) -> bool:
    """Whether it is a loopback address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_port(host: str, port: int) -> None:
    """Fail before anything is started."""
    if not 1 <= port <= 65535:
        raise CommandError(f"There is no port {port}: ports go from 1 to 65535.")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}, port {port} ({error.strerror}). Stop what runs there, "
                "or choose another with --port or PORT."
            ) from error


def answers(host: str, port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def bracketed(host: str) -> str:
    """The host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def web(port: int) -> Child:
    """The web server."""
    command = [*PYTHON, "granian", "growth.wsgi:application", "--interface", "wsgi", "--http", "1", "--no-ws"]
    command += ["--host", settings.HOST, "--port", str(port), "--workers", "1" if settings.EMBEDDED else "2"]
    command += ["--blocking-threads", "64", "--respawn-failed-workers", "--workers-kill-timeout", "5"]
    command += ["--no-access-log", "--log-level", "warning", "--log-config", str(WEB_LOG)]
    return Child("web", command, 36)


def worker() -> Child:
    """The worker. Prefork wedges on the filesystem broker when its idle child is killed: threads there."""
    command = [
        *PYTHON,
        "celery",
        "--quiet",
        "--app",
        "growth",
        "worker",
        "--loglevel",
        "INFO",
        "--concurrency",
        "2",
    ]
    command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Child("worker", [*command, "--pool", "prefork" if settings.REDIS_URL else "threads"], 33)


def beat() -> Child:
    """The clock."""
    command = [*PYTHON, "celery", "--quiet", "--app", "growth", "beat", "--loglevel", "INFO"]
    return Child("beat", [*command, "--pidfile="], 35)


def keep_broker_folders() -> None:
    """Make the broker's folders again when somebody deleted them; what was in them waits in rows."""
    if not settings.REDIS_URL:
        for folder in settings.BROKER_FOLDERS.values():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
