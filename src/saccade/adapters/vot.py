"""saccade under the VOT toolkit: in the toolkit's own Python (`protocol = python`), and over TraX.

`saccade vot init` writes the descriptions by which the toolkit finds both. It starts `load_tracker` in a
process of its own; over TraX it starts `saccade vot serve`, which may be installed anywhere, and to which it
can also give masks.
"""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, UInt8

from saccade.core import (
    ConfigError,
    Frame,
    Instances,
    MissingExtraError,
    Model,
    ModelError,
    Run,
    TargetError,
    Targets,
)
from saccade.media.images import read_frame
from saccade.ops.masks import mask_box

__all__ = ["Regions", "VOTTracker", "load_tracker", "serve"]

Regions = Literal["rectangle", "mask"]
"""in which form targets are given and answered over TraX"""

Region = tuple[float, ...] | list[tuple[float, float]] | UInt8[np.ndarray, "h w"]
"""as the toolkit gives it: (x, y, w, h), corners (x, y), or a mask from the frame's left upper corner on"""

Prompt = tuple[Region, Mapping[str, Any]]
"""the region of a target, and its properties, of which there are none that would matter here"""


class VOTTracker:
    """Follows targets for the toolkit's `protocol = python`, any number of them at once.

    The answer about each target is its box (x, y, w, h), or its mask where the model segments, and the
    model's score as `confidence`.

    Args:
        seed: as in `model.start`, the same for every sequence.
    """

    multiobject = True
    """what the toolkit asks before it gives more than one target"""

    def __init__(self, model: Model, *, seed: int = 0) -> None:
        self._session = _Session(model, seed)

    def init(self, frame: Any, new: Prompt | list[Prompt]) -> list[tuple[Any, dict[str, float]]]:
        """Begins a sequence.

        Args:
            frame: file of the first frame, or its channels by name as arrays.
            new: region and properties of each target.

        Raises:
            TargetError: when a region points at nothing.
        """
        return _answers(self._session.begin(_picture(frame, 0), _regions(new)))

    def update(self, frame: Any, new: Prompt | list[Prompt]) -> list[tuple[Any, dict[str, float]]]:
        """Finds the targets in the next frame, and is given those that appear in it; see `init`."""
        return _answers(self._session.go_on(_picture(frame, self._session.frames), _regions(new)))


def load_tracker(
    model: str,
    *,
    weights: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    seed: str = "0",
    settings: str = "",
) -> VOTTracker:
    """What `trackers.ini` names; its arguments are the texts that stand there after `arg_`.

    Args:
        settings: `key=value`, separated by blanks.

    Raises:
        InputError: when there is no such model, or it cannot be made.
    """
    from saccade.zoo import load

    try:
        pairs = [word.partition("=") for word in shlex.split(settings)]
    except ValueError:  # a quotation mark without its other half
        pairs = [("", "", "")]
    if not seed.isdecimal() or not all(key and sign for key, sign, _ in pairs):
        raise ConfigError(
            f"trackers.ini: expected arg_seed = N and arg_settings = key=value …, got {seed} and '{settings}'"
        )
    return VOTTracker(
        load(
            model,
            weights=None if weights == "none" else weights,
            device=device,
            precision="float32" if precision == "float32" else "auto",
            settings={key: value for key, _, value in pairs},
        ),
        seed=int(seed),
    )


def serve(model: Model, *, seed: int = 0, regions: Regions = "rectangle") -> None:
    """Follows what a toolkit asks for over TraX, until it says that it is done.

    Čehovin Zajc, TraX: The visual Tracking eXchange protocol and library (2017).

    Args:
        regions: what the toolkit is asked for and answered: boxes, or masks, for models that segment.

    Raises:
        MissingExtraError: when the package vot-trax is not installed.
        ModelError: when masks are asked of a model that answers boxes.
        TargetError: when a region points at nothing.
    """
    try:
        import trax
        from trax.image import ImageChannel
    except ImportError:
        raise MissingExtraError.of("vot-trax", "vot") from None
    session = _Session(model, seed)
    with trax.Server(
        [regions], [trax.Image.PATH], [ImageChannel.COLOR], tracker_name=model.name, multiobject=True
    ) as server:
        while (request := server.wait()).type in (trax.TraxStatus.INITIALIZE, trax.TraxStatus.FRAME):
            new = [_from_trax(region) for region, _ in request.objects or ()]
            begins = request.type == trax.TraxStatus.INITIALIZE
            frame = _picture(request.image[ImageChannel.COLOR].path(), 0 if begins else session.frames)
            found = session.begin(frame, new) if begins else session.go_on(frame, new)
            server.status([_to_trax(found, row, regions) for row in range(len(found))])


