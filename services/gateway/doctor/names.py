"""The name resolver: webhooks to public names need one that answers."""

import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from services.gateway.bounded import together
from services.gateway.doctor.findings import Finding, ok, warning
from services.gateway.doctor.patient import Patient

NAME = "names"
SECONDS = 5.0
NOBODY = "holdout-doctor.invalid"
"""No such name can be (RFC 6761): a resolver that works says so."""

Resolve = Callable[[str], object]


def check_names(patient: Patient) -> list[Finding]:
    """Whether it says that there is no such name; and whether our own is known here."""
    return resolved(urlsplit(patient.told.value("public_url") or "").hostname or "localhost", _ask)


def resolved(own: str, ask: Resolve) -> list[Finding]:
    """The same with a resolver of the caller's."""
    began = time.monotonic()
    try:
        ask(NOBODY)
    except TimeoutError:
        return [warning(NAME, f"no name server answers within {SECONDS:g} s", _MEND)]
    except socket.gaierror as error:
        if error.errno != socket.EAI_NONAME:
            return [warning(NAME, f"no name server answers: {error.strerror}", _MEND)]
    else:
        return [warning(NAME, f"the name server knows {NOBODY}, which cannot be", "ask another one: this one lies")]
    try:
        ask(own)
    except OSError as error:
        return [warning(NAME, f"our own name {own} is not known here: {error}", "enter it, or mend the public address")]
    return [ok(NAME, f"the name server answers in {1000 * (time.monotonic() - began):.0f} ms")]


def _ask(host: str) -> object:
    """The system's answer. In a thread that the end of the doctor does not wait for, which `resolving` has none of."""
    answer = together(SECONDS, {host: lambda: socket.getaddrinfo(host, 443)})[host]
    if isinstance(answer, Exception):
        raise answer
    return answer


_MEND = "look into /etc/resolv.conf: webhooks to public names cannot be delivered"
