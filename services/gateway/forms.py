"""The files inside a `multipart/form-data` body, found while the bytes pass: nothing is kept, nothing is spooled.

A submission's form has exactly one field, `file`: what is said of the file is in the query, in every way in. A batch's has
its manifest and a field for each file.
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


class Form:
    """Feed it chunks of a form; it gives back the name of each field that begins, as text, and the bytes of its content."""

    def __init__(self, boundary: bytes) -> None:
        """`boundary` is the parameter of the Content-Type; raises `Refused` when it is none."""
        self._pieces: list[bytes | str] = []
        self._name, self._value = bytearray(), bytearray()
        self._headers: dict[str, bytes] = {}
        self._around_bytes = 0
        self._complete = False
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
                    "on_part_data": lambda data, start, end: self._pieces.append(data[start:end]),
                    "on_end": self._end,
                },
                max_header_count=HEADERS,
                max_header_size=HEADER_BYTES,
            )
        except FormParserError as error:
            raise _broken(str(error)) from error

    def pieces(self, chunk: bytes) -> list[bytes | str]:
        """What `chunk` completes, in order. Raises `Refused` for what is no form."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise _broken(str(error)) from error
        pieces, self._pieces = self._pieces, []
        self._around_bytes += len(chunk) - sum(len(piece) for piece in pieces if isinstance(piece, bytes))
        if self._around_bytes > AROUND_BYTES:
            raise _broken(f"it holds more than {AROUND_BYTES} bytes besides the file")
        return pieces

    def finish(self) -> None:
        """There is no more. Raises `Refused` when the form ends too early."""
        if not self._complete:
            raise _broken("it ends before its last boundary")

    def begin_field(self, name: str) -> None:
        """A field of this name begins; raises `Refused` when it may not."""
        self._pieces.append(name)
        self._around_bytes = 0

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
        self.begin_field(name.decode("utf-8", "replace"))
        coding = self._headers.get("content-transfer-encoding", b"binary").strip().lower()
        if coding not in (b"binary", b"8bit", b"7bit"):
            raise _broken("its file is transfer-encoded; send the bytes as they are")

    def _end(self) -> None:
        self._complete = True


class FileForm(Form):
    """A form with one file: gives back its bytes alone."""

    def __init__(self, boundary: bytes) -> None:
        """As every form."""
        super().__init__(boundary)
        self._found = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The bytes of the file that `chunk` completes. Raises `Refused` for what is no form with one file."""
        return [piece for piece in self.pieces(chunk) if isinstance(piece, bytes)]

    def finish(self) -> None:
        """There is no more. Raises `Refused` when the form ends too early, or had no file."""
        super().finish()
        if not self._found:
            raise Refused("form-file-missing", f"the form has no field {FIELD!r}", _CURL)

    def begin_field(self, name: str) -> None:
        """It may be `file`, once."""
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
        self._found = True


def boundary_of(content_type: str) -> bytes:
    """The `boundary` of a Content-Type; empty when there is none."""
    return parse_options_header(content_type)[1].get(b"boundary", b"")


def _broken(cause: str) -> Refused:
    return Refused("form-broken", f"the multipart form cannot be read: {cause}", _CURL)
