"""A mail server that keeps what it is sent: SMTP over a real socket, with STARTTLS, TLS and a login where they are wanted."""

import base64
import contextlib
import shutil
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest


@dataclass
class Envelope:
    """One mail as it arrived: from whom and to whom by the exchange, whatever its headers say."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def mail(self) -> EmailMessage:
        """What was sent, read."""
        message = message_from_bytes(self.content, policy=default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class Postbox:
    """A listening mail server. `refusals` maps a command to the answer that it gets instead of the usual one."""

    port: int = 0
    password: str = ""
    tls: ssl.SSLContext | None = None
    encrypted_from_the_start: bool = False
    refusals: dict[str, str] = field(default_factory=dict)
    mails: list[Envelope] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _Exchange(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        with contextlib.suppress(OSError), contextlib.closing(self):
            if self.server.postbox.encrypted_from_the_start:
                self._encrypt()
            self._say("220 ready")
            while line := self.rfile.readline():
                self._answer(line.decode().strip())

    def _answer(self, line: str) -> None:
        verb = line.split(" ")[0].upper()
        self.server.postbox.commands.append(verb)
        if refusal := self.server.postbox.refusals.get(verb):
            self._say(refusal)
        else:
            {"EHLO": self._greet, "STARTTLS": self._start_tls, "AUTH": self._let_in, "MAIL": self._begin,
             "RCPT": self._address, "DATA": self._take, "QUIT": self._part}.get(verb, self._nod)(line)  # fmt: skip

    def _greet(self, _: str) -> None:
        offers = ["STARTTLS"] if self.server.postbox.tls else []
        offers += ["AUTH PLAIN"] if self.server.postbox.password else []
        self._say("\r\n".join(["250-hello", *(f"250-{offer}" for offer in offers), "250 SIZE 1000000"]))

    def _start_tls(self, _: str) -> None:
        self._say("220 go on")
        self._encrypt()

    def _let_in(self, line: str) -> None:
        told = base64.b64decode(line.split(" ")[2]).decode().split("\0")
        self._say("235 welcome" if told[2] == self.server.postbox.password else "535 5.7.8 wrong password")

    def _begin(self, line: str) -> None:
        self._sender, self._recipients = line[10:].split(">")[0].strip("<"), list[str]()
        self._nod(line)

    def _address(self, line: str) -> None:
        self._recipients.append(line[8:].split(">")[0].strip("<"))
        self._nod(line)

    def _take(self, _: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.postbox.mails.append(Envelope(self._sender, self._recipients, b"".join(lines)))
        self._say("250 kept")

    def _part(self, _: str) -> None:
        self._say("221 goodbye")

    def _nod(self, _: str) -> None:
        self._say("250 ok")

    def close(self) -> None:
        """Hang up, also on what was encrypted meanwhile."""
        self.connection.close()

    def _encrypt(self) -> None:
        assert self.server.postbox.tls is not None
        self.request = self.server.postbox.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    postbox: Postbox

    def handle_error(self, *_: object) -> None:
        """A client that hangs up in the middle is part of a test."""


@contextlib.contextmanager
def listening(postbox: Postbox) -> Iterator[Postbox]:
    """Take mail until the block ends."""
    with _Server(("127.0.0.1", 0), _Exchange) as server:
        server.postbox, postbox.port = postbox, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield postbox
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path) -> Path:
    """A certificate of `localhost` with its key, both in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate to encrypt with")
    path = folder / "localhost.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    made = ["openssl", "req", "-x509", *kind, *names, "-keyout", str(path), "-out", f"{path}.public"]
    subprocess.run(made, check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.public").read_text())
    return path
