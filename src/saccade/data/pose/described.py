"""Skeletons as COCO's files describe them, in a category: names and limbs there, and what we add to those.

"keypoints": ["nose", "left_eye", …], "skeleton": [[1, 2], …]                            as in COCO
"pairs": [["left_eye", "right_eye"], …], "sigmas": [0.026, …]                            may be added
"skeleton_name", "limbs", "composed", "head", "torso", "lower"           see `Skeleton`; may be added
"""

import re
from collections.abc import Mapping
from typing import Any

from saccade.core import SKELETONS, ConfigError, DatasetError, Skeleton
from saccade.core.config import from_json, to_json

_ADDED = ("pairs", "sigmas", "limbs", "composed", "head", "torso", "lower")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OTHER_SIDE = {"left": "right", "l": "r"}
_LEGS = {"hip", "hips", "pelvis", "midhip", "leg", "thigh", "knee", "ankle", "foot", "heel", "toe"}


def describe(skeleton: Skeleton) -> dict[str, Any]:
    """A skeleton in the words of a category; `read_skeleton` gives the same again."""
    said = {name: value for name, value in to_json(skeleton).items() if name in _ADDED and value}
    return {
        "keypoints": list(skeleton.points),
        "skeleton": [[a + 1, b + 1] for a, b in skeleton.edge_indices],
        "skeleton_name": skeleton.name,
        # none is said too: where nothing is, they are told by the names
        "pairs": [],
        **said,
    }


def read_skeleton(category: Mapping[str, Any], where: str) -> tuple[Skeleton, tuple[str, ...]]:
    """The skeleton of a category, and what was inferred of it, a sentence each.

    A category that has the points and limbs of a skeleton of ours, and says nothing else, has that skeleton.
    Of any other, left and right are told by the points' names where no pairs are given.

    Args:
        where: file and category, for messages.

    Raises:
        DatasetError: when it has no key points, or a limb of a point that does not exist.
    """
    points = category.get("keypoints")
    if not isinstance(points, list) or not points or not all(isinstance(point, str) for point in points):
        raise DatasetError(f"{where}: no list 'keypoints' with the names of its points; write one")
    edges, notes = _edges(category.get("skeleton") or [], points, where)
    given = {name: category[name] for name in _ADDED if category.get(name)}
    known = next((each for each in SKELETONS.values() if list(each.points) == points), None)
    if known is not None and not given and (not edges or _undirected(edges) == _undirected(known.edges)):
        return known, notes
    name = str(category.get("skeleton_name") or f"{_plain(category.get('name'))}{len(points)}")
    if category.get("pairs") is None:
        given["pairs"] = pairs_of(points)
        notes += (_on_pairs(given["pairs"]),)
    if "lower" not in given:
        given["lower"] = [point for point in points if _LEGS & set(_words(point))]
    try:
        return from_json(Skeleton, {"name": name, "points": points, "edges": edges, **given}), notes
    except ConfigError as error:
        raise DatasetError(f"{where}: {error}") from None


def pairs_of(points: list[str]) -> list[tuple[str, str]]:
    """(left, right) points by their names: `left_knee`, `Left Knee`, `l_knee`, `LKnee` and `kneeLeft`."""
    by_words = {tuple(_words(point)): point for point in points}
    pairs = []
    for words, point in by_words.items():
        other = tuple(_OTHER_SIDE.get(word, word) for word in words)
        if other != words and other in by_words:
            pairs.append((point, by_words[other]))
    return pairs


def _on_pairs(pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return "no point is a left or a right one by its name: mirrored pictures keep all names"
    return "left and right by the points' names: " + ", ".join(f"{a} - {b}" for a, b in pairs)


def _words(point: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(point)]


def _plain(name: Any) -> str:
    return "_".join(_words(str(name or ""))) or "points"


def _undirected(edges: Any) -> set[frozenset[str]]:
    return {frozenset(edge) for edge in edges}


def _edges(limbs: Any, points: list[str], where: str) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Limbs by the names of their points; COCO counts points from 1, and some tools from 0."""
    if not isinstance(limbs, list):
        raise DatasetError(f"{where}: its 'skeleton' is no list of pairs of points; write [[1, 2], …]")
    for limb in limbs:
        is_pair = isinstance(limb, list) and len(limb) == 2
        if not is_pair or not all(isinstance(end, int) and 0 <= end <= len(points) for end in limb):
            raise DatasetError(
                f"{where}: limb {limb} of its 'skeleton' is no pair of its {len(points)} points, which are "
                f"counted from 1; correct it"
            )
    ends = {end for limb in limbs for end in limb}
    first = 0 if 0 in ends else 1
    if first == 0 and len(points) in ends:
        raise DatasetError(
            f"{where}: limbs of its 'skeleton' have points 0 and {len(points)}, but there are {len(points)}; "
            f"count them from 1"
        )
    notes = () if first else ("limbs have a point 0: they are taken as counted from 0",)
    return [(points[a - first], points[b - first]) for a, b in limbs], notes
