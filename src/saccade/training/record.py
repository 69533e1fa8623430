"""run.json: what a training is, for people and scripts; and each time that it was begun."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from saccade.core import ConfigError, OutputError
from saccade.core.errors import reason_of
from saccade.weights.locking import acquire, release

RECORD = "run.json"
LOCK = "run.lock"
PATIENCE = 15.0
"""seconds in which the workers of a training that was killed notice that it is gone"""


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Inside, no other training is at work in a folder.

    Raises:
        ConfigError: when one is.
        OutputError: when the folder cannot be written to.
    """
    try:
        file = acquire(out / LOCK, PATIENCE)
    except OSError as error:
        raise _unwritable(out, error) from None
    if file is None:
        raise ConfigError(
            f"--out {out}: another training is at work in it; give another --out, or wait until it has ended"
        )
    try:
        yield
    finally:
        release(out / LOCK, file)


def write_record(
    out: Path,
    facts: Mapping[str, Any],
    machines: Mapping[str, Any],
    about: Mapping[str, Any],
    step: int,
) -> None:
    """Writes down what a training is, and that it now begins, or goes on, behind a step.

    Args:
        facts: what its checkpoints say of it.
        machines: what it runs on this time.
        about: what is good to know of this time besides.

    Raises:
        OutputError: when it cannot be written.
    """
    path, part = out / RECORD, out / f"{RECORD}.part"
    now = {"time": f"{datetime.now():%Y-%m-%d %H:%M:%S}", "step": step, **about, "machines": dict(machines)}
    before = _read(path) or {}
    # one that came to no checkpoint may have been of something else
    is_same = before.get("course") == facts["course"]
    begun = [*(before.get("begun", ()) if is_same else ()), now]
    try:
        out.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps({**facts, "begun": begun}, indent=2) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from None


def read_record(out: Path) -> Mapping[str, Any] | None:
    """What decides on the course of the training in a folder; None where there is none.

    Raises:
        ConfigError: when the folder's run.json is of something else.
    """
    values = _read(out / RECORD)
    if values is not None and not isinstance(values.get("course"), dict):
        raise ConfigError(f"--out {out}: holds a run.json that is no training's; give another --out")
    return None if values is None else values["course"]


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: cannot be written ({error.strerror or error}); choose another folder with --out"
    )


def _read(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, RecursionError, ValueError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({reason_of(error)}); remove it, or give another --out"
        ) from None
    return values if isinstance(values, dict) else {}
