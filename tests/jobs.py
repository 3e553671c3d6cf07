"""Jobs as the courier puts them in, for tests that never look at their file."""

from uuid import uuid4

from shared.messages import CheckJob, Job


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


def new_check_job() -> CheckJob:
    """A dry run's."""
    return CheckJob(
        check=uuid4(),
        wait_seconds=60,
        submission_key="checks/team/check",
        submission_digest="0" * 64,
        submission_bytes=1,
        definition="1" * 64,
        task="classification",
        split="test",
    )
