"""The practice task, as the API's examples use it: sent unchanged, they are scored. deploy/challenges/practice defines it.

A test holds the two together. The example is good and not perfect: one image of ten is missed (top_5_error 0.1).
"""

CHALLENGE, TASK, SPLIT = "practice", "classification", "practice"

PREDICTIONS: dict[str, list[int]] = {
    "practice_00000001": [9, 10, 8, 13, 18],
    "practice_00000002": [7, 6, 20, 15, 4],
    "practice_00000003": [3, 14, 16, 2, 17],
    "practice_00000004": [9, 10, 18, 8, 13],
    "practice_00000005": [20, 6, 7, 1, 15],
    "practice_00000006": [12, 5, 18, 10, 9],
    "practice_00000007": [14, 2, 3, 17, 19],
    "practice_00000008": [13, 8, 11, 9, 18],
    "practice_00000009": [1, 20, 6, 7, 4],
    "practice_00000010": [14, 16, 2, 19, 3],
}
"""Five guesses for each of the ten images, by name."""

FILE = "".join(" ".join(map(str, guesses)) + "\n" for guesses in PREDICTIONS.values())
"""The same as a text file: a line for each image, in the order of their names."""

SAMPLE = "".join(FILE.splitlines(keepends=True)[:3])
