"""Outbox → the operator's mail server: one plain text to one person, by a deed of kind `mail`."""

import asyncio
import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from uuid import UUID

from services.gateway.courier.drain import Later, Never
from services.gateway.desk import Desk
from services.gateway.headers import address_of, one_line
from services.gateway.smtp import MailServer
from services.gateway.store.outbox import Kind
from services.gateway.tables import AccountRow

MINUTE, HOUR = 60, 3600
PERMANENT = 500

# Threads of their own: a mail server that does not answer must not hold the threads that work on the database.
_SENDING = ThreadPoolExecutor(max_workers=2, thread_name_prefix="mail")


class Mailer:
    """8 attempts over two days. Where there is no mail server, what is owed is struck out: nobody is written to."""

    kind: Kind = "mail"
    schedule: Sequence[float] = (
        MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 15 * HOUR, 24 * HOUR,
    )  # fmt: skip
    ends = True
    lease = timedelta(minutes=5)

    def __init__(self, desk: Desk, server: MailServer | None) -> None:
        self._desk = desk
        self._server = server

    async def act(self, payload: dict[str, Any]) -> None:
        """Send it, once more under the same Message-ID where a courier died over it."""
        if self._server is None:
            return
        text = await asyncio.to_thread(self._address, UUID(payload["account"]))
        if text is None:
            return
        to = address_of(text)
        if to is None:
            raise Never("what is entered as this person's address is none")
        message = compose(payload, self._server.sender, to, self._desk.clock())
        try:
            await asyncio.get_running_loop().run_in_executor(_SENDING, self._server.send, message, to)
        except smtplib.SMTPRecipientsRefused as refused:
            code, answer = refused.recipients[to.addr_spec]
            wrong = f"the mail server does not take this address: {code} {answer.decode(errors='replace')}"
            raise (Never if code >= PERMANENT else Later)(wrong) from refused
        except (OSError, UnicodeError) as error:
            raise Later(f"{type(error).__name__}: {error}") from error

    def _address(self, account: UUID) -> str | None:
        with self._desk.database.begin() as session:
            row = session.get(AccountRow, account)
        return row.email if row is not None else None


def compose(payload: dict[str, Any], sender: Address, to: Address, at: datetime) -> EmailMessage:
    """The mail that a deed speaks of: plain text, and no header longer than its one line."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, to
    message["Subject"] = one_line(payload["subject"])
    message["Date"] = at
    message["Message-ID"] = f"<{UUID(payload['mail'])}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(payload["text"])
    return message
