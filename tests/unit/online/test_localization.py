"""Localization: every row of the decision table, on score maps drawn by hand."""

import pytest
import torch
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.online.localization import (
    FOUND,
    HARD_NEGATIVE,
    MISSING,
    UNSURE,
    Localization,
    Peak,
    ScoreMaps,
    best_scale,
    localize,
)
from saccade.ops.crops import CropView

CELLS, CELL = 19, 16.0
MIDDLE = (9, 9)
SIZE = torch.tensor([[32.0, 32.0]])
"""frame pixels; the neighbourhood of a peak is then 4.4 x 4.4 cells at scale 1"""


def score_map(**peaks: tuple[tuple[int, int], float]) -> Tensor:
    """A map (1, 1, 19, 19) of zeros with single cells (x, y) of some height."""
    scores = torch.zeros(1, 1, CELLS, CELLS)
    for (x, y), height in peaks.values():
        scores[0, 0, y, x] = height
    return scores


def found(
    scores: Tensor,
    config: Localization | None = None,
    *,
    centre: tuple[float, float] = (100.0, 80.0),
    scale: float = 1.0,
    window: Tensor | None = None,
) -> Peak:
    """Localizes a target whose search region has its middle at (100, 80)."""
    config = config or Localization()
    window = torch.ones(CELLS, CELLS) if window is None else window
    maps = ScoreMaps(scores, CELL, (9.0, 9.0), window)
    view = CropView(torch.tensor([[100.0, 80.0]]), torch.tensor([scale]), (288, 288))
    return localize(maps, best_scale(maps, config), view, torch.tensor([centre]), SIZE, config)


NEAR, FAR, FAR_TOO = (10, 8), (17, 9), (1, 9)
"""cells: within 0.8 x 19 / 2 = 7.6 of the middle; beyond, on either side"""


@pytest.mark.parametrize(
    ("peaks", "finding", "place"),
    [
        pytest.param({"a": (NEAR, 0.9)}, FOUND, NEAR, id="one peak"),
        pytest.param({"a": (NEAR, 0.24)}, MISSING, NEAR, id="a low one"),
        pytest.param({"a": (NEAR, 0.9), "b": (FAR, 0.4)}, FOUND, NEAR, id="a small second"),
        pytest.param({"a": (NEAR, 0.9), "b": (FAR, 0.5)}, HARD_NEGATIVE, NEAR, id="a contesting second"),
        pytest.param({"a": (NEAR, 0.4), "b": (FAR, 0.24)}, FOUND, NEAR, id="a second below the threshold"),
        pytest.param({"a": (NEAR, 0.9), "b": (FAR, 0.8)}, HARD_NEGATIVE, NEAR, id="a far distractor"),
        pytest.param({"a": (FAR, 0.9), "b": (NEAR, 0.8)}, HARD_NEGATIVE, NEAR, id="the distractor is higher"),
        pytest.param({"a": (FAR, 0.9), "b": (FAR_TOO, 0.8)}, UNSURE, FAR, id="two far peaks"),
        pytest.param({"a": (NEAR, 0.9), "b": ((4, 9), 0.8)}, UNSURE, NEAR, id="two near peaks"),
        pytest.param({"a": (FAR, 0.2), "b": (NEAR, 0.19)}, MISSING, FAR, id="two low peaks"),
        pytest.param({"a": (NEAR, 0.9), "b": ((12, 8), 0.8)}, FOUND, NEAR, id="the first one's shoulder"),
        pytest.param({"a": (NEAR, 0.9), "b": ((13, 8), 0.8)}, UNSURE, NEAR, id="just beyond the shoulder"),
    ],
)
def test_the_decision_table(peaks, finding, place):
    peak = found(score_map(**peaks))
    assert peak.finding.tolist() == [finding]
    assert peak.displacement.tolist() == [[CELL * (place[0] - 9), CELL * (place[1] - 9)]]
    assert peak.score.item() == pytest.approx(max(height for _, height in peaks.values()))


def test_a_map_that_is_not_a_number_shows_nothing():
    one = score_map(a=(NEAR, 0.9)).masked_fill(score_map(a=(FAR, 1.0)) > 0, torch.nan)
    for scores in (one, torch.full_like(one, torch.nan)):
        peak = found(scores, Localization(lost_below=-1.0))
        assert peak.finding.tolist() == [MISSING]
        assert peak.score.tolist() == [0]


def test_what_is_near_is_near_the_last_position():
    peaks = {"a": (FAR, 0.9), "b": (FAR_TOO, 0.8)}
    # 4 cells of 16 pixels at scale 1.5 to the right of the middle, where the first peak is near
    peak = found(score_map(**peaks), centre=(100 + 4 * CELL * 1.5, 80.0), scale=1.5)
    assert peak.finding.tolist() == [HARD_NEGATIVE]
    assert peak.displacement.tolist() == [[CELL * 8, 0.0]]
    config = Localization(expects="region_middle")
    assert found(score_map(**peaks), config, centre=(196.0, 80.0), scale=1.5).finding.tolist() == [UNSURE]


def test_the_neighbourhood_has_the_size_of_the_target_in_cells():
    beside = score_map(a=(NEAR, 0.9), b=((13, 8), 0.8))
    assert found(beside).finding.tolist() == [UNSURE]
    # seen at half the scale, the target covers twice as many cells
    assert found(beside, scale=0.5).finding.tolist() == [FOUND]


def test_a_window_on_the_first_peak_leaves_the_second_and_the_score_alone():
    window = torch.ones(CELLS, CELLS)
    window[9, FAR[0]] = 0.1
    scores = score_map(a=(NEAR, 0.6), b=(FAR, 0.9))
    for kind, finding, score in (
        ("none", HARD_NEGATIVE, 0.9),
        ("first_peak", HARD_NEGATIVE, 0.9),
        ("scores", FOUND, 0.6),
    ):
        config = Localization(window=kind, distractor_ratio=100.0)
        peak = found(scores, config, window=window)
        assert peak.finding.tolist() == [finding], kind
        assert peak.score.item() == pytest.approx(score), kind
    assert found(scores, Localization(window="first_peak"), window=window).displacement.tolist() == [
        [CELL * (NEAR[0] - 9), CELL * (NEAR[1] - 9)]
    ]


def test_the_scale_with_the_highest_peak_is_taken_target_by_target():
    low, high = score_map(a=(NEAR, 0.5)), score_map(a=((7, 7), 0.8))
    scores = torch.cat([torch.cat([low, high], dim=1), torch.cat([high, low], dim=1)])
    maps = ScoreMaps(scores, CELL, (9.0, 9.0), torch.ones(CELLS, CELLS))
    config = Localization()
    index = best_scale(maps, config)
    assert index.tolist() == [1, 0]
    view = CropView(torch.zeros(2, 2), torch.ones(2), (288, 288))
    peak = localize(maps, index, view, torch.zeros(2, 2), SIZE.repeat(2, 1), config)
    assert peak.displacement.tolist() == [[-32.0, -32.0]] * 2
    assert peak.score.tolist() == pytest.approx([0.8, 0.8])


def test_a_neighbourhood_without_extent_is_refused():
    with pytest.raises(ConfigError, match=r"neighborhood is 0\.0"):
        Localization(neighborhood=0.0)
