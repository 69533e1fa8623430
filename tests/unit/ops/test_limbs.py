"""Limbs beside slow, literal versions: of fields, of line integrals, and of putting people together."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core import BODY_25, COCO_17, COCO_18, Skeleton
from saccade.ops.joints import Joints, find_joints
from saccade.ops.limbs import LimbScores, People, assemble, limb_fields, score_limbs, unflip_fields
from tests.unit.ops.crowds import Crowd, crowd, drawn, figures

ARM = Skeleton(
    name="arm", points=("shoulder", "elbow", "wrist"), edges=(("shoulder", "elbow"), ("elbow", "wrist"))
)
ONLY_FILLS = [limb not in COCO_18.edge_indices for limb in COCO_18.limb_indices]


def literal_fields(points: Tensor, is_known: Tensor, limbs: list[tuple[int, int]], size_hw: tuple[int, int]):
    fields = np.zeros((2 * len(limbs), *size_hw))
    for index, (a, b) in enumerate(limbs):
        for i in range(size_hw[0]):
            for j in range(size_hw[1]):
                vectors = []
                for person, known in zip(points.double().numpy(), is_known, strict=True):
                    length = np.linalg.norm(person[b] - person[a])
                    if not (known[a] and known[b]) or length < 0.01:
                        continue
                    unit = (person[b] - person[a]) / length
                    at = np.array([j, i]) - person[a]
                    across = abs(at[0] * unit[1] - at[1] * unit[0])
                    if across <= 1 and -1 <= at @ unit <= length + 1:
                        vectors.append(unit)
                if vectors:
                    fields[2 * index : 2 * index + 2, i, j] = np.mean(vectors, axis=0)
    return fields


def test_fields_are_unit_vectors_in_a_band() -> None:
    points = torch.rand(4, 3, 2) * torch.tensor([14.0, 11.0]) - 1
    points[0, 1] = points[0, 0]  # no length, no direction
    points[1, 1] = points[1, 0] + 0.3  # less than a cell
    points[2:, 1] = torch.tensor([[8.0, 5.0], [2.0, 5.0]])  # crossed
    points[2:, 2] = torch.tensor([[3.0, 2.0], [7.0, 1.0]])
    is_known = torch.ones(4, 3, dtype=torch.bool)
    is_known[1, 2] = False
    made = limb_fields(points, is_known, ARM.limb_indices, (10, 12))
    expected = literal_fields(points, is_known, list(ARM.limb_indices), (10, 12))
    np.testing.assert_allclose(made, expected, atol=1e-6)
    lengths = made.unflatten(0, (2, 2)).norm(dim=1)
    assert lengths.max() <= 1 + 1e-6 and (lengths > 0).any()


def test_a_band_holds_its_border() -> None:
    points, known = torch.tensor([[[2.0, 2.0], [6.0, 2.0]]]), torch.ones(1, 2, dtype=torch.bool)
    made = limb_fields(points, known, [(0, 1)], (6, 9))
    expected = torch.zeros(2, 6, 9)
    expected[0, 1:4, 1:8] = 1
    assert torch.equal(made, expected)


def test_nobody_has_no_fields() -> None:
    nobody = limb_fields(torch.zeros(0, 3, 2), torch.zeros(0, 3, dtype=torch.bool), [(0, 1), (1, 2)], (3, 4))
    assert nobody.shape == (4, 3, 4) and not nobody.any()


def test_a_skeleton_without_limbs_has_no_fields() -> None:
    assert limb_fields(torch.rand(2, 3, 2), torch.ones(2, 3, dtype=torch.bool), [], (3, 4)).shape == (0, 3, 4)


@pytest.mark.parametrize("skeleton", [COCO_18, COCO_17, BODY_25, ARM], ids=lambda s: s.name)
def test_the_fields_of_a_mirrored_picture_are_turned_back(skeleton: Skeleton) -> None:
    size_hw, limbs, mirror = (20, 24), skeleton.limb_indices, skeleton.mirror
    points = torch.rand(2, len(skeleton), 2) * torch.tensor([23.0, 19.0])
    known = torch.ones(points.shape[:2], dtype=torch.bool)
    mirrored = points[:, list(mirror)] * torch.tensor([-1, 1]) + torch.tensor([23, 0])
    back = unflip_fields(limb_fields(mirrored, known, limbs, size_hw), limbs, mirror)
    expected = limb_fields(points, known, limbs, size_hw)
    is_twin = [(mirror[a], mirror[b]) in limbs or (mirror[b], mirror[a]) in limbs for a, b in limbs]
    channels = np.repeat(is_twin, 2)
    assert channels.any()
    # a cell exactly at the rim of a band may fall to either side
    assert ((back - expected)[channels].abs() < 1e-4).float().mean() > 0.999


def bilinear(field: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    height, width = field.shape
    x, y = x.clip(0, width - 1), y.clip(0, height - 1)
    i, j = np.floor(y).astype(int), np.floor(x).astype(int)
    below, right, v, u = np.minimum(i + 1, height - 1), np.minimum(j + 1, width - 1), y - i, x - j
    above = field[i, j] * (1 - u) + field[i, right] * u
    return above * (1 - v) + (field[below, j] * (1 - u) + field[below, right] * u) * v


def literal_score(fields: np.ndarray, limb: int, a: np.ndarray, b: np.ndarray) -> float | None:
    """The score of a pair; None where it is no limb."""
    length = float(np.hypot(*(b - a)))
    if length <= 1e-6:
        return None
    x, y = (a + np.linspace(0, 1, 10)[:, None] * (b - a)).T
    along = sum(bilinear(fields[2 * limb + axis], x, y) * (b - a)[axis] / length for axis in (0, 1))
    counting = along[along > 0.05]
    if len(counting) < 8:
        return None
    score = counting.mean() + min(0.5 * fields.shape[1] / length - 1, 0)
    return score if score > 0 else None


def literal_people(
    joints: list[np.ndarray], scores: dict[tuple[int, int, int], float], skeleton: Skeleton, fills: list[bool]
) -> list[tuple[dict[int, int], float]]:
    """People and their totals; everybody is looked through for each limb.

    Args:
        joints: (x, y, height) of each joint's candidates.
        scores: of limbs, by limb and its two candidates.
    """
    people: list[tuple[dict[int, int], float]] = []
    for limb, (a, b) in enumerate(skeleton.limb_indices):
        pairs = sorted((-score, i, j) for (index, i, j), score in scores.items() if index == limb)
        begun: set[int] = set()
        ended: set[int] = set()
        for negative, i, j in pairs:
            if i in begun or j in ended:
                continue
            begun.add(i)
            ended.add(j)
            people = with_limb(people, (a, i), (b, j), -negative, joints, fills=fills[limb])
    return people


def with_limb(
    people: list[tuple[dict[int, int], float]],
    first: tuple[int, int],
    second: tuple[int, int],
    score: float,
    joints: list[np.ndarray],
    *,
    fills: bool,
) -> list[tuple[dict[int, int], float]]:
    def has(person: dict[int, int], end: tuple[int, int]) -> bool:
        return person.get(end[0]) == end[1]

    def height(end: tuple[int, int]) -> float:
        return float(joints[end[0]][end[1], 2])

    ones = [each for each in people if has(each[0], first)]
    others = [each for each in people if has(each[0], second)]
    assert len(ones) <= 1 and len(others) <= 1, "a candidate is one person's"
    rest = [each for each in people if each not in ones + others]
    if not ones and not others:
        new = ({first[0]: first[1], second[0]: second[1]}, score + height(first) + height(second))
        return people if fills else [*people, new]
    if ones and others:
        (one, total), (other, its_total) = ones[0], others[0]
        if fills or set(one) & set(other):
            return people
        return [*rest, (one | other, total + its_total + score)]
    ((person, total),), missing = (ones, second) if ones else (others, first)
    if missing[0] in person:
        return people
    return [*rest, (person | {missing[0]: missing[1]}, total + score + height(missing))]


def check(
    given: Crowd, skeleton: Skeleton, fills: list[bool] | None = None
) -> list[tuple[dict[int, int], float]]:
    """Whether limbs and people are the literal ones; returns the people."""
    limbs = skeleton.limb_indices
    joints = find_joints(given.heats, threshold=0.1, distance=0.75)
    scored = score_limbs(given.fields, joints, limbs)
    rows = [
        torch.cat([points, heights[:, None]], dim=1)[heights > 0].double().numpy()
        for points, heights in zip(joints.points, joints.scores, strict=True)
    ]
    fields, expected = given.fields.double().numpy(), {}
    for index, (a, b) in enumerate(limbs):
        for i, begin in enumerate(rows[a]):
            for j, end in enumerate(rows[b]):
                score = literal_score(fields, index, begin[:2], end[:2])
                if score is not None:
                    expected[index, i, j] = score
    found = {tuple(at): float(scored.scores[tuple(at)]) for at in scored.is_limb.nonzero().tolist()}
    assert found.keys() == expected.keys()
    np.testing.assert_allclose(list(found.values()), [expected[at] for at in found], atol=1e-4)
    people = assemble(joints, scored, limbs, fills)
    # the literal version gets the same scores, so that a last digit does not decide between two pairs
    literal = literal_people(rows, found, skeleton, fills or [False] * len(limbs))
    as_rows = [
        ({k: c for k, c in enumerate(row) if c >= 0}, total)
        for row, total in zip(people.candidates.tolist(), people.totals.tolist(), strict=True)
    ]
    key = lambda each: sorted(each[0].items())  # noqa: E731
    for one, other in zip(sorted(as_rows, key=key), sorted(literal, key=key), strict=True):
        assert one[0] == other[0]
        assert one[1] == pytest.approx(other[1], abs=1e-4)
    return [(person, total) for person, total in as_rows]


def places(people: list[tuple[dict[int, int], float]], given: Crowd) -> list[dict[int, tuple[float, float]]]:
    joints = find_joints(given.heats, threshold=0.1, distance=0.75)
    return [{k: tuple(joints.points[k, c].tolist()) for k, c in person.items()} for person, _ in people]


@pytest.mark.parametrize("seed", range(2))
def test_random_crowds(seed: int) -> None:
    check(crowd(6, seed=seed, missing=0.15), COCO_18, ONLY_FILLS)
    check(crowd(5, seed=seed, skeleton=COCO_17), COCO_17)


def test_sixty_people() -> None:
    """A grid of them, close together: each is found whole, and the literal version finds the same."""
    rows, columns = torch.meshgrid(torch.arange(5), torch.arange(12), indexing="ij")
    at = torch.stack([columns.flatten() * 9.0 + 1.3, rows.flatten() * 13.0 + 1.7], dim=1)
    given = drawn(figures(at, torch.full((60,), 11.0), COCO_17), (68, 110), skeleton=COCO_17)
    joints = find_joints(given.heats, threshold=0.1, distance=0.75)
    people = assemble(joints, score_limbs(given.fields, joints, COCO_17.limb_indices), COCO_17.limb_indices)
    # eyes and ears of figures this small are one peak
    assert len(people.candidates) >= 60
    body = people.candidates[:, 5:]
    assert int((body >= 0).all(1).sum()) == 60
    few = Skeleton(name="shin", points=("knee", "ankle"), edges=(("knee", "ankle"),))
    legs = [COCO_17.points.index(f"left_{joint}") for joint in few.points]
    for person in check(drawn(given.points[:, legs], (68, 110), skeleton=few), few):
        assert len(person[0]) == 2


def test_crossed_limbs() -> None:
    """Two arms that cross in their middles: the field there is the mean of both, which points elsewhere."""
    given = drawn(
        torch.tensor([[[3.0, 4.0], [11.0, 12.5], [20.0, 12.0]], [[3.0, 12.0], [11.0, 3.5], [20.0, 4.0]]]),
        (17, 24),
        skeleton=ARM,
    )
    found = places(check(given, ARM), given)
    assert len(found) == 2
    for person in found:
        truth = min(given.points, key=lambda points: float((points[0] - torch.tensor(person[0])).norm()))
        np.testing.assert_allclose([person[k] for k in range(3)], truth, atol=0.13)


def test_people_who_touch() -> None:
    """The wrist of one at the shoulder of the other, and elbows side by side."""
    given = drawn(
        torch.tensor([[[3.0, 8.0], [8.0, 8.2], [13.0, 8.0]], [[13.5, 8.1], [18.0, 8.4], [23.0, 8.0]]]),
        (17, 28),
        skeleton=ARM,
    )
    found = places(check(given, ARM), given)
    assert sorted(round(person[k][0]) for person in found for k in range(3)) == [3, 8, 13, 14, 18, 23]
    assert all(a < b for person in found for a, b in pairwise(person[k][0] for k in range(3)))


def test_missing_joints_leave_parts_of_people() -> None:
    """Without an elbow nothing says whose wrist it is; without a wrist two joints are left."""
    points = torch.tensor([[[3.0, 4.0], [9.0, 4.0], [15.0, 4.0]], [[3.0, 12.0], [9.0, 12.0], [15.0, 12.0]]])
    is_known = torch.tensor([[True, False, True], [True, True, False]])
    given = drawn(points, (17, 20), is_known=is_known, skeleton=ARM)
    ((person, total),) = check(given, ARM)
    assert set(person) == {0, 1}
    assert total == pytest.approx(3, abs=0.1), "two joints and a limb, each of 1"


def test_nobody_is_found_where_nothing_is() -> None:
    empty = Crowd(torch.zeros(0), torch.zeros(0), torch.zeros(18, 8, 9), torch.zeros(38, 8, 9))
    assert check(empty, COCO_18, ONLY_FILLS) == []
    one_joint = drawn(
        torch.tensor([[[4.0, 4.0], [0, 0], [0, 0]]]),
        (8, 9),
        is_known=torch.tensor([[True, False, False]]),
        skeleton=ARM,
    )
    assert check(one_joint, ARM) == []


def given_limbs(pairs: dict[tuple[int, int, int], float], counts: tuple[int, ...], num_limbs: int):
    """Candidates of height 0.5 and limbs with such scores."""
    scores = torch.zeros(len(counts), max(counts))
    for joint, count in enumerate(counts):
        scores[joint, :count] = 0.5
    limb_scores = torch.zeros(num_limbs, max(counts), max(counts))
    for at, score in pairs.items():
        limb_scores[at] = score
    return Joints(torch.zeros(*scores.shape, 2), scores), LimbScores(limb_scores, limb_scores > 0)


LOOP = ((0, 1), (2, 3), (1, 2), (0, 3))


@pytest.mark.parametrize(
    ("pairs", "counts", "only_fills", "expected"),
    [
        ({(0, 0, 0): 0.9, (1, 0, 0): 0.9, (2, 0, 0): 0.9}, (1, 1, 1, 1), (), [[0, 0, 0, 0]]),
        (
            {(0, 0, 0): 0.9, (1, 0, 0): 0.9, (2, 0, 0): 0.9}, (1, 1, 1, 1), (2,),
            [[0, 0, -1, -1], [-1, -1, 0, 0]],
        ),
        ({(0, 0, 0): 0.9, (3, 0, 0): 0.9}, (1, 1, 1, 1), (3,), [[0, 0, -1, 0]]),
        ({(3, 0, 0): 0.9}, (1, 1, 1, 1), (3,), []),
        (
            {(0, 0, 0): 0.9, (1, 0, 0): 0.9, (2, 0, 0): 0.9, (3, 0, 1): 0.9}, (1, 1, 1, 2), (),
            [[0, 0, 0, 0]],
        ),
        (
            {(0, 0, 0): 0.5, (0, 0, 1): 0.9, (0, 1, 1): 0.8, (0, 1, 0): 0.4}, (2, 2, 1, 1), (),
            [[0, 1, -1, -1], [1, 0, -1, -1]],
        ),
        (
            {(0, 0, 0): 0.9, (1, 0, 0): 0.9, (0, 1, 1): 0.9, (2, 0, 0): 0.9, (3, 1, 0): 0.9}, (2, 2, 1, 1),
            (), [[0, 0, 0, 0], [1, 1, -1, -1]],
        ),
    ],
    ids=[
        "two parts with a limb between them are joined",
        "but not by a limb that only fills",
        "which gives a missing joint",
        "and begins nobody",
        "a joint that somebody has already is not given again",
        "the best pair is taken, then the best of the rest",
        "whoever shares a joint with another does not get another's",
    ],
)  # fmt: skip
def test_how_people_grow(
    pairs: dict[tuple[int, int, int], float],
    counts: tuple[int, ...],
    only_fills: tuple[int, ...],
    expected: list[list[int]],
) -> None:
    joints, scores = given_limbs(pairs, counts, len(LOOP))
    people = assemble(joints, scores, LOOP, [limb in only_fills for limb in range(len(LOOP))])
    assert sorted(people.candidates.tolist()) == sorted(expected)
    for row, total in zip(people.candidates, people.totals, strict=True):
        assert total > 0.5 * float((row >= 0).sum())


def test_lines_longer_than_half_of_the_picture_are_less_likely() -> None:
    given = drawn(torch.tensor([[[2.0, 5.0], [30.0, 5.0], [38.0, 5.0]]]), (10, 40), skeleton=ARM)
    joints = find_joints(given.heats, threshold=0.1)
    free = score_limbs(given.fields, joints, ARM.limb_indices, penalises_length=False)
    bound = score_limbs(given.fields, joints, ARM.limb_indices)
    cost = (free.scores - bound.scores)[:, 0, 0].tolist()
    assert cost == pytest.approx([1 - 0.5 * 10 / 28, 1 - 0.5 * 10 / 8], abs=0.02)


def test_joints_in_the_same_place_are_no_limb() -> None:
    same = torch.zeros(2, 1, 2)
    scored = score_limbs(torch.ones(2, 4, 4), Joints(same, torch.ones(2, 1)), [(0, 1)])
    assert not scored.is_limb.any() and scored.scores.isfinite().all()
    assert not math.isnan(float(scored.scores[0, 0, 0]))


@pytest.mark.parametrize("missing", [0, 1])
def test_rows_that_are_filled_up_are_no_candidates(missing: int) -> None:
    points = torch.tensor([[[1.0, 1.0]], [[3.0, 1.0]]])
    heights = torch.ones(2, 1)
    fields = torch.stack([torch.ones(4, 5), torch.zeros(4, 5)])
    assert score_limbs(fields, Joints(points, heights), [(0, 1)], penalises_length=False).is_limb.all()
    heights[missing] = 0
    assert not score_limbs(fields, Joints(points, heights), [(0, 1)], penalises_length=False).is_limb.any()


def test_the_number_of_joints_of_people() -> None:
    people = People(torch.tensor([[0, -1, 2], [-1, -1, 0]]), torch.ones(2))
    assert people.num_joints.tolist() == [2, 1]


@pytest.mark.parametrize("size_hw", [(1, 8), (8, 1)])
def test_maps_of_a_single_row_or_column_have_limbs(size_hw: tuple[int, int]) -> None:
    along = int(size_hw[0] > 1)
    fields = torch.zeros(2, *size_hw)
    fields[along] = 1
    points = torch.zeros(2, 1, 2)
    points[1, 0, along] = 5
    found = score_limbs(fields, Joints(points, torch.ones(2, 1)), [(0, 1)], penalises_length=False)
    assert found.scores.tolist() == [[[1.0]]]
    assert found.is_limb.all()
