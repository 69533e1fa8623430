"""Names in others' files and ours: there and back again."""

import pytest

from saccade.weights.renaming import Renaming

NAMES = Renaming((("body.last.", "head."), ("body.", "backbone."), ("fc.0.", "heads.0.linear.")))
TABLES = [
    pytest.param({"body.a": 1, "body.last.b": 2, "fc.0.c": 3, "d": 4}, id="all"),
    pytest.param({}, id="none"),
]


@pytest.mark.parametrize("theirs", TABLES)
def test_there_and_back(theirs: dict[str, int]) -> None:
    assert NAMES.to_theirs(NAMES.to_ours(theirs)) == theirs


def test_the_first_row_that_fits_counts() -> None:
    ours = NAMES.to_ours({"body.a": 1, "body.last.b": 2, "fc.0.c": 3, "d": 4, "anybody.e": 5})
    assert ours == {"backbone.a": 1, "head.b": 2, "heads.0.linear.c": 3, "d": 4, "anybody.e": 5}
    assert NAMES.to_ours(ours) == ours


def test_whose_names_they_are() -> None:
    assert NAMES.is_theirs(["d", "body.a"])
    assert not NAMES.is_theirs(["d", "backbone.a", "head.b"])
