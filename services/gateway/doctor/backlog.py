"""What waits: evaluations that nobody has begun, deeds of the outbox that are late, runs that are silent, dead letters."""

from datetime import timedelta

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient
from services.gateway.spans import spoken
from services.gateway.store import figures, letters

NAME = "backlog"
LONG, TOO_LONG = timedelta(minutes=10), timedelta(hours=1)
LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)
SILENT = timedelta(minutes=2)
"""A sweep looks after what is silent for 10 s, every 2 s."""

COURIER = "look whether the courier runs, and into its log"


def check_backlog(patient: Patient) -> list[Finding]:
    """Queue and outbox, by their oldest."""
    now = patient.clock()
    with patient.database() as database, database.begin() as session:
        waiting, owed = figures.waiting(session), figures.owed(session, now)
    found = []
    if waiting.oldest_queued_at is not None and now - waiting.oldest_queued_at > LONG:
        age = now - waiting.oldest_queued_at
        saw = f"{waiting.queued} evaluations wait, the oldest for {spoken(age)}"
        say = trouble if age > TOO_LONG else warning
        found.append(say(NAME, saw, "look whether scorers are alive; start more when they are busy"))
    if waiting.oldest_heard_at is not None and now - waiting.oldest_heard_at > SILENT:
        saw = f"an evaluation runs and was not heard of for {spoken(now - waiting.oldest_heard_at)}"
        found.append(trouble(NAME, saw, f"a sweep should have seen to it: {COURIER}"))
    for kind in owed:
        late = now - kind.oldest_due_at
        if late > LATE:
            saw = f"{kind.due} deeds of kind {kind.kind} are due, the oldest since {spoken(late)}"
            found.append((trouble if late > TOO_LATE else warning)(NAME, saw, COURIER))
    return found or [
        ok(NAME, f"{waiting.queued} evaluations wait, {waiting.running} run; nothing that is owed is late")
    ]


def check_letters(patient: Patient) -> list[Finding]:
    """What was given up and waits for a person."""
    with patient.database() as database, database.begin() as session:
        count = letters.count(session)
    if count:
        mend = "python -m services.gateway letters lists them; letters redrive, or letters drop"
        return [warning("letters", f"{count} deeds were given up", mend)]
    return [ok("letters", "nothing was given up")]
