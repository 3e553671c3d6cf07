"""The file inside a `multipart/form-data` body, found while the bytes pass: nothing is kept, nothing is spooled.

Takes exactly one field, `file`. What is said of the file is in the query, in every way in.
"""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from shared.errors import Refused

FIELD = "file"
HEADERS, HEADER_BYTES = 8, 4096
"""Of the one part: two or three headers are usual; a file's name has at most 255 letters, each up to 12 bytes long."""

AROUND_BYTES = 64 * 1024
"""The most that a form may hold besides its file: 8 headers of 4 KiB, two boundaries, and what follows the last."""

_CURL = "with curl: -F file=@predictions.txt"


class FileForm:
    """Feed it chunks of a form; it gives back the bytes of the file."""

    def __init__(self, boundary: bytes) -> None:
        """`boundary` is the parameter of the Content-Type; raises `Refused` when it is none."""
        self._blocks: list[bytes] = []
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[str, bytes] = {}
        self._around_bytes = 0
        self._found = self._complete = False
        if not boundary:
            raise _broken("its Content-Type names no boundary")
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": lambda data, start, end: self._name.extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": lambda data, start, end: self._blocks.append(data[start:end]),
                    "on_end": self._end,
                },
                max_header_count=HEADERS,
                max_header_size=HEADER_BYTES,
            )
        except FormParserError as error:
            raise _broken(str(error)) from error

    def feed(self, chunk: bytes) -> list[bytes]:
        """The bytes of the file that `chunk` completes. Raises `Refused` for what is no form with one file."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _broken(str(error)) from error
        blocks, self._blocks = self._blocks, []
        self._around_bytes += len(chunk) - sum(map(len, blocks))
        if self._around_bytes > AROUND_BYTES:
            raise _broken(f"it holds more than {AROUND_BYTES} bytes besides the file")
        return blocks

    def finish(self) -> None:
        """There is no more. Raises `Refused` when the form ends too early, or had no file."""
        if not self._complete:
            raise _broken("it ends before its last boundary")
        if not self._found:
            raise Refused("form-file-missing", f"the form has no field {FIELD!r}", _CURL)

    def _begin_part(self) -> None:
        self._headers = {}

    def _end_header(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _end_headers(self) -> None:
        kind, parameters = parse_options_header(self._headers.get("content-disposition", b""))
        name = parameters.get(b"name")
        if kind != b"form-data" or name is None:
            raise _broken("a part does not say which field it is")
        self._check_field(name.decode("utf-8", "replace"))
        coding = self._headers.get("content-transfer-encoding", b"binary").strip().lower()
        if coding not in (b"binary", b"8bit", b"7bit"):
            raise _broken("its file is transfer-encoded; send the bytes as they are")
        self._found = True

    def _check_field(self, name: str) -> None:
        if name != FIELD:
            raise Refused(
                "form-field-unknown",
                f"the form has a field {name[:80]!r}; it may have one field, {FIELD!r}, with the predictions",
                f"what is said of the file goes into the query, as ?{name}=…" if name.isalpha() else _CURL,
            )
        if self._found:
            raise Refused(
                "form-file-repeated", f"the form has more than one field {FIELD!r}", "send one file a request"
            )

    def _end(self) -> None:
        self._complete = True


def boundary_of(content_type: str) -> bytes:
    """The `boundary` of a Content-Type; empty when there is none."""
    return parse_options_header(content_type)[1].get(b"boundary", b"")


def _broken(cause: str) -> Refused:
    return Refused("form-broken", f"the multipart form cannot be read: {cause}", _CURL)
