"""A small challenge and its files, for tests of everything round the scoring."""

import contextlib
import tempfile
from collections.abc import Iterator

from services.scorer.sandbox import Brief, Files
from shared.challenge import Challenge, Limits, Protocol, Split, Task
from shared.digests import digest_of
from shared.report import Provenance

TRUTH = b"1\n2\n3\n"

DEFINITION = Challenge(
    name="toy",
    version=1,
    title="Toy",
    year=2012,
    description="Three images.",
    tasks={
        "classification": Task(
            kind="classification",
            title="Classification",
            headline="top_5_error",
            protocol=Protocol(confidence="proven", source="this test"),
            splits={
                "test": Split(
                    title="Test",
                    images=3,
                    held_out=True,
                    limits=Limits(pool="toy", places=2, window_seconds=3600),
                )
            },
            categories=5,
            max_bytes=1000,
        )
    },
)


def brief(submission: bytes) -> Brief:
    """What the worker would say of `submission`."""
    return Brief(
        task="classification",
        split="test",
        provenance=Provenance(
            scorer="test",
            definition=DEFINITION.digest(),
            truth=digest_of(TRUTH),
            submission=digest_of(submission),
        ),
    )


@contextlib.contextmanager
def files(submission: bytes) -> Iterator[Files]:
    """The three files, open."""
    with contextlib.ExitStack() as closing:
        numbers = []
        for content in (submission, TRUTH, DEFINITION.canonical()):
            file = closing.enter_context(tempfile.TemporaryFile())
            file.write(content)
            file.flush()
            numbers.append(file.fileno())
        yield Files(*numbers)
