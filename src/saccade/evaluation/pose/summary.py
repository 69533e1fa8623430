"""Scores as `report.json` has them."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from saccade.core.skeleton import Skeleton
from saccade.evaluation.pictures.matching import NOBODY
from saccade.evaluation.pictures.numbers import number, rounded
from saccade.evaluation.pose.matching import Matching
from saccade.evaluation.pose.oks import MAX_DETECTIONS
from saccade.evaluation.pose.pck import HEAD, THRESHOLDS, TORSO
from saccade.evaluation.pose.scores import PoseScores

_SIDE = re.compile(r"^(left|right|l|r)[ _-]+", re.IGNORECASE)
SIMILARITIES = (0.5, 0.75, 0.9)
"""at which precision is drawn against recall"""
BINS = np.linspace(0.0, 1.0, 21)
_MATCHING = {
    Matching.GIVEN: "each person was shown to the model, and has the pose that it gave them",
    Matching.OKS: "by OKS as COCO does, surest first, from a similarity of 0.1 on",
    Matching.BOXES: "by the greatest overlap of boxes, each pose once",
}


def to_json(scores: PoseScores) -> dict[str, Any]:
    """Everything that was scored; None where a score has no meaning."""
    return {
        **headline(scores),
        "joints": {name: _of(scores, [place]) for place, name in enumerate(scores.skeleton.points)},
        "both_sides": {name: _of(scores, places) for name, places in both_sides(scores.skeleton).items()},
        "fates": {fate.word: count for fate, count in scores.joints.counts().items()},
        "median_error": number(scores.joints.median_error()),
        "oks_histogram": {"edges": BINS.round(6).tolist(), "counts": oks_histogram(scores)},
        "curves": {
            "threshold": THRESHOLDS.tolist(),
            "pck": pck_curve(scores),
            "recall": scores.oks.recalls.round(6).tolist(),
            "precision": {
                f"{value:g}": [rounded(rate) for rate in scores.oks.precision_at(value)]
                for value in SIMILARITIES
            },
        },
        "how": rules(scores),
    }


def headline(scores: PoseScores) -> dict[str, float | None]:
    """The scores of all joints together, those that the data set's people quote first."""
    oks, pck = scores.oks, scores.pck
    similar = {
        "oks_ap": oks.average_precision(),
        "oks_ap50": oks.average_precision(0.5),
        "oks_ap75": oks.average_precision(0.75),
        "oks_ap_medium": oks.average_precision(size="medium"),
        "oks_ap_large": oks.average_precision(size="large"),
        "oks_ar": oks.average_recall(),
        "oks_ar50": oks.average_recall(iou=0.5),
        "oks_ar75": oks.average_recall(iou=0.75),
        "oks_ar_medium": oks.average_recall(size="medium"),
        "oks_ar_large": oks.average_recall(size="large"),
        "mean_oks": scores.joints.mean_similarity(),
    }
    near = {name: pck.rate(threshold) for name, threshold in pck.rule.quoted.items()}
    near[pck.rule.area_key] = pck.area()
    both = near | similar if pck.rule in (HEAD, TORSO) else similar | near
    return {name: number(value) for name, value in both.items()}


def rules(scores: PoseScores) -> dict[str, Any]:
    """By which rules, with which program and on how much."""
    people, pck = scores.people, scores.pck
    return {
        "skeleton": scores.skeleton.name,
        "engine": scores.oks.engine,
        "similarities": scores.oks.ious.round(6).tolist(),
        "max_detections": list(MAX_DETECTIONS),
        "sigmas": list(scores.skeleton.sigmas) or None,
        "matching": scores.matching.value,
        "pck": {
            "name": pck.rule.name,
            "by": pck.rule.length,
            "thresholds": dict(pck.rule.quoted),
            "not_in_the_mean": [
                name
                for name, counts in zip(scores.skeleton.points, pck.is_averaged, strict=True)
                if not counts
            ],
            "joints": pck.num_joints(),
            "people_without_length": pck.num_without_length,
        },
        "images": scores.num_images,
        "poses": len(scores.poses),
        "people": scores.num_people,
        "found": scores.num_found,
        "joints": scores.joints.num_labelled(),
        "crowd": int(people.is_crowd.sum()),
        "without_labelled_joints": int((~people.is_crowd & ~people.is_labelled.any(axis=1)).sum()),
    }


