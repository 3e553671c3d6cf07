"""A family is a method's name before its last `@`."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.families import Named, named, spelled

parts = st.text(min_size=1, max_size=30).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("method", "family", "revision"),
    [
        ("ResNet-50@v2", "ResNet-50", "v2"),
        ("ResNet-50", "ResNet-50", ""),
        ("timm/a@b@c", "timm/a@b", "c"),
        ("ResNet @ v2 ", "ResNet", "v2"),
        ("@v2", "@v2", ""),
        ("ResNet@", "ResNet@", ""),
        ("", "", ""),
    ],
)
def test_a_name_is_taken_apart_at_its_last_mark(method: str, family: str, revision: str) -> None:
    assert named(method) == Named(family, revision)


@given(parts, parts.filter(lambda part: "@" not in part))
def test_what_is_spelled_is_taken_apart_again(name: str, revision: str) -> None:
    assert named(spelled(name, revision)) == Named(name, revision)
    assert named(spelled(name.replace("@", "-"), "")) == Named(name.replace("@", "-"), "")
