"""Which of the people that were found is which annotated one."""

from enum import StrEnum

import numpy as np
from jaxtyping import Float64, Int64

from saccade.evaluation.pictures.matching import NOBODY, assign_next, best_pairs, groups
from saccade.evaluation.pictures.overlaps import pairwise_iou
from saccade.evaluation.pose.tables import People, Poses
from saccade.ops.key_points import oks

LEAST_OKS = 0.1
"""from which similarity a pose is taken for an attempt at a person"""
LEAST_OVERLAP = 1e-6
"""of boxes: any at all"""


class Matching(StrEnum):
    """How people are told apart before their joints are compared."""

    GIVEN = "given"
    """the model was shown where each annotated person is, and answered for one after another"""
    OKS = "oks"
    """by COCO's rules: the surest first, each the most similar person who is left"""
    BOXES = "boxes"
    """each annotated person has the one whose box overlaps theirs most, the greatest overlap first"""


def match_people(
    people: People, poses: Poses, matching: Matching, sigmas: Float64[np.ndarray, " K"]
) -> Int64[np.ndarray, " T"]:
    """The pose of each annotated person; -1 for those who were not found, and those who do not count.

    Raises:
        ValueError: when people were given, but there are not as many poses as people that count in a picture.
    """
    pose = np.full(len(people), NOBODY, np.int64)
    if matching is Matching.GIVEN:
        pose[people.is_counted] = _in_order(people, poses)
        return pose
    for found, there in groups(poses.images, people.images):
        there = there[people.is_counted[there]]
        found = found[np.argsort(-poses.scores[found], kind="stable")]
        if matching is Matching.OKS:
            areas = np.broadcast_to(people.areas[there], (len(found), len(there)))
            similar = oks(
                poses.keypoints[found],
                people.keypoints[there],
                areas,
                sigmas.tolist(),
                is_known=people.is_labelled[there],
            )
            pairs = dict(assign_next(similar, np.ones(len(there), bool), LEAST_OKS))
        else:
            overlaps = pairwise_iou(poses.boxes[found], people.boxes[there])
            pairs = best_pairs(overlaps, LEAST_OVERLAP)
        for row, column in pairs.items():
            pose[there[column]] = found[row]
    return pose


def _in_order(people: People, poses: Poses) -> Int64[np.ndarray, " D"]:
    wanted = people.images[people.is_counted]
    if not np.array_equal(wanted, poses.images):
        raise ValueError(
            f"{len(poses)} poses for {len(wanted)} people that were given; answer for each person that "
            f"counts, in the order of the data set"
        )
    return np.arange(len(poses))
