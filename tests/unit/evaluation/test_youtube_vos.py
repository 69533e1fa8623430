"""YouTube-VOS' four means, by hand."""

import numpy as np
import pytest

from saccade.data.splits import read_text_list
from saccade.evaluation.metrics.davis import ObjectScores
from saccade.evaluation.metrics.youtube_vos import score_seen_unseen


def scored(j: float, f: float) -> ObjectScores:
    return ObjectScores(np.array([j, j]), np.array([f, f]))


def test_objects_weigh_the_same_and_so_do_the_four() -> None:
    scores = score_seen_unseen(
        [(scored(0.8, 0.9), True), (scored(0.6, 0.5), True), (scored(0.4, 0.2), False)],
    )
    assert (scores.j_seen, scores.f_seen) == pytest.approx((0.7, 0.7))
    assert (scores.j_unseen, scores.f_unseen) == pytest.approx((0.4, 0.2))
    assert scores.overall == pytest.approx(0.5)


def test_sixty_five_categories_are_seen() -> None:
    names = read_text_list("youtubevos_categories")
    assert len(set(names)) == len(names) == 65


def test_without_unseen_categories_there_is_no_overall() -> None:
    scores = score_seen_unseen([(scored(1.0, 1.0), True)])
    assert scores.j_seen == 1.0
    assert np.isnan(scores.overall)
    with pytest.raises(ValueError, match="no objects"):
        score_seen_unseen([])
