"""Mail to persons: through a real exchange by SMTP, encrypted and with a login where it is set up so, retried and bounded."""

import ssl
from collections.abc import Iterator
from email.headerregistry import Address
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.actions.mail import DAY, MAILS_PER_DAY, write_to_team
from services.gateway.actions.teams import found_team, join_team, open_account
from services.gateway.courier.drain import Drain
from services.gateway.courier.mail import Mailer, compose
from services.gateway.desk import Desk
from services.gateway.headers import address_of
from services.gateway.mails import Mail
from services.gateway.settings import CourierSettings
from services.gateway.smtp import MailServer, Tls
from services.gateway.tables import AccountRow, OutboxRow
from shared.errors import Refused
from tests.services.gateway.courier.draining import Moment, at, rows, waits, work_off
from tests.services.gateway.courier.postbox import Postbox, certificate, listening

SENDER = Address("Holdout", addr_spec="holdout@example.org")
PASSWORD = "a word to pass"
MAIL = Mail("of an endpoint", "It fails.\n.\nA line with a dot before it.\n")


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def still(desk: Desk, moment: Moment) -> Desk:
    return at(desk, moment)


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with listening(Postbox()) as ours:
        yield ours


def server(postbox: Postbox, tls: Tls = "none", password: str = "") -> MailServer:
    user = "holdout" if password else ""
    return MailServer("localhost", postbox.port, tls, SENDER, user, password)


def team_of(desk: Desk, *emails: str | None) -> UUID:
    """A team with a person for each address, whatever it is: earlier versions did not look at it."""
    team = found_team(desk, f"team {uuid4().hex[:12]}")
    for email in emails:
        account = open_account(desk, f"person {uuid4().hex[:12]}")
        with desk.database.begin() as session:
            session.get_one(AccountRow, account.id).email = email
        join_team(desk, team.name, account.name)
    return team.id


def write(desk: Desk, team: UUID, mail: Mail = MAIL) -> None:
    with desk.database.begin() as session:
        write_to_team(desk, session, team, mail)


def send(desk: Desk, through: MailServer | None) -> OutboxRow | None:
    return work_off(desk, Drain(desk, Mailer(desk, through), at_once=2))


def test_each_person_of_the_team_who_has_an_address_is_written_to_and_nobody_else(
    still: Desk, moment: Moment, postbox: Postbox
) -> None:
    team_of(still, "stranger@example.org")
    write(still, team_of(still, "one@example.org", None, "two@example.net"))
    assert "@" not in str([row.payload for row in rows(still)]), "who has which address is looked up when it is sent"
    assert send(still, server(postbox)) is None
    assert sorted(envelope.recipients for envelope in postbox.mails) == [["one@example.org"], ["two@example.net"]]
    mail = postbox.mails[0].mail
    assert (mail["From"], mail["Subject"]) == ("Holdout <holdout@example.org>", MAIL.subject)
    assert mail["Date"].datetime == moment.now
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "text/plain"
    assert mail.get_content().splitlines() == MAIL.text.splitlines()
    assert len({envelope.mail["Message-ID"] for envelope in postbox.mails}) == 2


def test_where_no_mail_server_is_set_nothing_is_sent_and_nothing_stays_owed(still: Desk) -> None:
    write(still, team_of(still, "one@example.org"))
    assert send(still, None) is None


@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_what_the_server_does_not_take_now_is_tried_again(
    still: Desk, moment: Moment, postbox: Postbox, verb: str
) -> None:
    write(still, team_of(still, "one@example.org"))
    postbox.refusals = {verb: "451 later"} | ({"HELO": "451 later"} if verb == "EHLO" else {})
    row = send(still, server(postbox))
    assert row is not None
    assert waits(row, moment, Mailer.schedule[0])
    postbox.refusals, moment.now = {}, row.next_attempt_at
    with still.database.begin() as session:
        session.merge(row).last_error = None
    assert send(still, server(postbox)) is None
    assert len(postbox.mails) == 1


def test_a_server_that_is_away_is_tried_again(still: Desk, moment: Moment) -> None:
    with listening(Postbox()) as gone:
        pass
    write(still, team_of(still, "one@example.org"))
    row = send(still, server(gone))
    assert row is not None
    assert waits(row, moment, Mailer.schedule[0])
    assert "Refused" in str(row.last_error)


def test_an_address_that_the_server_knows_not_to_be_is_given_up(still: Desk, moment: Moment, postbox: Postbox) -> None:
    postbox.refusals = {"RCPT": "550 5.1.1 no such person"}
    write(still, team_of(still, "nobody@example.org"))
    row = send(still, server(postbox))
    assert row is not None
    assert row.given_up_at == moment.now
    assert "550" in str(row.last_error)


