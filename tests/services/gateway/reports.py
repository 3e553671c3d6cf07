"""Reports as a scorer would write them."""

from shared.challenge import Protocol
from shared.report import Failure, FaultLine, Interval, Note, Provenance, Report
from shared.version import VERSION

_PROVENANCE = Provenance(scorer=VERSION, definition="0" * 64, truth="1" * 64, submission="2" * 64)
_PROTOCOL = Protocol(confidence="proven", source="tests")


def _report(outcome: str, **content: object) -> Report:
    return Report.model_validate(
        {
            "outcome": outcome,
            "challenge": "tiny",
            "version": 1,
            "task": "classification",
            "split": "test",
            "protocol": _PROTOCOL,
            "headline": "top_5_error",
            "provenance": _PROVENANCE,
            **content,
        }
    )


def scored(error: float = 0.25, margin: float = 0.1) -> Report:
    """A score with an interval of `margin` on both sides."""
    ends = {level: Interval(low=error - margin, high=error + margin) for level in ("95", "99.9")}
    return _report("scored", metrics={"top_1_error": 1.0, "top_5_error": error}, intervals={"top_5_error": ends})


def at_chance(split: str = "test") -> Report:
    """A score as blind guesses have it."""
    note = Note(code="chance-level", sentence="The score is at chance level.", count=4)
    return scored(0.995, margin=0.005).model_copy(update={"notes": (note,), "split": split})


def rejected() -> Report:
    """A file with a fault in its second line."""
    fault = FaultLine(code="blank-line", sentence="line 2 is blank", remedy="write 0", line=2, column=1)
    failure = Failure(code="predictions-unreadable", sentence="1 line cannot be read", remedy="mend it")
    return _report("rejected", failure=failure, faults=(fault,), fault_count=1)


def failed() -> Report:
    """Our failure."""
    return _report("failed", failure=Failure(code="scorers-died", sentence="three scorers died over this file"))
