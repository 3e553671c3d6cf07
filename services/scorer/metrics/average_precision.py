"""Average precision: the area under the interpolated precision–recall curve (VOCap.m of the kits, VOC 2010's style).

The curve steps at hits only, and a hit raises precision: so the greatest precision at or after any point stands at a hit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.metrics.matching import EXCLUDED, HIT, Outcomes

Decimals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Area:
    """average_precision: None where there is nothing to be found. recall, precision: (points,), one for each hit, and
    one for the last detection if it is none.
    """

    average_precision: float | None
    recall: Decimals
    precision: Decimals


_NOTHING = np.empty(0)


def area(outcomes: Outcomes, positives: int) -> Area:
    """Of one category's detections, ranked. Without a detection it is 0, even where there is nothing to be found.

    Excluded ones count neither way; official precision is 0/0 where only such precede, and passed over.
    """
    if not len(outcomes):
        return Area(0.0, _NOTHING, _NOTHING)
    if not positives:
        return Area(None, _NOTHING, _NOTHING)
    judged = outcomes[outcomes != EXCLUDED]
    places = np.flatnonzero(judged == HIT)
    hits = np.arange(1, len(places) + 1)
    precision, recall = hits / (places + 1), hits / positives
    highest = np.maximum.accumulate(precision[::-1])[::-1]
    average = float(np.diff(recall, prepend=0.0) @ highest)
    if len(judged) and judged[-1] != HIT:
        recall = np.append(recall, len(places) / positives)
        precision = np.append(precision, len(places) / len(judged))
    return Area(average, recall, precision)
