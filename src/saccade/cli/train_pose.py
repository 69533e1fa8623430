"""A training of a pose estimator: what `--data` and `--validate` name, put together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.cli.console import notify
from saccade.cli.train_course import Course
from saccade.cli.train_pictures import Shelf, changed_settings, described, published_start, tell_if_short
from saccade.cli.train_pose_judge import PoseJudge
from saccade.core import DatasetError

if TYPE_CHECKING:
    from saccade.data.pose import PoseDataset
    from saccade.training.recipe import PoseRecipe


def pose_course(
    recipe: "PoseRecipe",
    data: Sequence[str],
    validate: Sequence[str] | None,
    *,
    init: str | None,
    out: Path,
    seed: int,
    device: str,
) -> Course:
    """What a pose estimator learns from, and is judged by.

    Raises:
        ConfigError: for what names no data set, and skeletons that differ.
        DatasetError: when data is missing or broken.
    """
    from saccade.training.pose_feed import PoseFeed

    shelf = _shelf()
    given = [shelf.given(text, "--data") for text in data]
    if not given:
        raise DatasetError(
            f"{recipe.name} learns from key points; say where they lie with --data coco-keypoints=DIR, or "
            f"mpii=DIR, lsp=DIR, pose-folder=DIR"
        )
    sets = tuple(shelf.to_train(one) for one in given)
    weights = tuple(1.0 if one.weight is None else one.weight for one in given)
    recipe = replace(recipe, task=recipe.task.of_skeleton(sets[0].skeleton))
    if init == "none":
        recipe = replace(recipe, task=recipe.task.from_scratch())
    feed = PoseFeed.of(recipe, sets, weights, seed)
    for before, each in zip(sets, feed.sets, strict=True):
        for note in each.notes[len(before.notes) :]:
            notify(f"{before.root}: {note}")
    tell_if_short(recipe)
    if not recipe.samples:
        recipe = replace(recipe, samples=feed.rounds.total)
    courts = shelf.held_out(given, sets, validate)
    return Course(
        recipe=recipe,
        settings=changed_settings(recipe),
        feed=replace(feed, recipe=recipe),
        data=[
            described(one, each, weight, {"people": sum(len(image) for image in each.images)})
            for one, each, weight in zip(given, sets, weights, strict=True)
        ],
        start=published_start(recipe, init, out),
        judge=PoseJudge(recipe.model, courts, device) if courts else None,
        held_out=shelf.to_judge(sets, courts),
    )


def _shelf() -> "Shelf[PoseDataset]":
    """Pictures of people with key points."""
    from saccade.data.pose import find_form, open_pose

    return Shelf(find_form, open_pose, "mpii=/data/MPII")
