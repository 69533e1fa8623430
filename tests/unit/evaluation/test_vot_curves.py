"""Pieces of VOT's runs, averaged up to every length, by hand."""

import numpy as np
import pytest

from saccade.evaluation.metrics.vot_curves import Fragment, fragment_means

LASTED = Fragment(np.array([0.9, 0.6, 0.2]), weight=1.0, has_failed=False)
FAILED = Fragment(np.array([0.8, 0.6, 0.2]), weight=1.0, has_failed=True)


@pytest.mark.parametrize(
    ("fragment", "short_by", "means", "counts"),
    [
        pytest.param(LASTED, 0, [0.9, 0.6, 0.4, 0, 0], [1, 1, 1, 0, 0], id="no more than it lasted"),
        pytest.param(
            Fragment(LASTED.overlaps[:1], 1.0, False), 0, [0.9, 0, 0, 0, 0], [1, 0, 0, 0, 0], id="start"
        ),
        pytest.param(FAILED, 0, [0.8, 0.6, 0.4, 0.8 / 3, 0.8 / 4], [1] * 5, id="goes on with nothing"),
        pytest.param(FAILED, 1, [0.8, 0.6, 0.4, 0.8 / 2, 0.8 / 3], [1] * 5, id="a frame less"),
    ],
)
def test_the_mean_up_to_a_length_leaves_out_the_start(
    fragment: Fragment, short_by: int, means: list[float], counts: list[int]
) -> None:
    found, there = fragment_means([fragment], 5, short_by=short_by)
    assert found[0] == pytest.approx(means)
    assert there[0].astype(int).tolist() == counts


def test_what_lies_beyond_the_length_does_not_matter() -> None:
    found, there = fragment_means([LASTED, FAILED], 2)
    assert found == pytest.approx(np.array([[0.9, 0.6], [0.8, 0.6]]))
    assert there.all()
