"""What became of each joint: right, a little off, on the wrong side, on somebody else, or lost.

After Ronchi and Perona, Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation (ICCV 2017): the
similarity of one joint is exp(-e² / 2), where e is its distance in units of 2 sigma sqrt(area).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.evaluation.pictures.coco import mean_known
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pose.tables import People, Poses

GOOD, NEAR = 0.85, 0.5
"""similarities from which a joint is right, and from which it is near"""


class Fate(IntEnum):
    """What became of an annotated joint; the first that applies."""

    UNLABELLED = -1
    """nobody knows where it is, or the person does not count"""
    RIGHT = 0
    """within what annotators disagree by: a similarity of at least 0.85"""
    JITTER = 1
    """near: at least 0.5"""
    INVERTED = 2
    """near the same joint of the other side"""
    SWAPPED = 3
    """near this joint, or that of the other side, of somebody else in the picture"""
    MISSED = 4
    """near nothing of the kind"""
    NOT_FOUND = 5
    """the person was not found"""

    @property
    def word(self) -> str:
        """As it stands in reports."""
        return self.name.lower().replace("_", " ")


FATES = tuple(fate for fate in Fate if fate is not Fate.UNLABELLED)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Joints:
    """How far each joint is from its truth.

    Attributes:
        errors: distance in units of 2 sigma sqrt(area); NaN where a joint is not labelled, or its person was
            not found.
        is_placed: joints that the model has a place for.
        fates: `Fate` values.
    """

    errors: Float64[np.ndarray, "T K"]
    is_placed: Bool[np.ndarray, "T K"]
    fates: Int64[np.ndarray, "T K"]

    @classmethod
    def of(
        cls,
        people: People,
        poses: Poses,
        pose: Int64[np.ndarray, " T"],
        sigmas: Float64[np.ndarray, " K"],
        mirror: tuple[int, ...],
    ) -> "Joints":
        """Compares people with their poses.

        Args:
            pose: of each person; -1 where there is none.
            mirror: for every joint that of the other side.
        """
        is_known = people.is_labelled & people.is_counted[:, None]
        is_found = pose != NOBODY
        errors = np.full(is_known.shape, np.nan)
        units = 2 * sigmas * np.sqrt(np.maximum(people.areas, 1e-9))[:, None]
        found = poses.keypoints[pose[is_found]]
        distances = np.linalg.norm(found - people.keypoints[is_found], axis=2)
        errors[is_found] = np.where(is_known[is_found], distances / units[is_found], np.nan)
        fates = np.where(is_known, int(Fate.NOT_FOUND), int(Fate.UNLABELLED))
        for person in np.flatnonzero(is_found):
            fates[person] = _fates(
                people, int(person), poses.keypoints[pose[person]], units, is_known, mirror
            )
        is_placed = np.zeros_like(is_known)
        is_placed[is_found] = poses.is_placed[pose[is_found]]
        return cls(errors=errors, is_placed=is_placed, fates=fates.astype(np.int64))

    @property
    def similarities(self) -> Float64[np.ndarray, "T K"]:
        """Of each joint, in [0, 1]: 0 where its person was not found, NaN where it is not labelled."""
        known = np.where(np.isnan(self.errors), 0.0, np.exp(-(np.nan_to_num(self.errors) ** 2) / 2))
        return np.where(self.fates == Fate.UNLABELLED, np.nan, known)

    @property
    def oks(self) -> Float64[np.ndarray, " T"]:
        """Of each person with their pose: 0 for those who were not found, NaN for those who do not count."""
        return np.array([mean_known(row) for row in self.similarities], np.float64)

    def counts(self, joints: Sequence[int] | None = None) -> dict[Fate, int]:
        """How many joints met with which fate; of all joints when none are named."""
        fates = self.fates[:, _chosen(joints)]
        return {fate: int((fates == fate).sum()) for fate in FATES}

    def num_labelled(self, joints: Sequence[int] | None = None) -> int:
        """How many joints of people that count are known."""
        return sum(self.counts(joints).values())

    def median_error(self, joints: Sequence[int] | None = None) -> float:
        """Of joints that it has a place for, in units of 2 sigma sqrt(area); NaN when there are none."""
        chosen = _chosen(joints)
        errors = self.errors[:, chosen]
        known = errors[~np.isnan(errors) & self.is_placed[:, chosen]]
        return float(np.median(known)) if len(known) else float("nan")

    def mean_similarity(self, joints: Sequence[int] | None = None) -> float:
        """Of joints, in [0, 1]; NaN when none is known."""
        return mean_known(self.similarities[:, _chosen(joints)])


def _chosen(joints: Sequence[int] | None) -> slice | list[int]:
    return slice(None) if joints is None else list(joints)


def _fates(
    people: People,
    person: int,
    found: Float64[np.ndarray, "K 2"],
    units: Float64[np.ndarray, "T K"],
    is_known: Bool[np.ndarray, "T K"],
    mirror: tuple[int, ...],
) -> Int64[np.ndarray, " K"]:
    """What became of the joints of one person whose pose was found."""
    first, end = np.searchsorted(people.images, (people.images[person], people.images[person] + 1))
    here, sides = slice(first, end), list(mirror)
    truths, known, unit = people.keypoints[here], is_known[here], units[here]
    same = _similarity(found, truths, unit, known)
    other = _similarity(found, truths[:, sides], unit[:, sides], known[:, sides])
    own = person - first
    others = np.delete(np.maximum(same, other), own, axis=0).max(axis=0, initial=0.0)
    fates = np.select(
        [same[own] >= GOOD, same[own] >= NEAR, other[own] >= NEAR, others >= NEAR],
        [int(Fate.RIGHT), int(Fate.JITTER), int(Fate.INVERTED), int(Fate.SWAPPED)],
        int(Fate.MISSED),
    )
    return np.where(is_known[person], fates, int(Fate.UNLABELLED)).astype(np.int64)


def _similarity(
    found: Float64[np.ndarray, "K 2"],
    truths: Float64[np.ndarray, "T K 2"],
    units: Float64[np.ndarray, "T K"],
    known: Bool[np.ndarray, "T K"],
) -> Float64[np.ndarray, "T K"]:
    errors = np.linalg.norm(found - truths, axis=2) / units
    return np.where(known, np.exp(-(errors**2) / 2), 0.0)
