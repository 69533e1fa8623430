"""The end of a training whose loss is no number, or whose parameters are none: what is kept, and said."""

import math
from pathlib import Path

import torch

from saccade.core import OutputError, TrainingError
from saccade.core.errors import reason_of
from saccade.training.checkpoints import LAST
from saccade.training.feed import Feed
from saccade.training.module import NotFinite
from saccade.training.pictures import save_picture

STOPPED = "stopped"
SHOWN = 3
"""how many parts of the loss are told"""


def not_finite(found: NotFinite, out: Path, step: int, feed: Feed) -> TrainingError:
    """Keeps the batch, and says where and what to do.

    Raises:
        OutputError: when it cannot be kept.
    """
    # the whole, and the first of its parts that are no numbers; the others are often so for their sake
    parts = [name for name, value in found.parts.items() if not math.isfinite(value)][:SHOWN]
    bad = ", ".join(f"{name} {found.parts[name]:g}" for name in parts)
    if found.batch is None:
        return TrainingError(f"step {step}: the loss of another process is not finite; {_slower(out)}")
    folder = out / STOPPED
    save_picture(feed.draw(found.batch), folder / "batch.png")
    _save(found.batch.plain(), folder / "batch.pt")
    return TrainingError(
        f"step {step}: the loss is not finite ({bad}); its batch is kept: look at {folder / 'batch.png'}, or "
        f"load {folder / 'batch.pt'} with torch.load; if the samples are well, {_slower(out)}"
    )


def spoiled(out: Path, step: int) -> TrainingError:
    """The end of a training whose loss was a number, but whose gradients were none."""
    return TrainingError(
        f"step {step}: parameters have become infinite, or no numbers, and are not kept; {_slower(out)}"
    )


def _slower(out: Path) -> str:
    last = out / LAST
    goes_on = f"go on more slowly in another --out: --init {last}" if last.is_file() else "begin more slowly:"
    return f"{goes_on} --set optimisation.lr_factor=0.3, or clip gradients with --set optimisation.clip=10"


def _save(content: dict[str, object], path: Path) -> None:
    try:
        torch.save(content, path)
    except (OSError, RuntimeError) as error:  # the latter where the disk is full
        raise OutputError(
            f"{path}: the batch cannot be kept ({reason_of(error)}); free space, and run the same command "
            f"again"
        ) from None
