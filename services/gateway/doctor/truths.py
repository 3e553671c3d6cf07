"""Published challenges: whether their definitions and truths are in S3. Only the operator's key may look."""

from services.gateway.doctor.findings import Finding, ok, skipped, trouble
from services.gateway.doctor.patient import Patient, Untold
from services.gateway.store import challenges
from shared import keys

NAME = "truths"


def check_truths(patient: Patient) -> list[Finding]:
    """Every truth of the newest version of every challenge."""
    with patient.database() as database, database.begin() as session:
        published = challenges.all_newest(session)
    try:
        with patient.operator() as storage:
            missing = [
                f"{edition.challenge.name} version {edition.challenge.version}: {what}"
                for edition in published
                for what, key in _objects(edition).items()
                if not storage.exists(keys.GROUND_TRUTH, key)
            ]
    except Untold:
        return [skipped(NAME, "only the operator's key may look, and its settings are not here")]
    if missing:
        mend = "publish it again with the same files, or restore the bucket ground-truth from the backup"
        return [trouble(NAME, f"not in S3: {what}", mend) for what in missing]
    truths = sum(len(edition.truths) for edition in published)
    return [ok(NAME, f"{len(published)} challenges with {truths} truths are in S3")]


def _objects(edition: challenges.Published) -> dict[str, str]:
    truths = {f"the truth of {'/'.join(place)}": keys.truth_key(digest) for place, digest in edition.truths.items()}
    return {"the definition": keys.definition_key(edition.digest)} | truths
