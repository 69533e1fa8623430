"""Checkpoints of a training: plain data, whole at any time, with configuration and data list inside."""

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from saccade.core import ConfigError, OutputError, WeightsError
from saccade.weights.legacy import read_pickled
from saccade.weights.trained import FORMAT

LAST = "last.ckpt"
BEST = "best.ckpt"
SHOWN = 8
"""how many differences are shown"""


def save_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a checkpoint in the place of the one that is there, which stays until the last moment.

    Raises:
        OutputError: when it cannot be written; then the old one is still there.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save({"format": FORMAT, **content}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        # PyTorch's writer stumbles, more than once, over what was said first: by the disk, or by a signal
        cause: BaseException = error
        while cause.__context__ is not None:
            cause = cause.__context__
        if not isinstance(cause, OSError | RuntimeError):
            raise cause from None
        raise _unwritable(path, cause) from None


def keep_checkpoint(path: Path, name: str) -> None:
    """Keeps a checkpoint under another name too, at no cost where the file system has links.

    Raises:
        OutputError: when there is no place for it.
    """
    kept, part = path.with_name(name), path.with_name(f"{name}.part")
    try:
        if kept.is_file() and kept.samefile(path):
            return  # two links to one file would not replace each other
        part.unlink(missing_ok=True)
        try:
            part.hardlink_to(path)
        except OSError:
            shutil.copyfile(path, part)
        part.replace(kept)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(kept, error) from None


def read_training(path: Path) -> dict[str, Any]:
    """What `save_checkpoint` wrote; nothing in the file is run.

    Raises:
        WeightsError: when it is damaged, or no checkpoint of a training of ours.
    """
    content = read_pickled(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise WeightsError(
            f"{path}: no checkpoint of saccade train that this version can go on from; give another --out, "
            f"and its weights with --init {path}"
        )
    return content


def check_same(out: Path, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuses to go on with a training that was another.

    Args:
        before: what decides on the course of the training in the folder, as JSON values.
        now: the same of the one that is asked for.

    Raises:
        ConfigError: with what differs.
    """
    names = [course.get("recipe", {}).get("name") for course in (before, now)]
    # two recipes differ in so much that the name says it all
    recipes = [f"recipe {names[0]}, now {names[1]}"] if names[0] != names[1] else []
    differing = recipes or list(_differences(before, now))
    if differing:
        shown = "; ".join(differing[:SHOWN])
        more = f"; and {len(differing) - SHOWN} more" if len(differing) > SHOWN else ""
        raise ConfigError(
            f"--out {out} holds another training: {shown}{more}; give another --out, and to begin with its "
            f"weights: --init {out / LAST}"
        )


def _differences(before: Any, now: Any, name: str = "") -> Iterator[str]:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), f"{name}.{key}" if name else str(key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for place, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differences(old, new, f"{name}[{place}]")
    elif before != now:
        yield f"{name} was {_short(before)}, now {_short(now)}"


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _unwritable(path: Path, error: BaseException) -> OutputError:
    reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:80]
    there = path if path.is_file() else path.parent / LAST
    kept = f"{there} is the last good one" if there.is_file() else "there is none yet"
    try:
        free = f", {shutil.disk_usage(path.parent).free / 2**20:,.0f} MiB are free"
    except OSError:
        free = ""
    return OutputError(
        f"{path}: the checkpoint cannot be written ({reason}{free}); {kept}; free space, and run the same "
        f"command again"
    )
