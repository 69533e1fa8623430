"""Part affinity fields (PAFs), by which joints become people: Cao et al., arXiv 1611.08050 and 1812.08008.

Each limb of a skeleton has a field of vectors, which point from its first joint to its second where the limb
is, and are 0 elsewhere. Points are (x, y) in cells: the middle of a map's first cell is (0, 0).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from saccade.ops.joints import Joints

Limbs = Sequence[tuple[int, int]]
"""(from, to) of each limb, as indices of joints"""
_POINTS = 10
"""of a line between two joints at which the field is read"""


def limb_fields(
    points: Float[Tensor, "N K 2"],
    is_known: Bool[Tensor, "N K"],
    limbs: Limbs,
    size_hw: tuple[int, int],
    *,
    half_width: float = 1.0,
) -> Float[Tensor, "C h w"]:
    """The fields that a network learns: unit vectors along each limb of everybody, 0 elsewhere.

    Where limbs of several people overlap, the field is their mean (eq. 9 of the first paper). A limb whose
    ends are less than a hundredth of a cell apart has no direction, and no field.

    Args:
        is_known: which of the joints are there; limbs need both of theirs.
        half_width: cells up to which the field reaches on either side of a limb and beyond its ends.

    Returns:
        x and y of the first limb, then of the next.
    """
    height, width = size_hw
    if not len(points) or not limbs:
        return points.new_zeros(2 * len(limbs), height, width)
    first, second = (torch.tensor(ends, device=points.device) for ends in zip(*limbs, strict=True))
    begins, ends = points[:, first], points[:, second]
    lengths = (ends - begins).norm(dim=2)
    is_there = is_known[:, first] & is_known[:, second] & (lengths >= 0.01)
    units = (ends - begins) / lengths.clamp(min=0.01)[..., None]
    rows = torch.arange(height, dtype=points.dtype, device=points.device)[:, None]
    columns = torch.arange(width, dtype=points.dtype, device=points.device)
    dx, dy = columns - begins[..., 0, None, None], rows - begins[..., 1, None, None]
    ux, uy = units[..., 0, None, None], units[..., 1, None, None]
    along, across = dx * ux + dy * uy, dx * uy - dy * ux
    is_limb = (across.abs() <= half_width) & (along >= -half_width)
    is_limb &= (along <= lengths[..., None, None] + half_width) & is_there[..., None, None]
    counts = is_limb.sum(0).clamp(min=1)
    fields = torch.stack([(is_limb * unit).sum(0) / counts for unit in (ux, uy)], dim=1)
    return fields.flatten(0, 1)


def unflip_fields(
    fields: Float[Tensor, "*n C h w"], limbs: Limbs, mirror: Sequence[int]
) -> Float[Tensor, "*n C h w"]:
    """The fields of a mirrored picture as those of the picture.

    Args:
        mirror: for every joint, the one that takes its place in a mirrored picture. A limb whose joints trade
            places with those of no other limb keeps its own field.
    """
    places, signs = [], []
    for index, (a, b) in enumerate(limbs):
        ends = (mirror[a], mirror[b])
        turned = ends not in limbs and ends[::-1] in limbs
        found = list(limbs).index(ends[::-1] if turned else ends) if turned or ends in limbs else index
        places += [2 * found, 2 * found + 1]
        signs += [1.0, -1.0] if turned else [-1.0, 1.0]
    return fields.flip(-1)[..., places, :, :] * fields.new_tensor(signs)[:, None, None]


class LimbScores(NamedTuple):
    """How likely every pair of candidates is to be a limb.

    Attributes:
        scores: mean of the field along the line between them, in [-1, 1] where it is one of unit vectors.
            Rows are candidates for the limb's first joint, columns for its second.
        is_limb: whether enough of the line lies in the field.
    """

    scores: Float[Tensor, "L P P"]
    is_limb: Bool[Tensor, "L P P"]


def score_limbs(
    fields: Float[Tensor, "C h w"],
    joints: Joints,
    limbs: Limbs,
    *,
    threshold: float = 0.05,
    support: float = 0.8,
    penalises_length: bool = True,
) -> LimbScores:
    """Line integrals of the fields between all candidates of all limbs (eq. 10-11), at once.

    The field is read at ten points from one candidate to the other, between cells by bilinear interpolation.

    Args:
        threshold: a point counts where the field's part along the line is above this; the score is the mean
            of those that count.
        support: share of the points that must count.
        penalises_length: whether scores fall where a line is longer than half of the picture's height.
    """
    height, width = fields.shape[1:]
    first, second = ([ends[side] for ends in limbs] for side in (0, 1))
    begins, lines = (
        joints.points[first][:, :, None],
        joints.points[second][:, None] - joints.points[first][:, :, None],
    )
    lengths = lines.norm(dim=3)
    places = torch.linspace(0, 1, _POINTS, dtype=fields.dtype, device=fields.device)[:, None]
    grid = begins[..., None, :] + places * lines[..., None, :]
    last = fields.new_tensor((max(width - 1, 1), max(height - 1, 1)))
    vectors = F.grid_sample(
        fields.unflatten(0, (len(limbs), 2)),
        (2 * grid / last - 1).flatten(1, 2),
        mode="bilinear",
        padding_mode="border",
        align_corners=True,
    ).unflatten(2, lengths.shape[1:])
    units = lines / lengths.clamp(min=1e-6)[..., None]
    along = vectors[:, 0] * units[..., 0, None] + vectors[:, 1] * units[..., 1, None]
    counts = along > threshold
    num_counting = counts.sum(3)
    scores = (along * counts).sum(3) / num_counting.clamp(min=1)
    if penalises_length:
        scores = scores + (0.5 * height / lengths.clamp(min=1e-6) - 1).clamp(max=0)
    is_there = joints.scores > 0
    is_limb = is_there[first][:, :, None] & is_there[second][:, None] & (lengths > 1e-6)
    # a share that is met exactly must not fail by its last digit
    is_limb &= (num_counting >= support * _POINTS - 1e-6) & (scores > 0)
    return LimbScores(scores, is_limb)


class People(NamedTuple):
    """Joints that belong together, a row a person.

    Attributes:
        candidates: which candidate of each joint is the person's; -1 for none.
        totals: sums of the scores of their joints, and of the limbs by which these were found.
    """

    candidates: Int[Tensor, "N K"]
    totals: Float[Tensor, " N"]

    @property
    def num_joints(self) -> Int[Tensor, " N"]:
        """How many joints each of them has."""
        return (self.candidates >= 0).sum(1)


def assemble(
    joints: Joints, limb_scores: LimbScores, limbs: Limbs, only_fills: Sequence[bool] | None = None
) -> People:
    """People, put together greedily of candidates.

    Of each limb, the pair with the best score is taken, then the best that has neither of its candidates, and
    so on. Then, limb by limb and pair by pair, in that order: where nobody has either end, the pair begins a
    new person; where one has one end and the other joint is still missing in them, they get it; where two
    people have an end each, and no joint twice, they become one. All other pairs contradict what is known and
    are left out.

    Args:
        only_fills: whether a limb, such as that from the ear to the shoulder, neither begins a person nor
            joins two; none does where it is not given.
    """
    pairs = _matched(limb_scores, len(limbs))
    growing = _Growing(joints.scores.tolist())
    for index, (a, b) in enumerate(limbs):
        for i, j, score in pairs[index]:
            growing.add(a, i, b, j, score, only_fills=only_fills is not None and only_fills[index])
    people = [person for person in growing.people if person is not None]
    rows = torch.full((len(people), len(joints.scores)), -1)
    for row, person in zip(rows, people, strict=True):
        for joint, candidate in person.candidates.items():
            row[joint] = candidate
    return People(rows, torch.tensor([person.total for person in people]))


def _matched(limb_scores: LimbScores, num_limbs: int) -> list[list[tuple[int, int, float]]]:
    """For each limb, the pairs of candidates that are one, and their scores, best first."""
    limb, first, second = limb_scores.is_limb.nonzero(as_tuple=True)
    scores = limb_scores.scores[limb, first, second]
    order = scores.argsort(descending=True, stable=True)
    rows = zip(*(values[order].tolist() for values in (limb, first, second, scores)), strict=True)
    matched: list[list[tuple[int, int, float]]] = [[] for _ in range(num_limbs)]
    used: set[tuple[int, int, int]] = set()
    for index, i, j, score in rows:
        ends = ((index, 0, i), (index, 1, j))
        if used.isdisjoint(ends):
            used.update(ends)
            matched[index].append((i, j, score))
    return matched


@dataclass(slots=True)
class _Person:
    candidates: dict[int, int] = field(default_factory=dict)
    """candidate by joint"""
    total: float = 0.0


class _Growing:
    """People while they are put together."""

    def __init__(self, scores: list[list[float]]) -> None:
        self._scores = scores
        self._owners: dict[tuple[int, int], int] = {}
        self.people: list[_Person | None] = []
        """None for those who have become part of another"""

    def add(self, a: int, i: int, b: int, j: int, score: float, *, only_fills: bool) -> None:
        """One more limb, from candidate i of joint a to candidate j of joint b."""
        first, second = self._owners.get((a, i)), self._owners.get((b, j))
        if first is not None and second is None:
            self._extend(first, b, j, score)
        elif first is None and second is not None:
            self._extend(second, a, i, score)
        elif first is not None and second is not None:
            if first != second and not only_fills:
                self._join(first, second, score)
        elif not only_fills:
            self.people.append(_Person(total=score))
            self._give(len(self.people) - 1, a, i)
            self._give(len(self.people) - 1, b, j)

    def _give(self, number: int, joint: int, candidate: int) -> None:
        person = self._person(number)
        person.candidates[joint] = candidate
        person.total += self._scores[joint][candidate]
        self._owners[joint, candidate] = number

    def _extend(self, number: int, joint: int, candidate: int, score: float) -> None:
        person = self._person(number)
        if joint not in person.candidates:
            self._give(number, joint, candidate)
            person.total += score

    def _join(self, number: int, other_number: int, score: float) -> None:
        person, other = self._person(number), self._person(other_number)
        if person.candidates.keys().isdisjoint(other.candidates):
            person.candidates |= other.candidates
            person.total += other.total + score
            self._owners |= dict.fromkeys(other.candidates.items(), number)
            self.people[other_number] = None

    def _person(self, number: int) -> _Person:
        person = self.people[number]
        assert person is not None
        return person
