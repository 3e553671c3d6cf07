"""One loop and one set of array operations find the same numbers in any bytes: the first runs where it is compiled."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.blocks import PAD
from services.scorer.formats.token_arrays import scan_in_arrays
from services.scorer.formats.tokens import LARGEST, tokenize

ALPHABETS = ("0123456789 \n", "0123456789012345678901234567890123456789\n", "00 9\n\t,\r-ab")
LINES = st.sampled_from(ALPHABETS).flatmap(lambda alphabet: st.text(alphabet, max_size=60))


@given(text=LINES, stop=st.sampled_from(("\n", "", " 12")))
def test_the_compiled_loop_finds_what_array_operations_find(text: str, stop: str) -> None:
    block = np.frombuffer(("\n" * PAD + text + stop).encode(), np.uint8).copy()
    found = tokenize(block)
    values, last, lengths, too_large, plain = scan_in_arrays(block, LARGEST)
    assert found.values.tolist() == values.tolist()
    assert found.last.tolist() == last.tolist()
    assert found.lengths.tolist() == lengths.tolist()
    assert found.too_large.tolist() == too_large.tolist()
    assert found.plain == plain
