"""Simulated contestants: predictions on the real labels with the published errors of the ILSVRC winners.

Nobody's real predictions. A wrong image gets five near relatives of the right category, a right one gets it among its
five guesses; everything is drawn from a seed.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from services.scorer.metrics.hierarchy import cost_matrix
from shared.challenge import read_synsets

SYNSETS = Path(__file__).parents[1] / "challenges" / "ilsvrc2012" / "synsets.tsv"
GUESSES = 5
RELATIVES = 10
"""Mistakes are drawn from so many nearest categories."""

Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contestant:
    """A winner, by its published top-5 error."""

    team: str
    year: int
    top_5_error: float


WINNERS = (
    Contestant("NEC-UIUC", 2010, 0.282),
    Contestant("XRCE", 2011, 0.258),
    Contestant("SuperVision", 2012, 0.153),
    Contestant("Clarifai", 2013, 0.112),
    Contestant("GoogLeNet", 2014, 0.067),
    Contestant("MSRA", 2015, 0.036),
    Contestant("Trimps-Soushen", 2016, 0.030),
    Contestant("WMW", 2017, 0.023),
)


class Simulator:
    """Draws submissions for one set of true labels."""

    def __init__(self, labels: bytes) -> None:
        """`labels`: one ILSVRC2012_ID per line."""
        self._truth: Labels = np.array(labels.split(), dtype=np.int64)
        categories = int(self._truth.max())
        costs = cost_matrix(read_synsets(SYNSETS), categories)
        # The nearest by height of the lowest common ancestor; itself (cost 0) comes first and is left out.
        self._near: Labels = np.argsort(costs[1:, 1:], axis=1, kind="stable")[:, 1 : RELATIVES + 1] + 1

    def predictions(self, top_5_error: float, seed: int) -> bytes:
        """A file whose top-5 error is `top_5_error`, to the nearest image."""
        rng = np.random.default_rng(seed)
        images = len(self._truth)
        relatives = rng.permuted(self._near[self._truth - 1], axis=1)[:, :GUESSES]
        right = rng.permutation(images) >= round(top_5_error * images)
        # Most right images are right at the first guess, as with real models.
        places = np.minimum(rng.geometric(0.75, images) - 1, GUESSES - 1)
        relatives[right, places[right]] = self._truth[right]
        return "".join(f"{' '.join(map(str, row))}\n" for row in relatives.tolist()).encode()
