"""Words in answers that others may join within `/v1`: plain strings in the OpenAPI document, so that no client of today
chokes on tomorrow's. Values that are listed there (an enum) are all that there will be.
"""

from typing import Annotated, Literal

from pydantic import WithJsonSchema

from services.gateway.lifecycle import ReturnedFor
from services.gateway.store.endpoints import Because
from shared.messages import EventType

_OPEN = WithJsonSchema({"type": "string"})

EventWord = Annotated[EventType, _OPEN]
SentWord = Annotated[EventType | Literal["endpoint.test"], _OPEN]
ReturnedWord = Annotated[ReturnedFor, _OPEN]
DisabledWord = Annotated[Because, _OPEN]
