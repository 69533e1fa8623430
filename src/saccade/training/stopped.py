"""The end of a training whose loss is no number: what it was shown is kept, to be looked at."""

import math
from pathlib import Path

import torch

from saccade.core import TrainingError
from saccade.data.samples.augment import Colors
from saccade.data.samples.sample import Sample
from saccade.training.checkpoints import LAST
from saccade.training.module import NotFinite
from saccade.training.pictures import save_picture

STOPPED = "stopped"
SHOWN = 3
"""how many parts of the loss are told"""


def not_finite(found: NotFinite, out: Path, step: int, colors: Colors) -> TrainingError:
    """Keeps the batch, and says where and what to do.

    Raises:
        OutputError: when it cannot be kept.
    """
    # the whole, and the first of its parts that are no numbers; the others are often so for their sake
    parts = [name for name, value in found.parts.items() if not math.isfinite(value)][:SHOWN]
    bad = ", ".join(f"{name} {found.parts[name]:g}" for name in parts)
    last = out / LAST
    goes_on = f"go on more slowly in another --out: --init {last}" if last.is_file() else "begin more slowly:"
    went = f"{goes_on} --set optimisation.lr_factor=0.3, or clip gradients with --set optimisation.clip=10"
    if found.batch is None:
        return TrainingError(f"step {step}: the loss of another process is not finite; {went}")
    folder = out / STOPPED
    save_picture(found.batch, colors, folder / "batch.png")
    torch.save(_plain(found.batch), folder / "batch.pt")
    return TrainingError(
        f"step {step}: the loss is not finite ({bad}); its batch is kept: look at {folder / 'batch.png'}, or "
        f"load {folder / 'batch.pt'} with torch.load; if the samples are well, {went}"
    )


def _plain(batch: Sample) -> dict[str, object]:
    """A batch as dictionaries of tensors, to be read anywhere."""
    sets = {"train": batch.train, "test": batch.test}
    return {
        name: {key: part.detach().cpu() for key, part in frames._asdict().items() if part is not None}
        for name, frames in sets.items()
    } | {"origins": list(batch.origins)}
