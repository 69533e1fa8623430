"""What the command line of `saccade train` comes to, for trackers and detectors alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from saccade.training.feed import Feed
    from saccade.training.recipe import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """All of a plan that hangs on what is trained.

    Attributes:
        recipe: with what the data say of it.
        settings: of the recipe that the model must be made with.
        feed: where samples come from.
        data: what they are made of, as JSON values.
        start: weights to begin with; None for none.
        judge: scores weights while they are trained; None for none.
        held_out: the options of `saccade eval` that name what it is to be judged by.
    """

    recipe: "Recipe"
    settings: Mapping[str, Any]
    feed: "Feed"
    data: Sequence[Mapping[str, Any]]
    start: Path | None
    judge: Callable[[Path, int], Mapping[str, float]] | None
    held_out: str = "--dataset NAME --root DIR"
