"""Opens one layer of gzip, as the gateway does with what is sent. For the offline commands, before the readers."""

import gzip
import io
import zlib

from services.scorer.formats.blocks import Readable
from shared.errors import Refused, TooLarge

GZIP_MAGIC = b"\x1f\x8b"

MOST_BYTES = 2**31
"""Ten times the 200 MB of the largest detection files; a bomb of 2 MB, unfolding a thousandfold, is still opened."""


def unpacked(data: Readable, most_bytes: int = MOST_BYTES) -> Readable:
    """What the gzip holds, or `data` as it is. Raises `Refused` for broken gzip, `TooLarge` for more than `most_bytes`."""
    if bytes(memoryview(data)[:2]) != GZIP_MAGIC:
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            text = file.read(most_bytes + 1)
    except (zlib.error, EOFError, gzip.BadGzipFile) as error:
        sentence = f"the gzip stream cannot be unpacked: {error}"
        raise Refused("gzip-broken", sentence, "compress the file again and send it whole") from error
    if len(text) > most_bytes:
        sentence = f"the gzip holds more than {most_bytes:,} bytes"
        raise TooLarge("submission-too-large", sentence, "give the file unpacked")
    return text
