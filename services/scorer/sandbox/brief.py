"""What the worker tells the warm parent: once how to start (Boot), then per job a Brief and five descriptors."""

import socket
import struct
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from services.scorer.own import OwnTasks
from shared.challenge import Numbering
from shared.model import Model
from shared.report import Provenance

PREFIX = struct.Struct("!I")
"""Before each message: its length in bytes."""

DESCRIPTORS = 5
"""Submission, truth, definition (read-only files), the child's result socket, the parent's status socket."""

LONGEST_BRIEF_BYTES = 64 * 1024
"""A brief is four digests and two names, far below; more means that the two sides have lost one another."""


Purpose = Literal["evaluate", "check"]
"""What a child is for: to judge a file by the truth, or only to read it."""


class Bounds(Model):
    """What one child may use.

    `memory_bytes` is address space beyond that of the warm parent, mapped files included. `report_bytes`: curves of
    200 categories are some 10 MB of JSON.
    """

    wall_seconds: float = Field(gt=0)
    cpu_seconds: int = Field(ge=1)
    memory_bytes: int = Field(ge=2**20)
    report_bytes: int = Field(default=32 * 2**20, ge=1)


class Boot(Model):
    """How a warm parent starts. `targets` are `module:function` by purpose, called as `evaluate` and `check` of
    `services.scorer.evaluate` are. `own_tasks` are loaded first: later no file can be opened.
    """

    control: int
    worker_pid: int
    targets: dict[Purpose, str]
    bounds: Bounds
    own_tasks: OwnTasks = OwnTasks()


class Ready(Model):
    """The warm parent's only word on the control socket: which walls stand, and which this machine refused.

    `compiled`: how many kernels it had to compile, not finding them kept.
    """

    walls: tuple[str, ...]
    refused: tuple[str, ...]
    compiled: int


class Brief(Model):
    """An evaluation: what to judge, beside the files."""

    purpose: Literal["evaluate"] = "evaluate"
    task: str
    split: str
    provenance: Provenance


class CheckBrief(Model):
    """A dry run: what to read the submission as. Nothing comes in the place of the truth."""

    purpose: Literal["check"] = "check"
    task: str
    split: str
    labels: Numbering


AnyBrief = Brief | CheckBrief
BRIEFS: TypeAdapter[AnyBrief] = TypeAdapter(Annotated[AnyBrief, Field(discriminator="purpose")])


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The five descriptors that come with a brief, in the order in which they travel."""

    submission: int
    truth: int
    definition: int
    result: int
    status: int


def send_brief(control: socket.socket, brief: AnyBrief, descriptors: Descriptors) -> None:
    """Send one brief; raises `OSError` when the other side is gone or does not read."""
    payload = brief.model_dump_json().encode()
    message = PREFIX.pack(len(payload)) + payload
    travelling = [
        descriptors.submission,
        descriptors.truth,
        descriptors.definition,
        descriptors.result,
        descriptors.status,
    ]
    if socket.send_fds(control, [message], travelling) != len(message):
        raise BlockingIOError("the sandbox does not take its messages")


def receive_brief(control: socket.socket) -> tuple[AnyBrief, Descriptors] | None:
    """The next brief; None when the worker is gone."""
    prefix, descriptors, _, _ = socket.recv_fds(control, PREFIX.size, DESCRIPTORS, socket.MSG_WAITALL)
    if len(prefix) < PREFIX.size:
        return None
    (length,) = PREFIX.unpack(prefix)
    if length > LONGEST_BRIEF_BYTES or len(descriptors) != DESCRIPTORS:
        raise ValueError(f"not a brief: {length} bytes with {len(descriptors)} descriptors")
    payload = control.recv(length, socket.MSG_WAITALL)
    if len(payload) < length:
        return None
    return BRIEFS.validate_json(payload), Descriptors(*descriptors)
