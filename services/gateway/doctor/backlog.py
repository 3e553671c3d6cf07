"""What waits, by its oldest: evaluations, deeds of the outbox, silent runs; beside it what was given up and what was lost."""

from datetime import timedelta

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient
from services.gateway.spans import spoken
from services.gateway.store import figures, letters, losses

NAME = "backlog"
LONG, TOO_LONG = timedelta(minutes=10), timedelta(hours=1)
LATE, TOO_LATE = timedelta(minutes=1), timedelta(minutes=10)
SILENT = timedelta(minutes=2)
"""A sweep looks after what is silent for 10 s, every 2 s."""

SHOWN = 20
LOSSES = {
    "differs": "S3 has lost its report, and what was made anew is another one, as by another version of the scorer",
    "lost": "S3 has lost the file that it judged, which nothing makes anew",
}
FROM_BACKUP = "put the object back from a backup; within a minute it is seen, and this goes away"

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


def check_losses(patient: Patient) -> list[Finding]:
    """What S3 has lost, and whether it is being made anew."""
    with patient.database() as database, database.begin() as session:
        counts, some = losses.counts(session), losses.some(session, SHOWN)
    found = []
    if awaited := counts.get("awaited"):
        saw = f"S3 has lost {awaited} reports, which are being made anew"
        found.append(warning("losses", saw, "look whether scorers are alive; see why the storage loses what it took"))
    for row in some:
        say = trouble if row.state == "lost" else warning
        found.append(say("losses", f"evaluation {row.evaluation_id}: {LOSSES[row.state]}", FROM_BACKUP))
    return found or [ok("losses", "S3 has lost nothing that is known")]


def check_letters(patient: Patient) -> list[Finding]:
    """What was given up and waits for a person."""
    with patient.database() as database, database.begin() as session:
        count = letters.count(session)
    if count:
        mend = "python -m services.gateway letters lists them; letters redrive, or letters drop"
        return [warning("letters", f"{count} deeds were given up", mend)]
    return [ok("letters", "nothing was given up")]
