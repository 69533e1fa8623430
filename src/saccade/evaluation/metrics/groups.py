"""Scores of groups of sequences: one group for each attribute, such as occlusion or fast motion."""

from collections.abc import Callable, Collection, Mapping
from typing import TypeVar

Score = TypeVar("Score")
Summary = TypeVar("Summary")


def by_attribute(
    scores: Mapping[str, Score],
    attributes: Mapping[str, Collection[str]],
    summarise: Callable[[list[Score]], Summary],
) -> dict[str, Summary]:
    """The scores of the sequences that have an attribute, summed up, for every attribute that one has.

    Args:
        scores: by sequence.
        attributes: by sequence; sequences without scores are passed over.
        summarise: makes one score of several, e.g. `OnePassScores.mean`.
    """
    members: dict[str, list[Score]] = {}
    for sequence, score in scores.items():
        for attribute in attributes.get(sequence, ()):
            members.setdefault(attribute, []).append(score)
    return {attribute: summarise(members[attribute]) for attribute in sorted(members)}