def sentences(scores: PoseScores) -> list[str]:
    """The same for people."""
    how, pck = rules(scores), scores.pck
    steps = how["similarities"]
    sigmas = "the skeleton's sigmas" if how["sigmas"] else "a sigma of 0.07 for every joint, as none is known"
    unasked = how["crowd"] + how["without_labelled_joints"]
    lines = [
        f"OKS AP and AR: COCO's, by {how['engine']}; similarities {steps[0]:.2f} to {steps[-1]:.2f} in steps "
        f"of {steps[1] - steps[0]:.2f}, at most {how['max_detections'][-1]} people in a picture, {sigmas}; "
        f"crowds ({how['crowd']}) and people of whom no joint is known ({how['without_labelled_joints']}) "
        f"ignored",
        _pck_sentence(scores),
        f"who is who, where joints are compared: {_MATCHING[scores.matching]}; {how['found']} of "
        f"{how['people']} people found",
        "a joint is right at a similarity of at least 0.85, jitter at 0.5; inverted: near the same joint of "
        "the other side; swapped: near it on somebody else; its error is in units of 2 sigma sqrt(area)",
    ]
    if pck.rule is HEAD:
        lines.append(
            "pckh10 is at 0.10 of the head size; pckh11 is at 0.11, where SimpleBaseline's program reads off "
            "what it prints as Mean@0.1: published figures are of either"
        )
    if pck.rule is TORSO:
        lines.append(
            "left and right are the person's own (person-centric), as LSP annotates them; the torso is from "
            "the left shoulder to the right hip"
        )
    return [
        *lines,
        f"{how['images']} pictures; {how['people']} people with {how['joints']} joints, {unasked} more that "
        f"do not count; {how['poses']} poses",
    ]


def _pck_sentence(scores: PoseScores) -> str:
    how = rules(scores)["pck"]
    left_out = " and ".join(how["not_in_the_mean"])
    parts = [
        f"{how['name']}@t: the share of {how['joints']} joints at most t times the {how['by']} away, each "
        f"joint weighing as much as it is labelled",
        f"{left_out} not in the mean" if left_out else "",
        f"{how['people_without_length']} people left out, whose {how['by']} nobody knows"
        if how["people_without_length"]
        else "",
        "AUC: the area under its curve up to 0.5",
    ]
    return "; ".join(filter(None, parts))


def oks_histogram(scores: PoseScores) -> list[int]:
    """How many people who were found have a pose how similar, in `BINS`."""
    similar = scores.joints.oks[scores.pose != NOBODY]
    return [int(count) for count in np.histogram(similar, BINS)[0]]


def pck_curve(scores: PoseScores, joints: Sequence[int] | None = None) -> list[float | None]:
    """The share of joints at each of `THRESHOLDS`, rounded."""
    return [rounded(value) for value in scores.pck.curve(joints)]


def both_sides(skeleton: Skeleton) -> dict[str, list[int]]:
    """The joints of a body, left and right together, by what they are called without their side."""
    kinds: dict[str, list[int]] = {}
    for place, other in enumerate(skeleton.mirror):
        names = sorted({skeleton.points[place], skeleton.points[other]})
        sideless = {_SIDE.sub("", name) for name in names}
        kinds.setdefault(sideless.pop() if len(sideless) == 1 else " / ".join(names), []).append(place)
    return kinds


def _of(scores: PoseScores, places: Sequence[int]) -> dict[str, Any]:
    pck, joints = scores.pck, scores.joints
    return {
        **{name: number(pck.rate(threshold, places)) for name, threshold in pck.rule.quoted.items()},
        pck.rule.area_key: number(pck.area(places)),
        "mean_oks": number(joints.mean_similarity(places)),
        "median_error": number(joints.median_error(places)),
        "labelled": joints.num_labelled(places),
        "fates": {fate.word: count for fate, count in joints.counts(places).items()},
    }
