"""What the API takes and shows of webhook endpoints and their deliveries."""

from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from pydantic import BaseModel, Field

from services.gateway.api.views import MOMENT, SUBMISSION
from services.gateway.api.words import DisabledWord, EventWord, SentWord
from services.gateway.tables import DeliveryRow, EndpointRow, OutboxRow
from shared.messages import EventType, event_name
from shared.model import Model

URL = "https://ci.example/holdout"
EVENT = "msg_7a6f3f0e6a0e4a8e9c0e0d9d6f1f2b11"

Url = Annotated[str, Field(min_length=1, max_length=2000, examples=[URL], description="public and https")]
Types = Annotated[
    list[EventType] | None,
    Field(min_length=1, max_length=10, examples=[["evaluation.scored"]], description="events it takes; null: all"),
]
Description = Annotated[str, Field(max_length=200, examples=["the CI's receiver"])]


class EndpointDraft(Model):
    """An endpoint to register."""

    url: Url
    types: Types = None
    description: Description = ""


class EndpointChanges(Model):
    """What is to change; what is left out stays."""

    url: Url = ""
    types: Types = None
    description: Description = ""


class EndpointView(BaseModel):
    """A webhook address of the team."""

    id: UUID = Field(examples=[SUBMISSION])
    url: str = Field(examples=[URL])
    types: list[EventWord] | None = Field(examples=[["evaluation.scored"]], description="events it takes; null: all")
    description: str = Field(examples=["the CI's receiver"])
    created_at: datetime = Field(examples=[MOMENT])
    failing_since: datetime | None = Field(
        examples=[None], description="since when every attempt has failed; null: the last one did not"
    )
    disabled_at: datetime | None = Field(examples=[None], description="since when nothing is sent; null: it is enabled")
    disabled_because: DisabledWord | None = Field(
        examples=[None], description="`asked` for, `gone` (it answered 410), or `failing` for too long"
    )
    old_secrets_end: list[datetime] = Field(
        examples=[[MOMENT]], description="until when each secret before the current one signs, newest first"
    )


class EndpointSecretView(EndpointView):
    """An endpoint with its new secret, which is shown this once."""

    secret: str = Field(examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])


class OwedEventsView(BaseModel):
    """What is sent now."""

    events: int = Field(examples=[1], description="how many events")
    event: str | None = Field(examples=[EVENT], description="its id, where it is one")


class DeliveryView(BaseModel):
    """One attempt to bring one event to the endpoint."""

    id: UUID = Field(examples=[SUBMISSION])
    event: str = Field(examples=[EVENT], description="the same as `webhook-id`")
    type: SentWord = Field(examples=["evaluation.scored"])
    attempt: int = Field(examples=[1], description="counts the attempts at this event")
    at: datetime = Field(examples=[MOMENT])
    duration_seconds: float = Field(examples=[0.182])
    delivered: bool = Field(examples=[False])
    status: int | None = Field(examples=[503], description="the answer's status; null when there was no answer")
    error: str | None = Field(examples=["the endpoint answered 503"], description="null when it was delivered")
    answer: str = Field(examples=["upstream is away"], description="its first 2 KiB")
    next_attempt_at: datetime | None = Field(examples=[MOMENT], description="null on all but an event's last attempt")
    given_up_at: datetime | None = Field(examples=[None], description="since when nothing more is tried by itself")


class DeliveryPage(BaseModel):
    """A page of the log, new to old."""

    items: list[DeliveryView]
    next: str | None = Field(examples=["MjAyNi0wMS0zMVQxMjowMDowMFp8N2E2Zg"], description="cursor of the next page")


def endpoint_view(row: EndpointRow, now: datetime) -> EndpointView:
    """An endpoint without its secrets."""
    return EndpointView.model_validate(_shown(row, now))


def secret_view(row: EndpointRow, now: datetime) -> EndpointSecretView:
    """An endpoint with its current secret."""
    return EndpointSecretView.model_validate(_shown(row, now) | {"secret": row.secrets[0]})


def delivery_view(row: DeliveryRow, owed: OutboxRow | None) -> DeliveryView:
    """An attempt; `owed` is what the outbox still has of its event, where this is the last attempt at it."""
    waits = owed is not None and owed.given_up_at is None
    return DeliveryView(
        id=row.id,
        event=event_name(row.event_id),
        type=cast(EventType | Literal["endpoint.test"], row.type),
        attempt=row.attempt,
        at=row.at,
        duration_seconds=round(row.duration_seconds, 3),
        delivered=row.error is None,
        status=row.status,
        error=row.error,
        answer=row.answer,
        next_attempt_at=owed.next_attempt_at if owed and waits else None,
        given_up_at=owed.given_up_at if owed else None,
    )


def _shown(row: EndpointRow, now: datetime) -> dict[str, object]:
    names = EndpointView.model_fields.keys() - {"old_secrets_end"}
    ends = [end for end in row.secret_ends if now < end]
    return {name: getattr(row, name) for name in names} | {"old_secrets_end": ends}
