"""A tiny challenge for the tasks of boxes: running its files loads all that a real one needs."""

from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Synset, Task


def box_challenge(kind: str, source: str, **options: bool) -> Challenge:
    """Two categories in three images, judged by the task of `kind`."""
    limits = Limits(pool="example", places=2, window_seconds=WEEK_SECONDS)
    task = Task(
        kind=kind,
        title="Boxes",
        headline="mean_average_precision",
        protocol=Protocol(confidence="proven", source=source),
        splits={"test": Split(title="Test", images=3, held_out=True, limits=limits)},
        categories=2,
        max_bytes=1000,
        options=dict(options),
    )
    return Challenge(
        name="example",
        version=1,
        title="Example",
        year=2014,
        description="Two categories of things in three images.",
        tasks={kind: task},
        synsets=(
            Synset(id=1, wnid="n02672831", name="accordion", height=0),
            Synset(id=2, wnid="n02691156", name="airplane", height=0),
        ),
    )


LATE = b"0.12345678901234567890123"
"""A number that the quick reader leaves to Python."""

BROKEN = (
    b"",
    b"\x89PNG",
    b"1 1 0.5 1 2 \x01 4",
    b"0 0 nan 1e999 x, ,\xe9\n\n1 2 3\r4 -1 1.5 +2",
    b"9 1 0.5 1 2 3 4\n1 0 0.5 1 2 3 4\n",
    b'{"predictions": [[1, 1, 0.5, 1, 2, 3], [1, "x", 2], [9, 1, 0.5, 1, 2, 3, 4]]}',
    b'[{"image_id": 1}]',
    b"[[1",
)
