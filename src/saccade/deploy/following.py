"""Following things in a source, from opening it to closing it."""

from collections.abc import Generator, Iterator, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from saccade.core import ConfigError, Frame, Instances, Model, ModelError, SourceError, Targets, follow_frames
from saccade.core.frame import ColorOrder
from saccade.core.model import Detect
from saccade.core.targets import Box, TargetId
from saccade.media.source import OnBadFrame, Source, open_source


def follow(
    model: Model | Detect,
    source: Any,
    *,
    associate: str | None = None,
    threshold: float | None = None,
    classes: Sequence[str] | None = None,
    boxes: Sequence[Box] = (),
    masks: Sequence[Bool[np.ndarray, "H W"]] | None = None,
    ids: Sequence[TargetId] | None = None,
    start: int = 0,
    end: int | None = None,
    seed: int = 0,
    on_bad_frame: OnBadFrame = "stop",
    color: ColorOrder = "rgb",
    detector: Detect | None = None,
) -> Generator[tuple[Frame, Instances], None, None]:
    """Runs a model over a source, pointing at the targets on its first frame, or following all it finds.

    The source is opened when the first frame is asked for, and closed with the generator.

    Args:
        model: what follows; or with `associate`, a detector, or whatever else finds things when it is called
            with frames.
        source: a file, folder, pattern, camera, stream, or arrays; see `open_source`.
        associate: what says who is who of all that a detector finds: "bytetrack", "ocsort", "sort" or
            "botsort"; see `saccade.association.TrackingByDetection`, which is to be given as the model where
            there is more to set.
        threshold: with `associate`, score from which on something may begin a track; the association's own
            when None.
        classes: with `associate`, names of what is to be followed; everything when None.
        boxes: (x, y, w, h) in pixels of frame `start`, one a target; none for models that find things by
            themselves.
        masks: one boolean mask a target instead of, or beside, the boxes.
        ids: a number or name for each target; numbered from 0 when not given.
        start, end, on_bad_frame, color: see `open_source`.
        seed: the same seed gives the same result, bit for bit, on one device.
        detector: looks for targets of a tracker that were lost; see `saccade.online.recovery.Recovering`,
            which is to be given as the model where there is more to set.

    Yields:
        each frame, and what was found in it.

    Raises:
        SourceError: when the source cannot be read, or the first frame, in which the targets were pointed at,
            had to be left out.
        TargetError: when a target points at nothing, or is given to a model that finds things by itself.
        ConfigError: for an unknown association or class, or either without an association, or a detector with
            one.
        ModelError: when a detector is given to a model that cannot recognise its targets, or an association
            to one that finds nothing by itself.
    """
    if associate is None and (threshold is not None or classes is not None):
        raise ConfigError("threshold and classes are for associations; add associate='bytetrack'")
    if associate is not None and detector is not None:
        raise ConfigError("detector is for targets that are pointed at; leave it or associate out")
    if associate is not None and not callable(model):
        raise ModelError(
            f"'{model.name}' follows what it is pointed at, and associate is for all that a detector finds; "
            "take a detector, such as saccade.load('yolox_nano'), or leave associate out and give boxes"
        )
    targets = Targets(boxes=boxes, ids=ids, masks=masks)
    # torchvision and supervision double the time of a start, so they are imported where they are needed
    with open_source(source, start=start, end=end, on_bad_frame=on_bad_frame, color=color) as frames:
        shown = beginning_whole(frames) if len(targets) else frames
        follower: Any = model
        if detector is not None:
            from saccade.online.recovery import Recovering

            follower = Recovering(follower, detector)
        if associate is not None:
            from saccade.association import TrackingByDetection

            follower = TrackingByDetection.of(
                follower, associate, threshold=threshold, classes=classes, fps=frames.fps
            )
        yield from follow_frames(follower, shown, targets if len(targets) else None, seed=seed)


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
