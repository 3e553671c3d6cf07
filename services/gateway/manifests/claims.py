"""Whether a score is what was claimed: in decimal arithmetic, by the claim's own decimals. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from shared.errors import Refused

_EXACT = Context(prec=100)
"""More digits than a claim (up to 40) and a score (17) can have between them: nothing is rounded."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim beside its score: `difference` is score minus claim. All None where there is no such score."""

    claimed: float
    score: float | None
    difference: float | None
    reproduced: bool | None


def judge(claimed: str, score: float, tolerance: str | None = None) -> Judged:
    """Whether `score`, rounded to the decimals that the claim is written with, is the claim, or within `tolerance` of it.

    A score half-way between two numbers of so many decimals is either: people round them up, programs often to even.
    """
    claim = Decimal(claimed)
    difference = _EXACT.subtract(Decimal(repr(score)), claim)
    allowed = max(_half_a_unit(claim), Decimal(tolerance or 0))
    return Judged(float(claim), score, float(difference), abs(difference) <= allowed)


def unscored(claimed: str) -> Judged:
    """A claim that nothing can be said of yet."""
    return Judged(float(Decimal(claimed)), None, None, None)


def unreported(metric: str, metrics: Mapping[str, float]) -> Refused:
    """The refusal of a claim about a metric that the task does not report."""
    return Refused(
        "claim-unknown-metric",
        f"the task reports no metric {metric!r}, so the claim cannot be judged",
        f"it reports: {', '.join(sorted(metrics))}",
    )


def _half_a_unit(claim: Decimal) -> Decimal:
    exponent = claim.as_tuple().exponent
    assert isinstance(exponent, int), "claims are finite"
    return Decimal(5).scaleb(exponent - 1, _EXACT)
