"""Lines between programs that can be cut: small TCP proxies, each standing before one server for one program."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from deploy.stack.ports import HOST

Line = tuple[str, str]
"""Who calls, and whom: names of programs, and of ports (see deploy/stack/ports.py)."""

Mood = Literal["open", "held", "cut"]
"""`held`: nothing passes and nobody is told, as in a partition; `cut`: connections break, new ones break at once."""

BLOCK_BYTES = 64 * 1024

ValueT = TypeVar("ValueT")


class Link:
    """One line. `target` says where the server is, asked at each connection. Lives in the loop of `Links`."""

    def __init__(self, target: Callable[[], int]) -> None:
        self.port = 0
        self.refused = 0
        self._target = target
        self._mood: Mood = "open"
        self._flows = asyncio.Event()
        self._flows.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on any free port."""
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Break everything and listen no more."""
        assert self._server is not None
        self._server.close()
        await self.turn("cut")

    async def turn(self, mood: Mood, break_first: bool = False) -> None:
        """Let the line be so from now on; `break_first` drops the connections that are."""
        self._mood = mood
        if mood == "held":
            self._flows.clear()
        if mood == "cut" or break_first:
            for writer in list(self._writers):
                writer.transport.abort()
        if mood != "held":
            self._flows.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._flows.wait()
            if self._mood == "cut":
                self.refused += 1
            else:
                await self._connect(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target())
            self._writers.add(far_writer)
            try:
                await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            finally:
                self._writers.discard(far_writer)
                far_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, to its end; the end is passed on."""
        while block := await reader.read(BLOCK_BYTES):
            await self._flows.wait()
            writer.write(block)
            await writer.drain()
        await self._flows.wait()
        if writer.can_write_eof():
            writer.write_eof()


class Links:
    """All lines, in a loop and a thread of their own."""

    def __init__(self, lines: dict[Line, Callable[[], int]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._links = {line: self._await(_made(target)) for line, target in lines.items()}

    def port(self, line: Line) -> int:
        """Where this line begins."""
        return self._links[line].port

    def refused(self, line: Line) -> int:
        """How many have come in vain."""
        return self._links[line].refused

    @contextmanager
    def turned(self, lines: list[Line], mood: Mood, broken_after: bool = False) -> Iterator[None]:
        """These lines are so for the length of the block; `broken_after`: what was held breaks at the end."""
        try:
            for line in lines:
                self._await(self._links[line].turn(mood))
            yield
        finally:
            for line in lines:
                self._await(self._links[line].turn("open", break_first=broken_after))

    def touching(self, name: str) -> list[Line]:
        """The lines that begin or end at `name`."""
        return [line for line in self._links if name in line]

    def close(self) -> None:
        """End every line and the thread."""
        for link in self._links.values():
            self._await(link.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, ValueT]) -> ValueT:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


async def _made(target: Callable[[], int]) -> Link:
    link = Link(target)
    await link.open()
    return link
