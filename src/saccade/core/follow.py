"""The loop around `step` that the command line, the live page and the evaluation all use."""

from collections.abc import Iterable, Iterator
from typing import Any

from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances
from saccade.core.model import Model
from saccade.core.targets import Targets


def follow_frames(
    model: Model,
    frames: Iterable[Any],
    targets: Targets | None = None,
    *,
    seed: int = 0,
    color: ColorOrder = "rgb",
) -> Iterator[tuple[Frame, Instances]]:
    """Runs a model over frames, pointing at the targets on the first of them.

    Args:
        frames: `Frame`s, or arrays as `Frame.of` takes them, which are numbered from 0.
        targets: what to follow; None for models that find things by themselves.

    Yields:
        each frame, and what was found in it.
    """
    run = model.start(seed=seed)
    for number, picture in enumerate(frames):
        frame = Frame.of(picture, index=number, color=color)
        yield frame, run.step(frame, targets if number == 0 else None)
