"""What a deed of kind `deliver` stands for: which event, for which endpoint, in which words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.tables import EndpointRow, EventRow
from shared.messages import Event


@dataclass(frozen=True, slots=True)
class Letter:
    """One event on its way to one endpoint; the same bytes at every attempt."""

    event: UUID
    endpoint: EndpointRow
    content: Event

    @property
    def body(self) -> bytes:
        """What is sent and signed."""
        return self.content.model_dump_json().encode()


def find_letter(session: Session, payload: dict[str, Any]) -> Letter | None:
    """What `payload` asks for; None when the endpoint or the event is gone, or belongs to another team."""
    event, endpoint = UUID(payload["event"]), session.get(EndpointRow, UUID(payload["endpoint"]))
    if endpoint is None:
        return None
    if "test_at" in payload:
        return Letter(event, endpoint, _test_of(endpoint, datetime.fromisoformat(payload["test_at"])))
    row = session.get(EventRow, event)
    if row is None or row.team_id != endpoint.team_id:
        return None
    content = Event.model_validate({"type": row.type, "timestamp": row.at, "data": row.data})
    return Letter(event, endpoint, content)


def _test_of(endpoint: EndpointRow, at: datetime) -> Event:
    sentence = "a test: this endpoint is registered, and hears of the team's evaluations like this"
    return Event(type="endpoint.test", timestamp=at, data={"endpoint": str(endpoint.id), "sentence": sentence})
