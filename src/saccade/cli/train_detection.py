"""A training of a detector: what `--data`, `--classes` and `--validate` name, put together."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from saccade.cli.train_course import Course
from saccade.cli.train_detection_judge import DetectionJudge
from saccade.cli.train_pictures import Shelf, changed_settings, described, published_start, tell_if_short
from saccade.core import ConfigError, DatasetError

if TYPE_CHECKING:
    from saccade.data.detection import DetectionDataset
    from saccade.training.recipe import DetectionRecipe


def detection_course(
    recipe: "DetectionRecipe",
    data: Sequence[str],
    validate: Sequence[str] | None,
    classes: str | None,
    *,
    init: str | None,
    out: Path,
    seed: int,
    device: str,
) -> Course:
    """What a detector learns from, and is judged by.

    Raises:
        ConfigError: for what names no data set, and classes that differ.
        DatasetError: when data is missing or broken.
    """
    from saccade.training.detection_feed import DetectionFeed

    shelf = _shelf(None if classes is None else _names(classes))
    given = [shelf.given(text, "--data") for text in data]
    if not given:
        raise DatasetError(
            f"{recipe.name} learns from your own boxes; say where they lie with --data voc=DIR, or coco=DIR, "
            f"yolo=DIR, open_images=DIR, mot=DIR"
        )
    sets = tuple(shelf.to_train(one) for one in given)
    weights = tuple(1.0 if one.weight is None else one.weight for one in given)
    # what is wrong with the data is said before what follows from it
    feed = DetectionFeed(recipe, sets, weights, seed)
    recipe = replace(recipe, task=recipe.task.of_classes(sets[0].classes))
    if init == "none":
        recipe = replace(recipe, task=recipe.task.from_scratch())
    tell_if_short(recipe)
    if not recipe.samples:
        recipe = replace(recipe, samples=feed.rounds.total)
    courts = _shelf(sets[0].classes).held_out(given, sets, validate)
    return Course(
        recipe=recipe,
        settings=changed_settings(recipe),
        feed=replace(feed, recipe=recipe),
        data=[
            described(one, each, weight, {"boxes": sum(len(image) for image in each.images)})
            for one, each, weight in zip(given, sets, weights, strict=True)
        ],
        start=published_start(recipe, init, out),
        judge=DetectionJudge(recipe.model, courts, device) if courts else None,
        held_out=shelf.to_judge(sets, courts) + (" --associate bytetrack" if sets[0].name == "mot" else ""),
    )


def _names(classes: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in classes.split(",") if name.strip())
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--classes {classes}: expected names that differ, as in --classes cat,dog")
    return names


def _shelf(classes: Sequence[str] | None) -> "Shelf[DetectionDataset]":
    """Pictures with boxes of these classes."""
    from saccade.data.detection import find_form, open_detection

    def open_one(name: str, root: Path, split: str | None) -> "DetectionDataset":
        return open_detection(name, root, split, classes=classes)

    return Shelf(find_form, open_one, "voc=/data/VOC")
