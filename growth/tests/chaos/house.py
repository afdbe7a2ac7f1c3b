"""A whole house of its own: `manage.py up` on an own folder and port, to be hurt from outside."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

PYTHON = sys.executable


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_that(holds: Callable[[], Any], seconds: float, what: str, every: float = 0.2) -> Any:
    """What it returned when it held, asked again and again; an error when it does not within the time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := holds():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {what}")


class House:
    """One running house on SQLite and the filesystem broker."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.environment = {
            "PATH": os.environ["PATH"],
            "GROWTH_DATA": str(folder),
            "PORT": str(self.port),
            "ALERT_EMAILS": "ops@growth.example",
        } | environment
        self.log = folder / "up.log"
        self.parent: subprocess.Popen[bytes]

    def start(self) -> None:
        """`manage.py up`, until the web answers."""
        said = len(self.said())
        with self.log.open("ab") as log:
            self.parent = subprocess.Popen(
                [PYTHON, "-u", "manage.py", "up"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        # How fast it starts is not asked here, and a busy machine takes a minute.
        await_that(lambda: "Growth is on" in self.said()[said:], 180, "the web listens")
        await_that(lambda: "ready." in self.said()[said:], 60, "the worker listens")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Stop it; how many seconds that took."""
        started = time.monotonic()
        self.parent.send_signal(number)
        self.parent.wait(20)
        return time.monotonic() - started

    def said(self) -> str:
        """The whole log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def lines(self) -> list[str]:
        """The log, without the first run's words to whoever starts it."""
        return [line for line in self.said().splitlines() if " | " in line]

    def processes(self, word: str = "") -> list[int]:
        """Those of this house whose command has the word."""
        return [pid for pid, command in self._all() if word in command]

    def kill(self, word: str) -> None:
        """SIGKILL to the processes whose command has the word."""
        for pid in self.processes(word):
            os.kill(pid, signal.SIGKILL)

    def _all(self) -> Iterator[tuple[int, str]]:
        mark = f"GROWTH_DATA={self.folder}".encode()
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name), (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (FileNotFoundError, PermissionError, ProcessLookupError):
                continue  # it ended while we looked

    def manage(self, *arguments: str) -> str:
        """What a command of the house prints."""
        command = [PYTHON, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, program: str) -> Any:
        """Run the program in the house; it says its answer with `say(…)`."""
        prelude = (
            "import json; from datetime import timedelta; from django.utils import timezone\n"
            "from telemetry.models import *\n"
            "now = timezone.now()\n"
            "def say(answer): print('answer', json.dumps(answer))\n"
        )
        out = self.manage("shell", "--no-imports", "-c", prelude + program)
        answers = [line for line in out.splitlines() if line.startswith("answer ")]
        return json.loads(answers[-1].removeprefix("answer ")) if answers else None

    def assert_invariants(self) -> None:
        """Of its rows and its log."""
        from growth.tests.invariants import assert_silent_log

        self.ask("from growth.tests.invariants import assert_invariants; assert_invariants(now)")
        key = (self.folder / "secret_key").read_text()
        assert_silent_log(self.lines(), [key, "sessionid", "/staff-login/"])
        assert "locked" not in self.said()
