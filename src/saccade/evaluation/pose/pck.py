"""PCK: the share of joints that are found within a distance given in lengths of the person's own body.

PCKh     by the size of the head, MPII (Andriluka et al., CVPR 2014): 0.6 times the diagonal of the head box
PCK      by the length of the torso, LSP (after Sapp and Taskar, CVPR 2013); for others by the longer side of
         the person's box (Yang and Ramanan, TPAMI 2013)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from saccade.core import LSP_14
from saccade.core.skeleton import Skeleton
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pose.tables import People, Poses

THRESHOLDS = np.arange(51) / 100
"""at which curves have values, up to 0.5; the area under the curve is of these"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PckRule:
    """What a data set's people quote.

    Attributes:
        name: of the measure.
        length: what distances are divided by.
        quoted: thresholds by their names in reports, the most quoted first.
        left_out: joints that are not in the mean.
    """

    name: str
    length: str
    quoted: Mapping[str, float]
    left_out: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name of the most quoted score."""
        return next(iter(self.quoted))

    @property
    def threshold(self) -> float:
        """The threshold of the most quoted score."""
        return self.quoted[self.key]

    @property
    def area_key(self) -> str:
        """The name of the area under the curve."""
        return f"{self.name.lower()}_auc"


HEAD = PckRule(
    name="PCKh",
    length="head size",
    # what SimpleBaseline's program prints as Mean@0.1 is read off at 0.11
    quoted={"pckh50": 0.5, "pckh10": 0.1, "pckh11": 0.11},
    left_out=("pelvis", "thorax"),
)
TORSO = PckRule(name="PCK", length="torso", quoted={"pck20": 0.2, "pck10": 0.1, "pck50": 0.5})
BOX = PckRule(name="PCK", length="longer side of the box", quoted={"pck10": 0.1, "pck05": 0.05, "pck20": 0.2})
_RULES = {"mpii": HEAD, "lsp": TORSO}
_OF_POINTS = {LSP_14.points: TORSO}


def rule_of(form: str, skeleton: Skeleton) -> PckRule:
    """The rule of a form of data sets; that of LSP for its points in any form, as where it was split."""
    return _RULES.get(form) or _OF_POINTS.get(skeleton.points, BOX)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Pck:
    """How far joints are from their truths, in lengths of their person's body.

    Attributes:
        distances: NaN where a joint is not labelled, or its person does not count or has no length; infinite
            where the person was not found.
        is_averaged: joints that are in the mean.
        num_without_length: people who count, but have no length to divide by.
    """

    rule: PckRule
    distances: Float64[np.ndarray, "T K"]
    is_averaged: Bool[np.ndarray, " K"]
    num_without_length: int

    @classmethod
    def of(
        cls, people: People, poses: Poses, pose: Int64[np.ndarray, " T"], skeleton: Skeleton, rule: PckRule
    ) -> "Pck":
        """Compares people with their poses.

        Args:
            pose: of each person; -1 where there is none.
        """
        lengths = _lengths(people, rule)
        has_length = np.isfinite(lengths) & (lengths > 0)
        is_judged = people.is_counted & has_length
        distances = np.full(people.is_labelled.shape, np.inf)
        found = pose != NOBODY
        distances[found] = np.linalg.norm(poses.keypoints[pose[found]] - people.keypoints[found], axis=2)
        distances[found] /= np.where(has_length, lengths, 1.0)[found, None]
        return cls(
            rule=rule,
            distances=np.where(people.is_labelled & is_judged[:, None], distances, np.nan),
            is_averaged=np.array([point not in rule.left_out for point in skeleton.points], bool),
            num_without_length=int((people.is_counted & ~has_length).sum()),
        )

    def rate(self, threshold: float, joints: Sequence[int] | None = None) -> float:
        """The share of joints at most so far away, in [0, 1]; NaN when none is labelled.

        Args:
            joints: which; all that are in the mean when not given. Each weighs as much as it is labelled.
        """
        distances = self._known(joints)
        return float((distances <= threshold).mean()) if len(distances) else float("nan")

    def curve(self, joints: Sequence[int] | None = None) -> Float64[np.ndarray, " 51"]:
        """The share at each of `THRESHOLDS`."""
        distances = np.sort(self._known(joints))
        if not len(distances):
            return np.full(len(THRESHOLDS), np.nan)
        return np.searchsorted(distances, THRESHOLDS, side="right") / len(distances)

    def area(self, joints: Sequence[int] | None = None) -> float:
        """The area under the curve from 0 to 0.5, divided by 0.5; NaN when none is labelled."""
        curve = self.curve(joints)
        return float(((curve[1:] + curve[:-1]) / 2).mean())

    def num_joints(self, joints: Sequence[int] | None = None) -> int:
        """How many joints it rests on."""
        return len(self._known(joints))

    def _known(self, joints: Sequence[int] | None) -> Float64[np.ndarray, " _"]:
        chosen = self.distances[:, self.is_averaged if joints is None else list(joints)]
        return chosen[~np.isnan(chosen)]


def _lengths(people: People, rule: PckRule) -> Float64[np.ndarray, " T"]:
    if rule is HEAD:
        return people.head_sizes
    if rule is TORSO:
        return people.torso_sizes
    return (people.boxes[:, 2:] - people.boxes[:, :2]).max(axis=1, initial=0.0)
