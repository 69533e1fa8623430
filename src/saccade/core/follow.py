"""The loop around `step` that the command line, the live page and the evaluation all use."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances
from saccade.core.model import Model
from saccade.core.targets import Targets


def follow_frames(
    model: Model,
    frames: Iterable[Any],
    targets: Targets | Mapping[int, Targets] | None = None,
    *,
    seed: int = 0,
    color: ColorOrder = "rgb",
) -> Iterator[tuple[Frame, Instances]]:
    """Runs a model over frames, pointing at the targets on the first of them, or when they appear.

    Args:
        frames: `Frame`s, or arrays as `Frame.of` takes them, which are numbered from 0.
        targets: what to follow from the first frame on, or by the index of a frame, what from there on; None
            for models that find things by themselves.

    Yields:
        each frame, and what was found in it.
    """
    run = model.start(seed=seed)
    for number, picture in enumerate(frames):
        frame = Frame.of(picture, index=number, color=color)
        if isinstance(targets, Mapping):
            joining = targets.get(frame.index)
        else:
            joining = targets if number == 0 else None
        yield frame, run.step(frame, joining)
