"""Trainings on annotated pictures: which of them are learned from, and which are judged by."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from saccade.cli.console import notify
from saccade.cli.train_data import Given
from saccade.core import ConfigError, Skeleton

if TYPE_CHECKING:
    from saccade.data.pictured import Pictured
    from saccade.training.recipe import Recipe

_TO_TRAIN = ("train",)
_TO_VALIDATE = ("val", "valid", "validation")
"""what splits are called, where none is named"""


class PictureSet(Protocol):
    """Annotated pictures of a split."""

    @property
    def name(self) -> str: ...

    @property
    def root(self) -> Path: ...

    @property
    def split(self) -> str | None: ...

    @property
    def images(self) -> "Sequence[Pictured]": ...

    @property
    def notes(self) -> tuple[str, ...]: ...


class Form(Protocol):
    """A way in which pictures are annotated."""

    @property
    def name(self) -> str: ...

    @property
    def splits(self) -> Callable[[Path], Sequence[str]]: ...


D = TypeVar("D", bound=PictureSet)


@dataclass(frozen=True, slots=True)
class Shelf(Generic[D]):
    """Where annotated pictures of a kind come from.

    Attributes:
        find: the form of that name.
        open: a data set of a form, in a folder, of a split.
        example: of what can be typed.
    """

    find: Callable[[str], Form]
    open: Callable[[str, Path, str | None], D]
    example: str

    def given(self, text: str, option: str) -> Given:
        """What was typed.

        Raises:
            ConfigError: when it names no data set.
            DatasetError: for an unknown form.
        """
        given = Given.as_typed(text, option, self.example)
        return replace(given, name=self.find(given.name).name)

    def to_train(self, given: Given) -> D:
        """A data set; where no split is named, that for training, if there is one.

        Raises:
            DatasetError: when it is missing or broken.
        """
        split = given.split
        if split is None and given.root.exists():
            split = _choose(self.find(given.name).splits(given.root), _TO_TRAIN)
        found = self.open(given.name, given.root, split)
        for note in found.notes:
            notify(note)
        return found

    def held_out(
        self, given: Sequence[Given], sets: Sequence[D], validate: Sequence[str] | None
    ) -> tuple[D, ...]:
        """What is judged by: what is named, else the splits for it of what is trained on.

        Raises:
            ConfigError: for what names no data set, or weighs one.
            DatasetError: when one is missing or broken.
        """
        if validate:
            chosen = [self.given(text, "--validate") for text in validate]
            for one in chosen:
                if one.weight is not None:
                    raise ConfigError(
                        f"--validate {one.name}: takes no weight; every picture counts the same"
                    )
            return tuple(self.open(one.name, one.root, one.split) for one in chosen)
        learned = {image.file for each in sets for image in each.images}
        found = []
        for one, each in zip(given, sets, strict=True):
            splits = self.find(one.name).splits(one.root)
            split = _alike(each.split, splits) or _choose(splits, _TO_VALIDATE)
            if split is None or split == each.split:
                continue
            court = self.open(one.name, one.root, split)
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

    def to_judge(self, sets: Sequence[D], courts: Sequence[D]) -> str:
        """The options of `saccade eval` for what nothing was chosen by, where there is a split for it."""
        judged = (courts or sets)[0]
        split = "test" if "test" in self.find(judged.name).splits(judged.root) else judged.split
        words = ["--dataset", judged.name, "--root", str(judged.root), *(["--split", split] if split else [])]
        return shlex.join(words)


def _choose(splits: Sequence[str], wished: Sequence[str]) -> str | None:
    """The split of one of these names, or the only one that begins so, as train2017 does."""
    for name in wished:
        if name in splits:
            return name
    begun = [split for split in splits if split.startswith(tuple(f"{name}2" for name in wished))]
    return begun[0] if len(begun) == 1 else None


def _alike(split: str | None, splits: Sequence[str]) -> str | None:
    """The split for validation that is called as one for training, as val_half is of train_half."""
    names = (f"{name}{(split or '').removeprefix('train')}" for name in _TO_VALIDATE)
    return next((name for name in names if (split or "").startswith("train") and name in splits), None)


def described(given: Given, found: PictureSet, weight: float, counts: Mapping[str, int]) -> dict[str, Any]:
    """What checkpoints say of a data set.

    Args:
        counts: how much there is in it, by what that is called.
    """
    return {
        "dataset": found.name,
        "split": found.split,
        "weight": weight,
        "images": len(found.images),
        **counts,
        "root": str(given.root.resolve()),
    }


def tell_if_short(recipe: "Recipe") -> None:
    """Says so where hardly an epoch is left in which the rates are high."""
    settings, epochs = recipe.optimisation, recipe.epochs
    flat = settings.flat if settings.schedule == "cosine" else 0
    if settings.warmup_epochs + flat >= epochs > 1:
        notify(
            f"the rates rise for {settings.warmup_epochs:g} epochs and stay low for the last {flat}, and "
            f"there are only {epochs}: little is learned; shorten these with --set optimisation.flat=0 "
            f"--set optimisation.warmup_epochs=1, or take more with --set epochs=…"
        )


def published_start(recipe: "Recipe", init: str | None, out: Path) -> Path | None:
    """The published weights of the model, where they are in the store and nothing else is said."""
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


def changed_settings(recipe: "Recipe") -> dict[str, Any]:
    """The settings of a task that differ from those of its model, by their dotted names, as JSON values."""
    from saccade.core.config import to_json
    from saccade.zoo.recipes import find_recipe

    found: dict[str, Any] = {}

    def compare(old: Any, new: Any, name: str) -> None:
        # the parts of a skeleton only make sense together
        if is_dataclass(new) and type(old) is type(new) and not isinstance(new, Skeleton):
            for each in fields(new):
                compare(getattr(old, each.name), getattr(new, each.name), f"{name}.{each.name}")
        elif old != new:
            found[name] = to_json(new)

    compare(find_recipe(recipe.model).task, recipe.task, "task")
    return found
