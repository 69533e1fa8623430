"""Data of a training: what `--data` and `--validate` name, put where the recipe wants it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from saccade.cli.console import err, notify
from saccade.core import ConfigError, DatasetError

if TYPE_CHECKING:
    from saccade.data.samples.footage import Footage
    from saccade.data.samples.mixture import Mixture
    from saccade.training.recipe import Part, TrackingRecipe

_GIVEN = re.compile(r"(?P<name>[^:@=]+)(:(?P<split>[^@=]+))?(@(?P<weight>[^=]+))?=(?P<root>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Given:
    """A data set as `NAME[:SPLIT][@WEIGHT]=DIR` names it."""

    name: str
    split: str | None
    weight: float | None
    root: Path

    @classmethod
    def of(cls, text: str, option: str = "--data") -> "Given":
        """Reads what was typed of a data set of sequences.

        Raises:
            ConfigError: when it is none, or its weight is no number above 0.
            DatasetError: for an unknown data set, or a split that it does not have.
        """
        from saccade.data.datasets import find_any

        given = cls.as_typed(text, option)
        entry = find_any(given.name)
        split = None if given.split is None else entry.split(given.split)
        return replace(given, name=entry.name, split=split)

    @classmethod
    def as_typed(cls, text: str, option: str, example: str = "lasot=/data/LaSOT") -> "Given":
        """What was typed, whatever data set it names.

        Args:
            example: for whoever typed something else.

        Raises:
            ConfigError: when it is none, or its weight is no number above 0.
        """
        found = _GIVEN.fullmatch(text)
        if found is None:
            raise ConfigError(
                f"{option} {text}: expected NAME=DIR, as in {example}, or NAME:SPLIT@WEIGHT=DIR"
            )
        name, split, weight = found["name"], found["split"], found["weight"]
        if weight is not None and not _is_weight(weight):
            weighted = example.replace("=", "@0.25=")
            raise ConfigError(f"{option} {text}: expected a weight above 0, e.g. {option} {weighted}")
        return cls(name, split, None if weight is None else float(weight), Path(found["root"]))


def mix(
    recipe: "TrackingRecipe", given: Sequence[Given]
) -> tuple["Mixture", "Mixture | None", list[dict[str, Any]]]:
    """The mixture to train on, that to measure on, and what checkpoints say of the former.

    Those given take the place of the recipe's; where it names them, with its splits and weights.

    Raises:
        DatasetError: when none is given, or nothing of one lies there.
        ConfigError: when one is given twice.
    """
    if not given:
        _ask_for(recipe)
    rows = [row for one in given for row in _rows(one, recipe.data)]
    for place, (part, _) in enumerate(rows):
        if any((part.dataset, part.split) == (other.dataset, other.split) for other, _ in rows[:place]):
            raise ConfigError(f"--data {part.dataset}: comes twice with the same split; name each once")
    left_out = [part for part in recipe.data if part.dataset not in {one.name for one in given}]
    if left_out:
        names = ", ".join(dict.fromkeys(part.dataset for part in left_out))
        notify(f"{recipe.name} also wants {names}, which no --data gives; training goes on without")
    held_out = [(part, one.root) for part in recipe.validation for one in given if one.name == part.dataset]
    if recipe.validation and not held_out:
        names = ", ".join(dict.fromkeys(part.dataset for part in recipe.validation))
        notify(f"no loss is measured on {names}, which no --data gives; --validate NAME=DIR tracks sequences")
    masks = recipe.processing.has_masks
    mixture, described = _open(rows, masks)
    return mixture, _open_held_out(held_out, masks), described


def _open_held_out(rows: Sequence[tuple["Part", Path]], masks: bool) -> "Mixture | None":
    """What is measured on, as far as it is there; who trains on a part of a data set may have none of it."""
    from saccade.data.samples.mixture import Mixture

    footages, weights = [], []
    for part, root in rows:
        try:
            footages.append(_footage(part, root, masks))
        except DatasetError as error:
            notify(f"no loss is measured on {part.dataset}:{part.split}: {error}")
        else:
            weights.append(part.weight)
    return Mixture(footages, weights) if footages else None


def _open(rows: Sequence[tuple["Part", Path]], masks: bool) -> tuple["Mixture", list[dict[str, Any]]]:
    from saccade.data.samples.mixture import Mixture

    footages = [_footage(part, root, masks) for part, root in rows]
    described = [
        {
            "dataset": part.dataset,
            "split": part.split,
            "weight": part.weight,
            "targets": len(footage),
            "root": str(root.resolve()),
        }
        for (part, root), footage in zip(rows, footages, strict=True)
    ]
    return Mixture(footages, [part.weight for part, _ in rows]), described


def _footage(part: "Part", root: Path, masks: bool) -> "Footage":
    from saccade.data.samples.opening import open_footage

    footage = open_footage(part.dataset, root, part.split, masks=masks)
    if masks and not footage.has_masks:
        raise DatasetError(f"{footage.name} has no masks, from which this recipe learns; leave it out")
    return footage


def _rows(one: Given, parts: "Sequence[Part]") -> "Iterator[tuple[Part, Path]]":
    """A given data set as parts of the mixture: the recipe's where it names it, else one of weight 1."""
    from saccade.training.recipe import Part

    named = [part for part in parts if part.dataset == one.name and one.split in (None, part.split)]
    named = named or [Part(dataset=one.name, split=one.split)]
    total = sum(part.weight for part in named)
    for part in named:
        share = 1.0 if one.weight is None else one.weight / total
        yield replace(part, weight=part.weight * share), one.root


def _ask_for(recipe: "TrackingRecipe") -> None:
    """Says what the recipe would use, and where it comes from."""
    from saccade.data.datasets import find_any

    splits: dict[str, list[str]] = {}
    for part in recipe.data:
        splits.setdefault(part.dataset, []).append(part.split or "all")
    for name, parts in splits.items():
        weight = sum(part.weight for part in recipe.data if part.dataset == name)
        entry = find_any(name)
        said = (
            f"{name} ({', '.join(parts)}), weight {weight:g}, from {entry.obtain or 'its authors'}; "
            f"laid out as {entry.layout}"
        )
        err.print(escape(said), soft_wrap=True)
    example = " ".join(f"--data {name}=DIR" for name in splits)
    raise DatasetError(
        f"{recipe.name} learns from the data sets above; say where they lie with {example}; training goes on "
        f"with those that are given, be they these or others, such as folder=DIR"
    )


def _is_weight(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False
