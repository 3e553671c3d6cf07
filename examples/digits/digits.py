# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scikit-learn>=1.6"]
# ///
"""Both sides of a small real contest: the organiser's truth, and a participant's model, which is trained here in a second.

    python digits.py truth > truth.txt
    python digits.py predict > predictions.txt
    python client.py submit predictions.txt --challenge digits --task classification --split test

The images are scikit-learn's handwritten digits. The participant sees the labels of the first 1,000 only.
"""

import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.svm import SVC

TRAINING = 1000
GUESSES = 3


def main() -> None:
    """Print the truth, or predictions: a line for each image of the test set, in their order."""
    digits = load_digits()
    images, labels = digits.images.reshape(len(digits.images), -1), digits.target
    if sys.argv[1:] == ["truth"]:
        # Ids of categories count from 1.
        rows = labels[TRAINING:, np.newaxis] + 1
    elif sys.argv[1:] == ["predict"]:
        model = SVC(gamma=0.001).fit(images[:TRAINING], labels[:TRAINING])
        scores = model.decision_function(images[TRAINING:])
        rows = np.argsort(-scores, axis=1)[:, :GUESSES] + 1
    else:
        raise SystemExit("say truth or predict")
    np.savetxt(sys.stdout, rows, fmt="%d")


if __name__ == "__main__":
    main()
