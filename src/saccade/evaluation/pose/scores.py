"""Everything that is scored of a pose model on a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from saccade.core import Instances
from saccade.core.skeleton import Skeleton
from saccade.data.pose.people import PoseDataset
from saccade.evaluation.pictures.coco import CocoScores
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pose.joints import Joints
from saccade.evaluation.pose.matching import Matching, match_people
from saccade.evaluation.pose.oks import score_oks
from saccade.evaluation.pose.pck import BOX, Pck, rule_of
from saccade.evaluation.pose.tables import People, Poses
from saccade.ops.key_points import sigmas_or_fallback


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoseScores:
    """How well a model finds the joints of the people that are annotated.

    All scores are in [0, 1], NaN where they have no meaning. Crowds do not count, nor do people of whom no
    joint is known.

    Attributes:
        skeleton: what the key points are.
        num_images: how many pictures were judged.
        matching: how it was decided who is who, for all that compares joints.
        pose: of each annotated person; -1 for who was not found, or does not count.
        oks: COCO's average precision and recall, by the similarity of poses.
        joints: how far each joint is from its truth, by its sigma.
        pck: the same, by the size of the person's body.
    """

    skeleton: Skeleton
    num_images: int
    people: People
    poses: Poses
    matching: Matching
    pose: Int64[np.ndarray, " T"]
    oks: CocoScores
    joints: Joints
    pck: Pck

    @property
    def oks_ap(self) -> float:
        """COCO's average precision over similarities 0.50, 0.55 … 0.95."""
        return self.oks.average_precision()

    @property
    def pck_main(self) -> float:
        """The share of joints that are right, as the data set's people quote it: PCKh@0.5 for MPII."""
        return self.pck.rate(self.pck.rule.threshold)

    @property
    def num_people(self) -> int:
        """How many people a model is asked for."""
        return int(self.people.is_counted.sum())

    @property
    def num_found(self) -> int:
        """How many of them were found, however well."""
        return int((self.pose != NOBODY).sum())

    @property
    def strays(self) -> Int64[np.ndarray, " _"]:
        """Rows of poses that are nobody who counts, the surest first."""
        rows = np.setdiff1d(np.arange(len(self.poses)), self.pose)
        return rows[np.argsort(-self.poses.scores[rows], kind="stable")]

    @property
    def losses(self) -> Float64[np.ndarray, " T"]:
        """How far each person's joints are off together, each by at most the longer side of the box, in such
        sides; NaN for those who were not found."""
        sides = (self.people.boxes[:, 2:] - self.people.boxes[:, :2]).max(axis=1, initial=1.0)
        found = self.pose != NOBODY
        losses = np.full(len(self.people), np.nan)
        points = self.poses.keypoints[self.pose[found]]
        distances = np.linalg.norm(points - self.people.keypoints[found], axis=2) / sides[found, None]
        losses[found] = np.where(self.people.is_labelled[found], distances.clip(max=1.0), 0.0).sum(axis=1)
        return losses


def judge(
    dataset: PoseDataset, found: Sequence[Instances], *, matching: Matching | None = None
) -> PoseScores:
    """Scores what was found in the pictures of a data set.

    Args:
        found: of each picture, in the order of the data set; key points are those of its skeleton.
        matching: who is who, where joints are compared; `Matching.GIVEN` where the model was shown each
            person who counts. By overlap of boxes where a data set has a measure for single people (MPII,
            LSP), and by similarity for others, when not given.

    Raises:
        ValueError: when there are not as many as pictures, or key points are not those of the skeleton.
        MissingExtraError: without the package faster-coco-eval.
    """
    if len(found) != len(dataset):
        raise ValueError(f"found: of {len(found)} pictures, but the data set has {len(dataset)}")
    skeleton, rule = dataset.skeleton, rule_of(dataset.name, dataset.skeleton)
    sigmas = sigmas_or_fallback(skeleton.sigmas, len(skeleton)).astype(np.float64)
    people, poses = People.of(dataset), Poses.of(found, skeleton)
    matching = matching or (Matching.OKS if rule is BOX else Matching.BOXES)
    pose = match_people(people, poses, matching, sigmas)
    return PoseScores(
        skeleton=skeleton,
        num_images=len(dataset),
        people=people,
        poses=poses,
        matching=matching,
        pose=pose,
        oks=score_oks(people, poses, image_ids(dataset), sigmas),
        joints=Joints.of(people, poses, pose, sigmas, skeleton.mirror),
        pck=Pck.of(people, poses, pose, skeleton, rule),
    )


def image_ids(dataset: PoseDataset) -> tuple[int, ...]:
    """The number of each picture in COCO results: its own, or counted from 1 where two have the same."""
    ids = tuple(image.id for image in dataset.images)
    return ids if len(set(ids)) == len(ids) else tuple(range(1, len(ids) + 1))
