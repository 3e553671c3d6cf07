"""Write to the persons of a team: one deed for each, which the courier does where the operator has set up mail."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.mails import Mail
from services.gateway.store import outbox, teams

MAILS_PER_DAY = 20
"""To one person: an endpoint that is enabled and gone again and again must not have us storm their inbox."""

DAY = timedelta(days=1)


def write_to_team(desk: Desk, session: Session, team: UUID, mail: Mail) -> None:
    """Owe `mail` to each person of the team who has an address and was not written to too often lately.

    Who that is, is looked up again when it is sent: the deed names the person, never the address.
    """
    now = desk.clock()
    for account in teams.with_address(session, team):
        lately = [at for at in account.mailed if at > now - DAY]
        if len(lately) < MAILS_PER_DAY:
            account.mailed = [*lately, now]
            about = {"mail": str(uuid4()), "account": str(account.id), "subject": mail.subject, "text": mail.text}
            outbox.owe(session, "mail", about, now)
