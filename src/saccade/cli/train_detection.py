"""A training of a detector: what `--data`, `--classes` and `--validate` name, put together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.console import notify
from saccade.cli.train_course import Course
from saccade.cli.train_data import Given
from saccade.cli.train_detection_judge import DetectionJudge
from saccade.core import ConfigError, DatasetError

if TYPE_CHECKING:
    from saccade.data.detection import DetectionDataset
    from saccade.training.recipe import DetectionRecipe

_TO_TRAIN = ("train",)
_TO_VALIDATE = ("val", "valid", "validation")
"""what splits are called, where none is named"""


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

    given = [_given(text, "--data") for text in data]
    if not given:
        raise DatasetError(
            f"{recipe.name} learns from your own boxes; say where they lie with --data voc=DIR, or coco=DIR, "
            f"yolo=DIR, open_images=DIR"
        )
    names = None if classes is None else _names(classes)
    sets = tuple(_open(one, names) for one in given)
    weights = tuple(1.0 if one.weight is None else one.weight for one in given)
    # what is wrong with the data is said before what follows from it
    feed = DetectionFeed(recipe, sets, weights, seed)
    recipe = replace(recipe, task=recipe.task.of_classes(sets[0].classes))
    if init == "none":
        recipe = replace(recipe, task=recipe.task.from_scratch())
    _tell_if_short(recipe)
    if not recipe.samples:
        recipe = replace(recipe, samples=feed.rounds.total)
    courts = _held_out(given, sets, validate)
    return Course(
        recipe=recipe,
        settings=_differences(_preset(recipe.model), recipe.task),
        feed=replace(feed, recipe=recipe),
        data=[_described(one, each, weight) for one, each, weight in zip(given, sets, weights, strict=True)],
        start=_start(recipe, init, out),
        judge=DetectionJudge(recipe.model, courts, device) if courts else None,
    )


def _tell_if_short(recipe: "DetectionRecipe") -> None:
    """Says so where hardly an epoch is left in which the rates are high."""
    settings, epochs = recipe.optimisation, recipe.epochs
    flat = settings.flat if settings.schedule == "cosine" else 0
    if settings.warmup_epochs + flat >= epochs > 1:
        notify(
            f"the rates rise for {settings.warmup_epochs:g} epochs and stay low for the last {flat}, and "
            f"there are only {epochs}: little is learned; shorten these with --set optimisation.flat=0 "
            f"--set optimisation.warmup_epochs=1, or take more with --set epochs=…"
        )


def _names(classes: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in classes.split(",") if name.strip())
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--classes {classes}: expected names that differ, as in --classes cat,dog")
    return names


def _given(text: str, option: str) -> Given:
    from saccade.data.detection import find_form

    given = Given.as_typed(text, option, "voc=/data/VOC")
    return replace(given, name=find_form(given.name).name)


def _open(given: Given, classes: Sequence[str] | None) -> "DetectionDataset":
    """A data set; where no split is named, that for training, if there is one."""
    from saccade.data.detection import find_form, open_detection

    split = given.split
    if split is None and given.root.exists():
        split = _choose(find_form(given.name).splits(given.root), _TO_TRAIN)
    found = open_detection(given.name, given.root, split, classes=classes)
    for note in found.notes:
        notify(note)
    return found


def _held_out(
    given: Sequence[Given], sets: Sequence["DetectionDataset"], validate: Sequence[str] | None
) -> tuple["DetectionDataset", ...]:
    """What is judged by: what is named, else the splits for it of what is trained on."""
    from saccade.data.detection import find_form, open_detection

    classes = sets[0].classes
    if validate:
        chosen = [_given(text, "--validate") for text in validate]
        for one in chosen:
            if one.weight is not None:
                raise ConfigError(f"--validate {one.name}: takes no weight; every picture counts the same")
        return tuple(open_detection(one.name, one.root, one.split, classes=classes) for one in chosen)
    learned = {image.file for each in sets for image in each.images}
    found = []
    for one, each in zip(given, sets, strict=True):
        split = _choose(find_form(one.name).splits(one.root), _TO_VALIDATE)
        if split is None or split == each.split:
            continue
        court = open_detection(one.name, one.root, split, classes=classes)
        # VOC's trainval has all of its val, and a set that is taken whole all of its splits
        if any(image.file in learned for image in court.images):
            notify(f"{court.name}:{split} has pictures that it is trained on, and is not judged by")
        else:
            found.append(court)
    if found:
        labels = ", ".join(f"{each.name}:{each.split}" for each in found)
        notify(f"judged by {labels}, on which it is not trained; --validate NAME:SPLIT=DIR names others")
    else:
        notify("nothing is measured, so there will be no best.ckpt; --validate NAME:SPLIT=DIR judges it")
    return tuple(found)


def _choose(splits: Sequence[str], wished: Sequence[str]) -> str | None:
    """The split of one of these names, or the only one that begins so, as train2017 does."""
    for name in wished:
        if name in splits:
            return name
    begun = [split for split in splits if split.startswith(tuple(f"{name}2" for name in wished))]
    return begun[0] if len(begun) == 1 else None


def _described(given: Given, found: "DetectionDataset", weight: float) -> dict[str, Any]:
    return {
        "dataset": found.name,
        "split": found.split,
        "weight": weight,
        "images": len(found),
        "boxes": sum(len(image) for image in found.images),
        "root": str(given.root.resolve()),
    }


def _start(recipe: "DetectionRecipe", init: str | None, out: Path) -> Path | None:
    """The published weights of the detector, where they are in the store and nothing else is said."""
    from saccade.training.checkpoints import LAST
    from saccade.weights import Store
    from saccade.zoo.catalog import entry

    weights = entry(recipe.model).weights
    if init is not None or (out / LAST).is_file() or weights is None:
        return None
    found = Store().find(weights.key)
    if found is None:
        notify(
            f"the weights of {recipe.model} are not here, and it begins without them; to begin with them: "
            f"saccade models download {recipe.model}"
        )
    return found


def _preset(name: str) -> Any:
    """The settings of a detector in the catalogue."""
    from saccade.training.recipe import DetectionRecipe
    from saccade.zoo.recipes import find_recipe

    recipe = find_recipe(name)
    assert isinstance(recipe, DetectionRecipe)
    return recipe.task


def _differences(before: Any, now: Any) -> dict[str, Any]:
    """The settings of a task that differ from its preset, by their dotted names, as JSON values."""
    from saccade.core.config import to_json

    found: dict[str, Any] = {}

    def compare(old: Any, new: Any, name: str) -> None:
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            for key in new:
                compare(old.get(key), new[key], f"{name}.{key}")
        elif old != new:
            found[name] = new

    compare(to_json(before), to_json(now), "task")
    return found
