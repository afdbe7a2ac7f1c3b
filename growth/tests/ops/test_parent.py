"""One parent: it passes lines on, restarts the dead, gives up in time and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from growth.management.commands import up
from growth.management.commands.up import beat, check_host, check_port, web, worker
from growth.parent import QUIT_AFTER, Parent

PROGRAM = """
import sys
from growth.parent import Child, Parent
children = [Child(name, [sys.executable, "-u", "-c", code], 36) for name, code in {children!r}]
sys.exit(Parent(children, sys.stdout, lambda: None).run(lambda: None))
"""

SLEEP = "import time; print('here'); time.sleep(60)"
STUBBORN = (
    "import os, signal, subprocess, sys, time;"
    "[signal.signal(n, signal.SIG_IGN) for n in (signal.SIGTERM, signal.SIGQUIT)];"
    "left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    "print('left', left.pid); time.sleep(60)"
)


@pytest.fixture
def parent():
    """Start a parent of such programs."""
    started = []

    def start(*children):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(children=children)],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lives(pid):
    """Whether the process runs, or did until its parent looks."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"


def lines_until(process, word):
    """The lines up to the one with the word."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if word in line:
            return lines
    raise AssertionError(lines)


def test_lines_carry_the_name_of_their_child(parent):
    process = parent(("one", SLEEP), ("longer", SLEEP))
    lines = lines_until(process, "here") + lines_until(process, "here")

    assert sorted(lines) == ["longer | here\n", "one    | here\n"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_and_leaves_nothing(parent, number):
    process = parent(("one", SLEEP))
    lines_until(process, "here")
    started = time.monotonic()

    process.send_signal(number)

    assert process.wait(10) == 0
    assert time.monotonic() - started < QUIT_AFTER  # nobody had to be told twice


def test_a_dead_child_is_started_again(parent):
    process = parent(("one", "import os; print('pid', os.getpid()); import time; time.sleep(60)"))
    (line,) = lines_until(process, "pid")

    os.kill(int(line.split()[-1]), signal.SIGKILL)

    assert "starting it again" in "".join(lines_until(process, "pid"))


def test_a_child_that_dies_all_the_time_ends_the_parent_with_one(parent):
    process = parent(("one", "print('born')"), ("two", SLEEP))

    assert process.wait(30) == 1
    out = process.stdout.read()
    assert out.count("born") == 4
    assert "giving up" in out


@pytest.mark.chaos
def test_whoever_ignores_every_signal_is_killed_with_its_children_within_ten_seconds(parent):
    process = parent(("one", STUBBORN))
    left = int(lines_until(process, "left")[-1].split()[-1])
    started = time.monotonic()

    process.send_signal(signal.SIGTERM)

    assert process.wait(12) == 0
    assert time.monotonic() - started < 10
    assert not lives(left)


@pytest.mark.chaos
def test_children_hear_of_their_parent_being_killed(parent):
    process = parent(("one", "import os; print('pid', os.getpid()); import time; time.sleep(60)"))
    child = int(lines_until(process, "pid")[-1].split()[-1])

    process.kill()
    process.wait()

    deadline = time.monotonic() + 5
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not lives(child)


def test_the_embedded_default_listens_on_loopback_alone(settings):
    settings.EMBEDDED = True
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.2"):
        check_host(host)
    for host in ("0.0.0.0", "::", "growth.example", "192.168.0.7"):  # noqa: S104  what is refused
        with pytest.raises(CommandError, match="loopback only"):
            check_host(host)


def test_production_listens_where_it_is_told(settings):
    settings.EMBEDDED = False

    check_host("0.0.0.0")  # noqa: S104  what a container does


def test_a_taken_port_is_said_before_anything_starts():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=f"port {port}.*--port"):
            check_port("127.0.0.1", port)


@pytest.mark.parametrize(("embedded", "processes"), [(True, "1"), (False, "2")])
def test_the_web_serves_under_slow_connections(settings, embedded, processes):
    settings.EMBEDDED = embedded
    command = " ".join(web(8000).command)

    for flag in ("--blocking-threads 64", "--respawn-failed-workers", "--workers-kill-timeout 5"):
        assert flag in command
    assert f"--workers {processes}" in command
    assert "--no-access-log" in command


@pytest.mark.parametrize(("redis", "pool"), [("", "threads"), ("redis://127.0.0.1/0", "prefork")])
def test_the_pool_fits_the_broker(settings, redis, pool):
    settings.REDIS_URL = redis

    assert f"--pool {pool}" in " ".join(worker().command)
    assert "beat" in beat().command


@pytest.fixture
def children(monkeypatch):
    """Call `up` with these options; the names of the children it would start, and their port."""

    def up_with(**options):
        started = []
        monkeypatch.setenv("PORT", "8000")
        monkeypatch.setattr(up.Command, "prepare", lambda _command: None)
        monkeypatch.setattr(Parent, "run", lambda parent, _ready: started.extend(parent.children))
        with socket.socket() as free:
            free.bind((settings.HOST, 0))
            port = free.getsockname()[1]
        call_command("up", port=port, **options)
        return [child.name for child in started], port

    return up_with


def test_the_children_know_the_port_that_was_asked_for(children):
    """Mails link to the site, and it is the worker that writes them."""
    _names, port = children()

    assert os.environ["PORT"] == str(port)


@pytest.mark.parametrize(
    ("options", "names"), [({}, ["web", "worker", "beat"]), ({"web_only": True}, ["web"])], ids=["all", "web"]
)
def test_the_web_alone_leaves_worker_and_beat_to_others(children, options, names):
    assert children(**options)[0] == names
