"""What the whole suite's own program says: where it ran, and what it left out."""

import socket
from importlib import import_module

import pytest
from django.conf import settings

#: Stands for pytest: says with what it was called, and ends as its argument asks.
STAND_IN = """
import os, sys
where = os.environ["DATABASE_URL"] or "SQLite", os.environ["REDIS_URL"] or "no Redis"
print("ran", *sys.argv[1:], "on", *where)
sys.exit(sys.argv[1:] == ["broken"])
"""


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """The program, in a folder where `python -m pytest` is the stand-in, and with no server named."""
    (tmp_path / "pytest.py").write_text(STAND_IN)
    monkeypatch.chdir(tmp_path)
    for variable in ("CI", "TEST_DATABASE_URL", "TEST_REDIS_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.syspath_prepend(settings.BASE_DIR / ".ci")
    return import_module("suite")


@pytest.fixture
def closed_port():
    """A port that is taken and refuses everybody."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture
def no_servers(suite, closed_port, monkeypatch):
    """Nothing answers on the standard ports."""
    urls = [f"postgres://postgres@127.0.0.1:{closed_port}/postgres", f"redis://127.0.0.1:{closed_port}/1"]
    servers = [(*row[:3], url, row[4]) for row, url in zip(suite.SERVERS, urls, strict=True)]
    monkeypatch.setattr(suite, "SERVERS", servers)


@pytest.mark.usefixtures("no_servers")
def test_what_was_left_out_is_said_after_the_embedded_run(suite, capfd):
    suite.main(["-k", "this"])

    out = capfd.readouterr().out
    assert out.count("ran") == 1
    assert "ran -k this on SQLite no Redis" in out
    for name in ("PostgreSQL", "Redis"):
        assert f"LEFT OUT: {name}: " in out
    assert "Nothing was left out" not in out


@pytest.mark.usefixtures("no_servers")
def test_in_ci_leaving_out_is_a_failure_and_nothing_runs(suite, capfd, monkeypatch):
    monkeypatch.setenv("CI", "true")

    # A text as the code is printed, and is exit 1.
    with pytest.raises(SystemExit, match=r"(?s)LEFT OUT: P.*LEFT OUT: R.*nothing may be left out"):
        suite.main([])

    assert "ran" not in capfd.readouterr().out


def test_a_server_that_is_named_and_silent_is_a_failure(suite, closed_port, monkeypatch):
    monkeypatch.setenv("TEST_DATABASE_URL", f"postgres://postgres@127.0.0.1:{closed_port}/postgres")

    with pytest.raises(SystemExit, match="TEST_DATABASE_URL is set, but no PostgreSQL answers"):
        suite.main([])


@pytest.mark.usefixtures("no_servers")
def test_a_run_that_fails_ends_with_its_code(suite):
    with pytest.raises(SystemExit) as left:
        suite.main(["broken"])

    assert left.value.code == 1


def test_servers_that_answer_get_a_run_of_their_own(suite, capfd, monkeypatch):
    answering = [(*row[:3], f"{row[1]} of a test", lambda _url: None) for row in suite.SERVERS]
    monkeypatch.setattr(suite, "SERVERS", answering)
    monkeypatch.setenv("CI", "true")

    suite.main([])

    out = capfd.readouterr().out
    assert "ran on SQLite no Redis" in out
    assert "ran on DATABASE_URL of a test REDIS_URL of a test" in out
    assert "Nothing was left out." in out
