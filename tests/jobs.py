"""A job as the courier puts it in, for tests that never look at its file."""

from uuid import uuid4

from shared.messages import Job


def new_job() -> Job:
    """One of its own each time."""
    return Job(
        evaluation=uuid4(),
        attempt=1,
        submission_key="team/submission",
        submission_digest="0" * 64,
        submission_bytes=1,
        definition="1" * 64,
        truth="2" * 64,
        task="classification",
        split="test",
    )
