"""What several tests of the examples predict."""

from pathlib import Path

import pytest

from tests.examples.pictures import paint


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of six pictures."""
    return paint(tmp_path_factory.mktemp("pictures"))
