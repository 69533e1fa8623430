"""OKS and what follows from it, beside loops over its formula."""

import math

import numpy as np
import pytest

from saccade.core import COCO_17
from saccade.ops.key_points import FALLBACK_SIGMA, oks, oks_nms, rescore, sigmas_or_fallback

SIGMAS = COCO_17.sigmas


def people(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 100, (count, 17, 2))


def literal_oks(a: np.ndarray, b: np.ndarray, area: float, known: np.ndarray) -> float:
    terms = []
    for k in range(17):
        if known[k]:
            squares = (a[k, 0] - b[k, 0]) ** 2 + (a[k, 1] - b[k, 1]) ** 2
            terms.append(math.exp(-squares / (2 * area * (2 * SIGMAS[k]) ** 2)))
    return sum(terms) / len(terms) if terms else 0.0


def test_oks_is_its_formula() -> None:
    found, truth = people(4), people(3, seed=1)
    truth[0] = found[1] + 2
    areas = np.random.default_rng(2).uniform(100, 5000, (4, 3))
    is_known = np.random.default_rng(3).random((3, 17)) > 0.4
    is_known[2] = False
    expected = [
        [literal_oks(found[i], truth[j], areas[i, j], is_known[j]) for j in range(3)] for i in range(4)
    ]
    np.testing.assert_allclose(oks(found, truth, areas, SIGMAS, is_known=is_known), expected, atol=1e-12)
    assert expected[1][0] > 0.1 and expected[0][2] == 0


def test_coco_has_the_same_oks() -> None:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    found, truth = people(1)[0], people(1)[0] + np.random.default_rng(1).normal(0, 3, (17, 2))
    visible = np.random.default_rng(2).integers(0, 3, 17)
    given = COCO()
    given.dataset = {
        "images": [{"id": 1}],
        "categories": [{"id": 1}],
        "annotations": [
            {
                "id": 1, "image_id": 1, "category_id": 1, "area": 900.0, "bbox": [0, 0, 30, 30], "iscrowd": 0,
                "num_keypoints": int((visible > 0).sum()),
                "keypoints": np.column_stack([truth, visible]).ravel().tolist(),
            }
        ],
    }  # fmt: skip
    given.createIndex()
    row = np.column_stack([found, np.ones(17)]).ravel().tolist()
    results = given.loadRes([{"image_id": 1, "category_id": 1, "keypoints": row, "score": 1.0}])
    judge = COCOeval(given, results, "keypoints")
    judge.evaluate()
    mine = oks(found[None], truth[None], np.array([[900.0]]), SIGMAS, is_known=visible[None] > 0)
    assert mine[0, 0] == pytest.approx(judge.ious[1, 1][0, 0], abs=1e-6)


def test_one_point_that_counts_is_all_that_counts() -> None:
    one = people(1)
    is_known = np.zeros((1, 17), bool)
    is_known[0, 3] = True
    assert oks(one, one, np.array([[900.0]]), SIGMAS, is_known=is_known) == [[1.0]]


def test_without_sigmas_all_points_have_the_same() -> None:
    found, truth = people(2), people(3, seed=1)
    areas = np.full((2, 3), 900.0)
    np.testing.assert_array_equal(
        oks(found, truth, areas, ()), oks(found, truth, areas, [FALLBACK_SIGMA] * 17)
    )


def literal_nms(points: np.ndarray, areas: np.ndarray, threshold: float) -> list[int]:
    left = []
    for row in range(len(points)):
        known = np.ones(17, bool)
        same = (literal_oks(points[row], points[k], (areas[row] + areas[k]) / 2, known) for k in left)
        if all(value <= threshold for value in same):
            left.append(row)
    return left


def test_the_worse_of_two_who_are_the_same_is_left_out() -> None:
    first = people(12)
    # a chain, in which each is like the next, but the first not like the third
    chain = np.concatenate([first, first + 2, first + 4])
    areas = np.full(len(chain), 900.0)
    for threshold in (0.3, 0.5, 0.9):
        left = oks_nms(chain, areas, SIGMAS, threshold=threshold)
        assert left.tolist() == literal_nms(chain, areas, threshold)
    assert 12 < len(oks_nms(chain, areas, SIGMAS, threshold=0.5)) < 36


def test_nobody_is_more_alike_than_the_same() -> None:
    twins = np.repeat(people(1), 2, axis=0)
    assert oks_nms(twins, np.full(2, 900.0), SIGMAS, threshold=1.0).tolist() == [0, 1]
    assert oks_nms(twins, np.full(2, 900.0), SIGMAS, threshold=0.99).tolist() == [0]


def test_nobody_is_nobody() -> None:
    assert not len(oks_nms(people(0), np.zeros(0), SIGMAS, threshold=0.9))
    assert oks(people(0), people(3), np.zeros((0, 3)), SIGMAS).shape == (0, 3)
    assert rescore(np.zeros(0), np.zeros((0, 17)), threshold=0.2).shape == (0,)


def test_people_without_area_are_like_those_in_the_same_place() -> None:
    same = np.concatenate([people(1), people(1), people(1) + 0.1])
    np.testing.assert_allclose(oks(same, same[:1], np.zeros((3, 1)), SIGMAS)[:, 0], [1, 1, 0])


def test_skeletons_without_sigmas_have_one_for_all() -> None:
    assert set(sigmas_or_fallback((), 5).tolist()) == {FALLBACK_SIGMA}
    assert pytest.approx(np.mean(SIGMAS), abs=0.004) == FALLBACK_SIGMA
    assert sigmas_or_fallback(SIGMAS, 17).tolist() == list(SIGMAS)


def test_scores_are_those_of_boxes_times_the_mean_of_sure_points() -> None:
    points = np.array([[0.1, 0.5, 0.9], [0.2, 0.1, 0.0], [1.0, 1.0, 1.0]])
    scores = rescore(np.array([0.5, 0.9, 0.8]), points, threshold=0.2)
    np.testing.assert_allclose(scores, [0.5 * 0.7, 0, 0.8])
    np.testing.assert_allclose(rescore(np.array([0.5]), points[:1], threshold=0.5), [0.5 * 0.9])
