"""One parent for web, worker and beat: one log stream, one Ctrl-C, nothing left behind.

Each child leads a process group of its own, so that what it left can be killed with it; on Linux it is
told when the parent dies.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock, Thread
from time import monotonic, sleep
from typing import TextIO

RESTARTS = 3  # of one child, within …
MINUTE = 60.0  # seconds
QUIT_AFTER = 4.0  # seconds after SIGTERM
KILL_AFTER = 7.0
LOOK_EVERY = 0.2

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_the_parent() -> None:
    """In the child, between fork and exec: ask for SIGTERM when the parent is gone."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """A process that should be running."""

    name: str
    command: Sequence[str]
    colour: int
    process: subprocess.Popen[str] | None = None
    started: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS + 1))

    @property
    def running(self) -> subprocess.Popen[str]:
        """The process; `RuntimeError` before the first start."""
        if self.process is None:
            raise RuntimeError(f"{self.name} was never started.")
        return self.process

    def start(self) -> None:
        """Start it, with its output on one pipe."""
        self.started.append(monotonic())
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
            preexec_fn=die_with_the_parent,
        )

    def is_dead(self) -> bool:
        """Whether it ended."""
        return self.running.poll() is not None

    def dies_too_often(self) -> bool:
        """Whether one more start would be the fourth restart within a minute."""
        return len(self.started) > RESTARTS and monotonic() - self.started[0] < MINUTE

    def signal(self, number: signal.Signals) -> None:
        """Signal the leader alone: it knows how to stop its own."""
        if not self.is_dead():
            self.running.send_signal(number)

    def sweep(self) -> None:
        """Kill whatever is left of its group: a killed web master leaves workers that serve the port."""
        try:
            os.killpg(self.running.pid, signal.SIGKILL)
        except ProcessLookupError:
            return  # nothing was left
        self.running.wait()


class Parent:
    """Starts the children, restarts the dead, passes their lines on, and stops them all."""

    def __init__(self, children: Sequence[Child], out: TextIO, tend: Callable[[], None]) -> None:
        self.children = children
        self.out = out
        #: Called at each look.
        self.tend = tend
        self.is_stopping = False
        self.speaking = Lock()
        self.width = max(len(child.name) for child in children)

    def run(self, ready: Callable[[], None]) -> int:
        """Until a signal: 0; until a child dies too often: 1. `ready` is called once all are started."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)
        try:
            for child in self.children:
                self._start(child)
            ready()
            return self._look_after()
        finally:
            self._stop()

    def _hear(self, *_: object) -> None:
        # Nothing with a lock: the signal may come while this very thread holds it.
        self.is_stopping = True

    def _look_after(self) -> int:
        while not self.is_stopping:
            sleep(LOOK_EVERY)
            self.tend()
            for child in self.children:
                if not child.is_dead():
                    continue
                child.sweep()
                if child.dies_too_often():
                    self.say(f"{child.name} died {RESTARTS + 1} times within a minute: giving up.")
                    return 1
                self.say(f"{child.name} ended ({child.running.returncode}): starting it again.")
                self._start(child)
        return 0

    def _start(self, child: Child) -> None:
        child.start()
        Thread(target=self._pass_on, args=[child, child.running], daemon=True).start()

    def _stop(self) -> None:
        started = [child for child in self.children if child.process is not None]
        begun = monotonic()
        for number, until in ((signal.SIGTERM, QUIT_AFTER), (signal.SIGQUIT, KILL_AFTER)):
            for child in started:
                child.signal(number)
            while monotonic() - begun < until and not all(child.is_dead() for child in started):
                sleep(LOOK_EVERY / 2)
        for child in started:
            child.sweep()

    def _pass_on(self, child: Child, process: subprocess.Popen[str]) -> None:
        for line in process.stdout or ():
            self.say(line.rstrip("\n"), child.name, child.colour)

    def say(self, line: str, name: str = "up", colour: int = 37) -> None:
        """One line of the one stream."""
        prefix = f"{name:<{self.width}} |"
        if self.out.isatty():
            prefix = f"\033[{colour}m{prefix}\033[0m"
        with self.speaking:
            self.out.write(f"{prefix} {line}\n")
            self.out.flush()
