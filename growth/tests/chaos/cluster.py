"""A PostgreSQL of its own, to be killed."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

from growth.tests.chaos.house import free_port

#: Where Debian keeps the server's programs, newest last.
PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


class Cluster:
    """One server in a folder. It refuses to run as root, so root starts it as postgres."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/postgres"
        if os.getuid() == 0:
            subprocess.run(["chown", "postgres", folder], check=True)
        self._run("initdb", "-D", f"{folder}/data", "-A", "trust", "-E", "UTF8", "-U", "postgres")

    def start(self) -> None:
        """Start it, until it takes connections."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        self._run(
            "pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start"
        )

    def kill(self) -> None:
        """SIGKILL to the postmaster and to all that serve for it."""
        postmaster = int((self.folder / "data/postmaster.pid").read_text().splitlines()[0])
        served = subprocess.run(
            ["ps", "--ppid", str(postmaster), "-o", "pid="], capture_output=True, text=True, check=False
        )
        for pid in (postmaster, *map(int, served.stdout.split())):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it went with the postmaster

    def stop(self) -> None:
        """Stop it."""
        self._run("pg_ctl", "-D", f"{self.folder}/data", "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        command = [*as_postgres, str(PROGRAMS[-1] / program), *arguments]
        subprocess.run(command, cwd=self.folder, stdout=subprocess.DEVNULL, check=True)