@pytest.mark.parametrize(
    "entered",
    ["x@example.org\r\nBcc: y@example.org", "x@example.org, y@example.org", "x", "x@", "<x@y> z", "ü@example.org"],
)
def test_what_is_no_single_address_is_not_entered_nor_written_to(still: Desk, postbox: Postbox, entered: str) -> None:
    with pytest.raises(Refused, match="email-invalid"):
        open_account(still, f"person {uuid4().hex[:12]}", entered)
    write(still, team_of(still, entered))
    row = send(still, server(postbox))
    assert row is not None
    assert row.given_up_at is not None
    assert postbox.commands == []


@given(st.text(max_size=400), st.text(max_size=100))
def test_no_text_adds_a_header_or_an_address(subject: str, entered: str) -> None:
    payload = {"mail": str(UUID(int=1)), "subject": f"about {subject}\r\nBcc: z@example.org", "text": "said"}
    to = address_of(f"x@example.org{entered}") or address_of("x@example.org")
    assert to is not None
    sent = compose(payload, SENDER, to, Moment().now).as_bytes()
    head = sent.split(b"\r\n\r\n")[0]
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    assert b"Bcc" not in names
    assert len(names) == len(set(names)) == 9


def test_a_person_is_written_to_twenty_times_a_day_at_most(still: Desk, moment: Moment) -> None:
    team = team_of(still, "one@example.org")
    for _ in range(MAILS_PER_DAY + 3):
        write(still, team)
    assert len(rows(still)) == MAILS_PER_DAY
    moment.now += DAY
    write(still, team)
    assert len(rows(still)) == MAILS_PER_DAY + 1


@pytest.fixture
def encrypting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server encrypts with, by a certificate that this machine trusts for now."""
    path = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", f"{path}.public")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_sender_logs_in(still: Desk, encrypting: ssl.SSLContext, tls: Tls) -> None:
    box = Postbox(tls=encrypting, password=PASSWORD, encrypted_from_the_start=tls == "tls")
    write(still, team_of(still, "one@example.org"))
    with listening(box):
        assert send(still, server(box, tls, PASSWORD)) is None
        assert len(box.mails) == 1
        assert "AUTH" in box.commands
        box.commands.clear()
        assert server(box, tls, PASSWORD).trouble() is None
        assert "MAIL" not in box.commands, "to try is to send nothing"
        assert "does not let 'holdout' in: 5.7.8 wrong password" in str(server(box, tls, "wrong").trouble())


def test_a_certificate_that_is_not_trusted_is_refused(
    encrypting: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with listening(Postbox(tls=encrypting)) as box:
        assert "certificate verify failed" in str(server(box, "starttls").trouble())


def test_what_cannot_be_had_of_a_server_is_told(postbox: Postbox) -> None:
    assert server(postbox).trouble() is None
    assert "does not offer" in str(server(postbox, "starttls").trouble())
    assert "does not offer" in str(server(postbox, password=PASSWORD).trouble())
    assert "cannot be used by tls" in str(server(postbox, "tls").trouble())
    assert PASSWORD not in repr(server(postbox, password=PASSWORD))


def told(**changes: Any) -> CourierSettings:
    usual = dict.fromkeys(("quota_url", "quota_token", "s3_endpoint", "s3_access_key", "s3_secret_key"), "x" * 20)
    usual |= {"scorer_secrets": "x" * 20, "key_pepper": "y" * 20, "redis_host": "x", "redis_password": "z" * 20}
    return CourierSettings.model_validate(usual | {"database_url": "postgresql://x"} | changes)


def test_a_host_wants_a_sender_that_is_an_address() -> None:
    assert told().mail_server() is None
    assert told(
        mail_host="mail.example", mail_sender="Holdout <a@example.org>", mail_password="short"
    ).mail_server() == (
        MailServer("mail.example", 587, "starttls", Address("Holdout", addr_spec="a@example.org"), "", "short")
    )
    for wrong in ("", "nobody", "a@example.org\nBcc: b@example.org"):
        with pytest.raises(ValueError, match="no address to send from"):
            told(mail_host="mail.example", mail_sender=wrong)


def test_whoever_has_no_account_any_more_is_not_written_to(still: Desk, postbox: Postbox) -> None:
    write(still, team_of(still, "one@example.org"))
    with still.database.begin() as session:
        session.get_one(AccountRow, UUID(rows(still)[0].payload["account"])).email = None
    assert send(still, server(postbox)) is None
    assert postbox.mails == []
