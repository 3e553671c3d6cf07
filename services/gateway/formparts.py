"""A form's fields one after the other, each as a stream of its own: the next begins where the one before was left."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from services.gateway.deadlines import STALL_SECONDS, in_time
from services.gateway.forms import Form


class FormParts:
    """Reads `content`, the body of a form, no further than is asked for; a sender who falls silent is cut off."""

    def __init__(self, form: Form, content: AsyncIterator[bytes]) -> None:
        self._form = form
        self._content = content
        self._pieces: deque[bytes | str] = deque()
        self._ended = False

    async def next(self) -> str | None:
        """The name of the next field, once all that is left of the present one is thrown away; None at the end.

        Raises `Refused` for what is no form, and `TooSlow`, as `blocks` does.
        """
        while (piece := await self._piece()) is not None:
            if isinstance(piece, str):
                return piece
        return None

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes of the present field."""
        while (piece := await self._piece()) is not None:
            if isinstance(piece, str):
                self._pieces.appendleft(piece)
                return
            yield piece

    async def _piece(self) -> bytes | str | None:
        while not self._pieces and not self._ended:
            async with _patience():
                chunk = await anext(self._content, None)
            if chunk is None:
                self._ended = True
                self._form.finish()
            else:
                self._pieces.extend(self._form.pieces(chunk))
        return self._pieces.popleft() if self._pieces else None


def _patience() -> AbstractAsyncContextManager[None]:
    return in_time(
        STALL_SECONDS,
        f"no byte of the form came for {STALL_SECONDS} seconds",
        "post the same manifest again: it goes on where the batch stands; or send each file to its `upload`",
    )