class _Session:
    """A sequence after another, in each of which targets are numbered in the order in which they appear.

    Attributes:
        frames: how many of the sequence were seen.
    """

    def __init__(self, model: Model, seed: int) -> None:
        self.frames = 0
        self._model, self._seed = model, seed
        self._run: Run | None = None
        self._targets = 0

    def begin(self, frame: Frame, new: Sequence[Region]) -> Instances:
        self._run, self._targets, self.frames = self._model.start(seed=self._seed), 0, 0
        return self.go_on(frame, new)

    def go_on(self, frame: Frame, new: Sequence[Region]) -> Instances:
        """What was found, a row a target in the order in which they appeared."""
        if self._run is None:
            raise TargetError("nothing to follow yet; the toolkit must call init before update")
        ids = range(self._targets, self._targets + len(new))
        found = self._run.step(frame, _targets(new, ids, frame) if new else None)
        self._targets += len(new)
        self.frames += 1
        rows = {0: 0} if found.ids is None else {target: row for row, target in enumerate(found.ids)}
        missing = [target for target in range(self._targets) if rows.get(target, len(found)) >= len(found)]
        if missing:
            raise ModelError(
                f"frame {frame.index}: {self._model.name} answered nothing about target {missing[0]}"
            )
        return found[np.array([rows[target] for target in range(self._targets)])]


def _targets(new: Sequence[Region], ids: Iterable[int], frame: Frame) -> Targets:
    regions = [_box_or_mask(region, frame.size_wh) for region in new]
    masks = [region for region in regions if isinstance(region, np.ndarray)]
    if len(masks) == len(regions):
        return Targets(masks=masks, ids=list(ids))
    if masks:
        raise TargetError(f"frame {frame.index}: masks and boxes at once; give all targets in one form")
    return Targets(boxes=[region for region in regions if isinstance(region, tuple)], ids=list(ids))


def _box_or_mask(
    region: Region, size_wh: tuple[int, int]
) -> tuple[float, float, float, float] | Bool[np.ndarray, "H W"]:
    """A region as a box (x, y, w, h), or as a mask at the size of the frame."""
    if isinstance(region, np.ndarray):
        mask = np.zeros(size_wh[::-1], dtype=bool)
        part = region[: size_wh[1], : size_wh[0]] > 0
        mask[: part.shape[0], : part.shape[1]] = part
        return mask
    if isinstance(region, tuple) and len(region) == 4:
        x, y, w, h = region
        return x, y, w, h
    corners = np.asarray(region, dtype=np.float64)
    if corners.ndim != 2 or len(corners) < 3:
        raise TargetError(f"expected a box x,y,w,h, a polygon or a mask, got {region!r}")
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    return float(left), float(top), float(right - left), float(bottom - top)


def _answers(found: Instances) -> list[tuple[Any, dict[str, float]]]:
    regions: list[Any] = [tuple(box) for box in found.xywh.tolist()]
    if found.masks is not None:
        regions = [_Rows(mask.astype(np.uint8).tolist()) for mask in found.masks]
    return [
        (region, {"confidence": score}) for region, score in zip(regions, found.scores.tolist(), strict=True)
    ]


class _Rows(list[list[int]]):
    """A mask as rows of pixels, the one form of it that the toolkit takes.

    Version 0.9 then treats the rows as if they were an array, hence the method.
    """

    def astype(self, kind: Any) -> np.ndarray:
        return np.array(self, dtype=kind)


def _regions(new: Prompt | list[Prompt]) -> list[Region]:
    """What is pointed at; experiments with a single target give it without a list around it."""
    return [region for region, _ in (new if isinstance(new, list) else [new])]


def _picture(source: Any, index: int) -> Frame:
    """A frame from its file, or from its channels, of which only the colours are looked at."""
    if not isinstance(source, Mapping):
        return read_frame(Path(source), index)
    return Frame.of(source.get("color", next(iter(source.values()))), index=index)


def _from_trax(region: Any) -> Region:
    from trax.region import Region as Kinds

    if region.type == Kinds.RECTANGLE:
        return tuple(region.bounds())
    if region.type == Kinds.POLYGON:
        return list(region)
    pixels, (x, y) = region.array(), region.offset()
    inside = pixels[max(-y, 0) :, max(-x, 0) :]
    return np.pad(inside, ((max(y, 0), 0), (max(x, 0), 0)))


def _to_trax(found: Instances, row: int, regions: Regions) -> tuple[Any, dict[str, float]]:
    from trax.region import Mask, Rectangle

    facts = {"confidence": float(found.scores[row])}
    if regions == "rectangle":
        return Rectangle.create(*found.xywh[row].tolist()), facts
    if found.masks is None:
        raise ModelError("masks were asked for, but this model answers boxes; serve it with rectangles")
    mask = found.masks[row]
    x1, y1, x2, y2 = (int(v) for v in mask_box(mask))
    inner = (
        np.ascontiguousarray(mask[y1:y2, x1:x2], dtype=np.uint8) if x2 > x1 else np.zeros((1, 1), np.uint8)
    )
    return Mask.create(inner, x=x1, y=y1), facts
