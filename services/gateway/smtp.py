"""The operator's mail server. The one door to smtplib: the courier sends through it, and whoever checks a host tries it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Literal

STEP_SECONDS = 10.0
"""For each step of the exchange; there are ten or so."""

Tls = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes, as whom, and from which address. Certificates are checked."""

    host: str
    port: int
    tls: Tls
    sender: Address
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """For the log."""
        return f"mail goes to {self.host}:{self.port} ({self.tls}), from {self.sender.addr_spec}"

    def send(self, message: EmailMessage, to: Address) -> None:
        """Hand `message` over for the one address `to`; raises `OSError`, of which all of smtplib's errors are."""
        with self._opened() as server:
            server.send_message(message, self.sender.addr_spec, [to.addr_spec])

    def trouble(self) -> str | None:
        """Connect and log in, and send nothing: what is wrong, in words; None when all is well."""
        try:
            with self._opened() as server:
                server.noop()
        except smtplib.SMTPAuthenticationError as error:
            return f"{self.host}:{self.port} does not let {self.user!r} in: {_said(error.smtp_error)}"
        except smtplib.SMTPNotSupportedError as error:
            return f"{self.host}:{self.port} does not offer what is asked of it ({self.tls}, login): {error}"
        except (OSError, UnicodeError) as error:
            return f"{self.host}:{self.port} cannot be used by {self.tls}: {type(error).__name__}: {error}"
        return None

    @contextmanager
    def _opened(self) -> Iterator[smtplib.SMTP]:
        # The name that we greet with is the sender's: asking the system for ours can wait for a name server.
        name, context = self.sender.domain, ssl.create_default_context()
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, name, timeout=STEP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, name, timeout=STEP_SECONDS)
        try:
            if self.tls == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            yield server
        finally:
            # What was taken is taken, however the server says goodbye.
            with suppress(OSError):
                server.quit()
            server.close()


def _said(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else answer
