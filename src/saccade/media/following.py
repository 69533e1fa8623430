"""Following things in a source, from opening it to closing it."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from saccade.core import Frame, Instances, Model, SourceError, Targets, follow_frames
from saccade.core.frame import ColorOrder
from saccade.core.targets import Box, TargetId
from saccade.media.source import OnBadFrame, Source, open_source


def follow(
    model: Model,
    source: Any,
    *,
    boxes: Sequence[Box] = (),
    masks: Sequence[Bool[np.ndarray, "H W"]] | None = None,
    ids: Sequence[TargetId] | None = None,
    start: int = 0,
    end: int | None = None,
    seed: int = 0,
    on_bad_frame: OnBadFrame = "stop",
    color: ColorOrder = "rgb",
) -> Generator[tuple[Frame, Instances], None, None]:
    """Runs a model over a source, pointing at the targets on its first frame.

    The source is opened when the first frame is asked for, and closed with the generator.

    Args:
        model: what follows.
        source: a file, folder, pattern, camera, stream, or arrays; see `open_source`.
        boxes: (x, y, w, h) in pixels of frame `start`, one a target; none for models that find things by
            themselves.
        masks: one boolean mask a target instead of, or beside, the boxes.
        ids: a number or name for each target; numbered from 0 when not given.
        start, end, on_bad_frame, color: see `open_source`.
        seed: the same seed gives the same result, bit for bit, on one device.

    Yields:
        each frame, and what was found in it.

    Raises:
        SourceError: when the source cannot be read, or the first frame, in which the targets were pointed at,
            had to be left out.
        TargetError: when a target points at nothing.
    """
    targets = Targets(boxes=boxes, ids=ids, masks=masks)
    with open_source(source, start=start, end=end, on_bad_frame=on_bad_frame, color=color) as frames:
        shown = beginning_whole(frames) if len(targets) else frames
        yield from follow_frames(model, shown, targets if len(targets) else None, seed=seed)


def beginning_whole(source: Source) -> Iterator[Frame]:
    """The frames of a source, refused when the first was left out: boxes drawn on it would fit no other."""
    for number, frame in enumerate(source):
        if number == 0 and source.skipped:
            raise SourceError(
                "the targets were pointed at in a frame that cannot be read; begin at a later one with "
                f"--start ({source.skipped[0]})",
                frame=frame.index,
            )
        yield frame
