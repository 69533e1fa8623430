"""Dividing a detection set: by chance that a seed fixes, with the same share of each class on every side."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import yaml
from jaxtyping import Float64

from saccade.core import ConfigError, DatasetError
from saccade.data.detection.coco import folders_of_splits, picture_home
from saccade.data.detection.pictures import READING_REMEDY, alike, groups_of, look_at_all
from saccade.data.detection.records import RawImage, RawSplit
from saccade.data.detection.voc import annotation_folder
from saccade.data.detection.writing import classes_of, coco_content, write_text
from saccade.data.pictured import Pictured


def shares_of(train: float, val: float | None, test: float | None) -> dict[str, float]:
    """The shares of the parts; what is not given is the rest.

    Raises:
        ConfigError: when they are no shares, or more than all.
    """
    given = {"train": train, "val": val, "test": test}
    for name, share in given.items():
        if share is not None and not 0 < share <= 1:
            raise ConfigError(f"--{name} {share:g}: expected a share above 0, e.g. --{name} 0.1")
    shares = {name: share for name, share in given.items() if share is not None}
    rest = 1 - sum(shares.values())
    if rest < -1e-9:
        raise ConfigError(f"the shares sum to {1 - rest:g}; expected 1 at most, e.g. --train 0.8 --val 0.2")
    if rest > 1e-9:
        if len(shares) == 3:
            raise ConfigError(f"the shares sum to {1 - rest:g}; expected 1 where all three are given")
        shares["val" if val is None else "test"] = rest
    return {name: shares[name] for name in given if name in shares}


def divide(
    images: Sequence[RawImage],
    shares: Mapping[str, float],
    seed: int,
    *,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> dict[str, list[RawImage]]:
    """Divides pictures by the classes of their boxes; see `divide_by`."""
    held = [[each.name for each in image.objects] for image in images]
    return divide_by(images, held, shares, seed, progress=progress)


P = TypeVar("P", bound=Pictured)


def divide_by(
    images: Sequence[P],
    held: Sequence[Sequence[str]],
    shares: Mapping[str, float],
    seed: int,
    *,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> dict[str, list[P]]:
    """Divides pictures: those that show the same stay together, and each part has its share of every class.

    Iterative stratification (Sechidis et al., ECML 2011), of groups of pictures: the rarest class goes first,
    each of its pictures to the part that is most in need of it.

    Args:
        held: the class of each thing in each picture.
        progress: see `check_detection`.

    Raises:
        DatasetError: when there are fewer pictures than parts.
    """
    if len(images) < len(shares):
        raise DatasetError(f"{len(images)} pictures cannot be divided into {len(shares)} parts")
    looks = look_at_all([image.file for image in images], progress(len(images)))
    broken = next((file for file, look in looks.items() if look.error), None)
    if broken is not None:
        raise DatasetError(f"{broken}: cannot be read ({looks[broken].error}); {READING_REMEDY}")
    groups = groups_of(alike([looks[image.file] for image in images]), len(images))
    names = sorted({name for each in held for name in each})
    numbers = np.zeros((len(images), len(names) + 2))
    numbers[:, -1] = 1
    for row, each in enumerate(held):
        for name in each:
            numbers[row, names.index(name)] += 1
        numbers[row, -2] = not each
    counts = np.stack([numbers[group].sum(axis=0) for group in groups])
    parts = _stratify(counts, np.array(list(shares.values())), np.random.default_rng(seed))
    divided: dict[str, list[int]] = {name: [] for name in shares}
    for group, part in zip(groups, parts, strict=True):
        divided[list(shares)[part]] += group
    return {name: [images[row] for row in sorted(rows)] for name, rows in divided.items()}


def _stratify(
    counts: Float64[np.ndarray, "G K"], shares: Float64[np.ndarray, " P"], random: np.random.Generator
) -> list[int]:
    """The part of each group.

    Args:
        counts: how many of each class, of pictures without boxes, and of pictures a group has.
    """
    order = random.permutation(len(counts))
    wanted = shares[:, None] * counts.sum(axis=0)
    parts = np.full(len(counts), -1)
    while (parts < 0).any():
        left = counts * (parts < 0)[:, None]
        present = left.sum(axis=0)
        # all pictures are the last class: it is taken when no other is left
        rare = int(np.argmin(np.where(present[:-1] > 0, present[:-1], np.inf))) if present[:-1].any() else -1
        # the largest first, as a small one fits anywhere
        chosen = sorted(order[left[order, rare] > 0].tolist(), key=lambda group: -counts[group, -1])
        for group in chosen:
            need = np.stack([wanted[:, rare], wanted[:, -1], -np.arange(len(shares), dtype=float)])
            part = int(np.lexsort(need[::-1])[-1])
            # a part that has all its pictures takes none, however much it lacks of the class
            if wanted[part, -1] < counts[group, -1] / 2:
                part = int(np.argmax(wanted[:, -1]))
            parts[group] = part
            wanted[part] -= counts[group]
    return [int(part) for part in parts]


def parts_of(splits: Sequence[RawSplit], divided: Mapping[str, Sequence[RawImage]]) -> list[RawSplit]:
    """The parts as splits that can be written."""
    classes = classes_of(splits)
    ids = splits[0].category_ids if splits[0].classes == classes else None
    return [
        replace(splits[0], split=name, images=tuple(images), classes=classes, category_ids=ids)
        for name, images in divided.items()
    ]


def write_lists(parts: Sequence[RawSplit], root: Path) -> list[Path]:
    """Writes which picture is in which part beside the data, in the way of the form; no picture is touched.

    Raises:
        DatasetError: when such a list is there already, or the form has none.
        OutputError: when it cannot be written.
    """
    files = _lists(parts, root)
    taken = next((file for file in files if file.exists()), None)
    if taken is not None:
        raise DatasetError(
            f"{taken} is there already, and nothing is written over; name a new folder by --out"
        )
    for file, text in files.items():
        write_text(file, text)
    return list(files)


def _lists(parts: Sequence[RawSplit], root: Path) -> dict[Path, str]:
    form = parts[0].form
    # where folders are the splits, nobody looks for lists
    if form == "voc" and (folder := annotation_folder(root)) is not None:
        return {
            root / "ImageSets" / "Main" / f"{part.split}.txt": "".join(
                f"{_from(folder, image.source.with_suffix(''))}\n" for image in part.images
            )
            for part in parts
        }
    if form == "coco" and root.is_dir() and not folders_of_splits(root):
        home = picture_home(root)
        return {
            root / "annotations" / f"instances_{part.split}.json": json.dumps(
                coco_content(part, lambda image: _from(home, image.file)), ensure_ascii=False
            )
            + "\n"
            for part in parts
        }
    if form == "yolo" and root.is_dir():
        files = {
            root / f"{part.split}.txt": "".join(f"{_from(root, image.file, './')}\n" for image in part.images)
            for part in parts
        }
        described = root / ("split.yaml" if (root / "data.yaml").exists() else "data.yaml")
        content = {"path": ".", **{str(part.split): f"{part.split}.txt" for part in parts}}
        content["names"] = dict(enumerate(parts[0].classes))  # type: ignore[assignment]
        return {**files, described: yaml.safe_dump(content, sort_keys=False, allow_unicode=True)}
    raise DatasetError(
        f"{root}: {form} that lies so is not divided by lists beside it; name a new folder by --out"
    )


def _from(root: Path, file: Path, before: str = "") -> str:
    """How a file is called from a folder on; in full, where it does not lie there."""
    if file.is_relative_to(root):
        return before + file.relative_to(root).as_posix()
    return str(file.resolve())
