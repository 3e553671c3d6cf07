"""What may stand in the header of a mail: one address, and foreign words on one line. Pure."""

import re
from email.errors import MessageError
from email.headerregistry import Address

LONGEST_WORD = 300
"""Of what others say: an address, a description, an error."""

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?"
_NAMED = re.compile(rf'(?:(?P<name>[^<>@,;:"\\]*)<)?(?P<address>{_ADDRESS})(?(name)>)')
LONGEST_ADDRESS = 254


def address_of(text: str) -> Address | None:
    """The one address that `text` is, a name before it or not; None for anything else, so that no header is led astray."""
    found = _NAMED.fullmatch(text) if text.isprintable() else None
    if found is None or len(found["address"]) > LONGEST_ADDRESS:
        return None
    try:
        return Address(one_line(found["name"] or ""), addr_spec=found["address"])
    except (ValueError, MessageError):  # dots where none may be
        return None


def one_line(text: str) -> str:
    """Foreign words without line ends or control characters, and not too many of them."""
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    short = " ".join(printable.split())
    return short if len(short) <= LONGEST_WORD else f"{short[: LONGEST_WORD - 1]}…"
