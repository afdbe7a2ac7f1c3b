"""A mail server that can be told to say nothing."""

from __future__ import annotations

import socketserver
from threading import Event, Lock, Thread


class MailServer:
    """Takes mail on a port of its own; what it took is in `taken`, how often it was called in `calls`."""

    def __init__(self) -> None:
        self.answering = Event()
        self.answering.set()
        self.closed = Event()
        self.calls = 0
        self.taken: list[str] = []
        self.lock = Lock()
        mail = self

        class Talk(socketserver.StreamRequestHandler):
            """One call."""

            def handle(self) -> None:
                """Speak SMTP, or hold the line."""
                with mail.lock:
                    mail.calls += 1
                while not mail.answering.wait(0.05):
                    if mail.closed.is_set():
                        return
                self.wfile.write(b"220 here\r\n")
                while line := self.rfile.readline():
                    verb = line[:4].upper()
                    if verb == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        self.take()
                    else:
                        self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

            def take(self) -> None:
                """The message itself."""
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.decode())
                with mail.lock:
                    mail.taken.append("".join(lines))
                self.wfile.write(b"250 taken\r\n")

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        self.closed.set()
        self.server.shutdown()
        self.server.server_close()
