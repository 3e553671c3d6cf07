"""How commands speak to the running supervisor: through a socket in its folder, one line each way after another."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

from deploy.stack.folder import Folder
from deploy.stack.problem import Trouble
from shared.model import Model

LINE_BYTES = 64 * 1024


class Order(Model):
    """What is asked for: that these programs be restarted; none named: all that can be at any time."""

    restart: tuple[str, ...]


class Told(Model):
    """A line for whoever asked; the last one has the exit status."""

    line: str
    status: int | None = None


Obey = Callable[[Order, Callable[[str], None]], Awaitable[None]]
"""Does what is asked for and tells about it; raises `Trouble` when it cannot be done."""


def open_door(folder: Folder) -> socket.socket:
    """The supervisor's end, for its own user only, who alone can enter the folder."""
    door = socket.socket(socket.AF_UNIX)
    folder.control.unlink(missing_ok=True)
    _at(folder, door.bind)
    door.listen()
    return door


def knock(folder: Folder) -> socket.socket:
    """A command's end; raises `Trouble` where nobody answers."""
    door = socket.socket(socket.AF_UNIX)
    try:
        _at(folder, door.connect)
    except OSError as error:
        door.close()
        raise Trouble(f"no stack runs in {folder.path}", "start it: python -m deploy.stack up") from error
    return door


def _at(folder: Folder, deed: Callable[[str], None]) -> None:
    # From inside, and by its short name: a socket's whole path may have 107 bytes. Nothing else runs yet that would care.
    here = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder.path)
        deed(folder.control.name)
    finally:
        os.fchdir(here)
        os.close(here)


async def attend(door: socket.socket, obey: Obey) -> None:
    """Do what commands ask for, until cancelled."""
    under_way: set[asyncio.Task[None]] = set()

    async def enter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        await _serve(reader, writer, obey)

    server = await asyncio.start_unix_server(enter, sock=door, limit=LINE_BYTES)
    try:
        await server.serve_forever()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, obey: Obey) -> None:
    def say(line: str, status: int | None = None) -> None:
        # Whoever asked may have gone; what they asked for is done all the same.
        if not writer.is_closing():
            writer.write(Told(line=line, status=status).model_dump_json().encode() + b"\n")

    try:
        await obey(Order.model_validate_json(await reader.readline()), say)
        say("", 0)
    except Trouble as trouble:
        say(str(trouble), 1)
    except ValueError:
        say("this supervisor is of another version: `down`, then `up`", 1)
    finally:
        writer.close()
