"""The models of all pose estimators: called with a frame, or with several, they find people's key points.

PeopleFinder    a network that finds people in whole frames by itself: Keypoint R-CNN; OpenPose, behind
                `bottom_up`, which puts people together of what such a network finds
TopDown         a network that looks at one person at a time (Hourglass, SimpleBaseline): where they are, a
                detector says, or the caller
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypedDict, overload

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from saccade.core import Frame, Instances, ModelError, TargetError
from saccade.core.frame import ColorOrder
from saccade.core.model import Detect as Detect
from saccade.core.skeleton import Skeleton
from saccade.core.targets import check_box
from saccade.core.timing import Stopwatch
from saccade.data.pose.crops import PersonCrop, crop_of_box
from saccade.nets.inference import for_inference
from saccade.online.memoryless import FrameNetwork, MemorylessRun, Resize, WholeFrames, frames_of
from saccade.ops.heat_maps import decode, unflip
from saccade.ops.key_points import oks_nms, rescore

CROPS = 64
"""people that a top-down network looks at together, at most: those of a frame, and memory has a bound"""


class FoundPeople(TypedDict):
    """Who was found in a picture, best first."""

    boxes: Tensor
    """(N, 4), corners in pixels of the picture that was given, edges, float32"""
    scores: Tensor
    """(N,), confidence in [0, 1], float32"""
    keypoints: Tensor
    """(N, K, 2), (x, y) in pixels of that picture, the middle of its first being (0, 0), float32"""
    keypoint_scores: Tensor
    """(N, K), confidence in [0, 1], float32; 0 for a key point that was not found, whose place is (0, 0)"""


@dataclass(frozen=True, slots=True, eq=False)
class PeopleFinder:
    """The `Model` of networks that find people in whole frames by themselves.

    Attributes:
        name: name in the catalogue.
        config: the frozen configuration; `config.network.skeleton` says what the key points are.
        network: what is learned, as it was loaded.
    """

    name: str
    config: Any
    network: nn.Module
    _eye: WholeFrames

    @classmethod
    def of(
        cls, name: str, config: Any, network: nn.Module, *, device: torch.device, precision: str
    ) -> "PeopleFinder":
        """An estimator with this network.

        Args:
            network: a `FrameNetwork`, which finds `FoundPeople`.
            precision: as `saccade.load` takes it; "auto" also resizes pictures before they become floats.
        """
        ready: Any = for_inference(network, device=device, precision=precision)
        return cls.reading(name, config, network, ready, device=device, precision=precision)

    @classmethod
    def reading(
        cls,
        name: str,
        config: Any,
        network: nn.Module,
        reader: FrameNetwork,
        *,
        device: torch.device,
        precision: str,
    ) -> "PeopleFinder":
        """An estimator in which a reader stands between frames and the network, which it has made ready."""
        return cls(name, config, network, WholeFrames(reader, device, resizes_bytes=precision == "auto"))

    def start(self, *, seed: int = 0) -> MemorylessRun:
        """Begins a pass over a video; nothing is drawn at random, whatever the seed."""
        return MemorylessRun(self)

    @overload
    def __call__(
        self, frames: list[Any] | tuple[Any, ...], *, boxes: Any = ..., color: ColorOrder = ...
    ) -> list[Instances]: ...

    @overload
    def __call__(self, frames: Any, *, boxes: Any = ..., color: ColorOrder = ...) -> Instances: ...

    def __call__(
        self, frames: Any, *, boxes: Any = None, color: ColorOrder = "rgb"
    ) -> Instances | list[Instances]:
        """The people in a frame, best first; of a list of frames, looked at together, those in each.

        Timings are milliseconds of a frame: `pre`, until the network can see it; `network`, all that is
        computed of the whole picture; `post`, from there to people.

        Args:
            frames: whatever `Frame.of` takes, or a list of such, of any sizes.
            boxes: none; that is for models that look at one person at a time.
            color: channel order of arrays.

        Returns:
            `Instances` with key points in pixels of the frame; a list of them for a list. A key point that
            was not found has score 0 and is at (0, 0).

        Raises:
            FrameError: for what is no picture.
            ModelError: when boxes are given.
        """
        if boxes is not None:
            raise ModelError(f"'{self.name}' finds people by itself; leave the boxes out")
        found = self._eye.look(frames_of(frames, color), self._row)
        return found if isinstance(frames, list | tuple) else found[0]

    def _row(self, found: FoundPeople, resize: Resize) -> dict[str, Any]:
        points = found["keypoints"].float().cpu().numpy()
        scores = found["keypoint_scores"].float().cpu().numpy()
        return {
            "boxes": resize.boxes(found["boxes"].float().cpu().numpy()),
            "scores": found["scores"].float().cpu().numpy(),
            "keypoints": np.where(scores[..., None] > 0, resize.points(points), np.float32(0)),
            "keypoint_scores": scores,
            "skeleton": self.config.network.skeleton,
        }


class _Wanted(NamedTuple):
    """Whom to look at in a frame: corners in pixels of it, and how sure it is that they are there."""

    boxes: Float[np.ndarray, "N 4"]
    scores: Float[np.ndarray, " N"]


@dataclass(frozen=True, slots=True, eq=False)
class TopDown:
    """The `Model` of networks that look at one person at a time.

    Attributes:
        name: name in the catalogue.
        config: the frozen configuration, a `TopDownConfig` with a `network` that has a `skeleton`.
        network: what is learned, as it was loaded: from crops (B, 3, H, W), RGB from 0 to 1, to the heat maps
            (B, S, K, h, w) of all its stacks.
        detector: says where people are; None where the caller always says it.
    """

    name: str
    config: Any
    network: nn.Module
    detector: Detect | None
    _ready: nn.Module
    _device: torch.device

    @classmethod
    def of(
        cls,
        name: str,
        config: Any,
        network: nn.Module,
        *,
        device: torch.device,
        precision: str,
        detector: Detect | None = None,
    ) -> "TopDown":
        """An estimator with this network; precision as `saccade.load` takes it."""
        ready = for_inference(network, device=device, precision=precision)
        return cls(name, config, network, detector, ready, device)

    def with_detector(self, detector: Detect | None) -> "TopDown":
        """The same, asking this detector where people are."""
        return replace(self, detector=detector)

    def start(self, *, seed: int = 0) -> MemorylessRun:
        """Begins a pass over a video; nothing is drawn at random, whatever the seed."""
        return MemorylessRun(self)

    @overload
    def __call__(
        self, frames: list[Any] | tuple[Any, ...], *, boxes: Any = ..., color: ColorOrder = ...
    ) -> list[Instances]: ...

    @overload
    def __call__(self, frames: Any, *, boxes: Any = ..., color: ColorOrder = ...) -> Instances: ...

    def __call__(
        self, frames: Any, *, boxes: Any = None, color: ColorOrder = "rgb"
    ) -> Instances | list[Instances]:
        """The people in a frame; of a list of frames, which are looked at together, those in each.

        All people are one batch. Without boxes, the detector says where people are, and they come best first:
        the score is the box's times the mean of those of the key points that are above `joint_threshold`; of
        two people who are almost the same, by OKS, the better is left. With boxes, rows are those of the
        boxes; where a box lies outside of the frame altogether, nobody is seen and all scores are 0.

        Timings are milliseconds of a frame: `detect`, where a detector was asked; `pre`, until the network
        can see the people; `network`, what it computes of them; `post`, from there to key points.

        Args:
            frames: whatever `Frame.of` takes, or a list of such, of any sizes.
            boxes: (x, y, w, h), top-left and size in frame pixels, one a person; for a list of frames, a list
                of such lists. A frame may have none.
            color: channel order of arrays.

        Returns:
            `Instances` with key points in pixels of the frame; a list of them for a list. A key point that
            was not found has score 0 and is at (0, 0).

        Raises:
            FrameError: for what is no picture.
            ModelError: when there are neither boxes nor a detector.
            TargetError: for a box that has no area, with its row, or lists of boxes that are not one a frame.
        """
        is_list = isinstance(frames, list | tuple)
        looked_at = frames_of(frames, color)
        if boxes is None:
            found = self._found(looked_at)
        else:
            found = self._look(looked_at, _given(boxes if is_list else [boxes], looked_at))
        # not before: people of whom little was found would be alike
        found = [_without_unfound(each) for each in found]
        return found if is_list else found[0]

    def _found(self, frames: Sequence[Frame]) -> list[Instances]:
        """The people whom the detector has found, those left out who are unlikely or there twice."""
        if self.detector is None:
            raise ModelError(
                f"'{self.name}' looks at one person at a time and has no detector that says where they are; "
                f"give it boxes=, or load it with detector=NAME, such as fasterrcnn_resnet50_fpn"
            )
        stopwatch = Stopwatch()
        with stopwatch.stage("detect"):
            detected = self.detector(list(frames))
        spent = stopwatch.take()["detect"] / max(len(frames), 1)
        people = self._look(frames, [self._wanted(each) for each in detected])
        timed = [replace(each, timings={"detect": spent, **each.timings}) for each in people]
        return [self._best(each) for each in timed]

    def _wanted(self, detected: Instances) -> _Wanted:
        config = self.config
        is_wanted = (detected.scores >= config.box_threshold) & np.isfinite(detected.boxes).all(1)
        is_wanted &= (detected.boxes[:, 2:] > detected.boxes[:, :2]).all(1)
        if detected.names is not None:
            is_wanted &= detected.names == config.subject
        rows = np.flatnonzero(is_wanted)
        rows = rows[np.argsort(-detected.scores[rows], kind="stable")][: config.max_people]
        return _Wanted(detected.boxes[rows], detected.scores[rows])

    def _best(self, people: Instances) -> Instances:
        config = self.config
        people = people[np.argsort(-people.scores, kind="stable")]
        people = people[people.scores >= config.threshold]
        assert people.keypoints is not None
        # SimpleBaseline's areas are those of the crops
        widths, heights = (people.boxes[:, 2:] - people.boxes[:, :2]).T
        shape = config.size[0] / config.size[1]
        areas = (np.maximum(widths, heights * shape) * config.enlargement) ** 2 / shape
        return people[oks_nms(people.keypoints, areas, self._skeleton.sigmas, threshold=config.nms)]

    @property
    def _skeleton(self) -> Skeleton:
        skeleton: Skeleton = self.config.network.skeleton
        return skeleton

    @torch.inference_mode()
    def _look(self, frames: Sequence[Frame], wanted: Sequence[_Wanted]) -> list[Instances]:
        """The people in boxes, a row a box."""
        config, stopwatch = self.config, Stopwatch()
        pairs = [(frame, box) for frame, each in zip(frames, wanted, strict=True) for box in each.boxes]
        points = np.zeros((len(pairs), len(self._skeleton), 2), np.float32)
        scores = np.zeros((len(pairs), len(self._skeleton)), np.float32)
        for some in _slices(len(pairs), CROPS):
            with stopwatch.stage("pre"):
                crops = [
                    crop_of_box(box, config.size, enlargement=config.enlargement) for _, box in pairs[some]
                ]
                seen = zip(pairs[some], crops, strict=True)
                pictures = self._batch([crop.cut(frame.image) for (frame, _), crop in seen])
            with stopwatch.stage("network"):
                maps = self._maps(pictures)
            with stopwatch.stage("post"):
                points[some], scores[some] = self._decode(maps, crops)
        for row, (frame, box) in enumerate(pairs):
            scores[row] *= _overlaps(box, frame.size_wh)
        timings = {
            stage: stopwatch.milliseconds.get(stage, 0.0) / max(len(frames), 1)
            for stage in ("pre", "network", "post")
        }
        return list(self._rows(frames, wanted, points, scores, timings))

    def _batch(self, crops: Sequence[UInt8[np.ndarray, "H W 3"]]) -> Float[Tensor, "B 3 H W"]:
        pixels = torch.from_numpy(np.stack(crops)).to(self._device)
        return pixels.permute(0, 3, 1, 2).float() / 255

    def _maps(self, pictures: Float[Tensor, "B 3 H W"]) -> Float[Tensor, "B K h w"]:
        """The heat maps of the last stack; the mean of both where mirror images are looked at as well."""
        flips = self.config.flip_test
        seen = torch.cat([pictures, pictures.flip(3)]) if flips else pictures
        maps: Tensor = self._ready(seen)[:, -1].float()
        if not flips:
            return maps
        straight, flipped = maps.chunk(2)
        back = unflip(flipped, self._skeleton.mirror, shifts=self.config.shifts_flipped)
        return (straight + back) / 2

    def _decode(
        self, maps: Float[Tensor, "B K h w"], crops: Sequence[PersonCrop]
    ) -> tuple[Float[np.ndarray, "B K 2"], Float[np.ndarray, "B K"]]:
        """Key points in pixels of the frames, and their scores."""
        config = self.config
        cells, scores = decode(maps, config.decode, sigma=config.blur)
        stride = config.size[0] / maps.shape[3]
        pixels = (cells * stride + config.first_cell).cpu().numpy()
        points = np.stack([crop.to_frame(row) for crop, row in zip(crops, pixels, strict=True)])
        return points, scores.clamp(0, 1).cpu().numpy()

    def _rows(
        self,
        frames: Sequence[Frame],
        wanted: Sequence[_Wanted],
        points: Float[np.ndarray, "P K 2"],
        scores: Float[np.ndarray, "P K"],
        timings: dict[str, float],
    ) -> Iterator[Instances]:
        begin = 0
        for frame, each in zip(frames, wanted, strict=True):
            rows = slice(begin, begin + len(each.boxes))
            begin = rows.stop
            yield Instances(
                boxes=each.boxes,
                scores=rescore(each.scores, scores[rows], threshold=self.config.joint_threshold),
                keypoints=points[rows],
                keypoint_scores=scores[rows],
                skeleton=self._skeleton,
                frame=frame.index,
                time=frame.time,
                timings=timings,
            )


def _without_unfound(people: Instances) -> Instances:
    """People whose key points are at (0, 0) where they were not found."""
    assert people.keypoints is not None and people.keypoint_scores is not None
    return replace(people, keypoints=np.where(people.keypoint_scores[..., None] > 0, people.keypoints, 0))


def _given(boxes: Sequence[Any], frames: Sequence[Frame]) -> list[_Wanted]:
    """The caller's boxes, (x, y, w, h), by frame.

    Raises:
        TargetError: for a box without area, or where there are not boxes for each frame.
    """
    if len(boxes) != len(frames):
        raise TargetError(
            f"{len(boxes)} lists of boxes for {len(frames)} frames; give one a frame, [] where nobody is"
        )
    wanted = []
    for frame, of_frame in zip(frames, boxes, strict=True):
        for row, box in enumerate(of_frame):
            check_box(box, f"frame {frame.index}: box {row}")
        xywh = np.array([[float(value) for value in box] for box in of_frame]).reshape(-1, 4)
        corners = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
        wanted.append(_Wanted(corners, np.ones(len(corners))))
    return wanted


def _overlaps(box: Float[np.ndarray, "4"], size_wh: tuple[int, int]) -> bool:
    """Whether any of a box lies on the frame."""
    return bool((box[:2] < size_wh).all() and (box[2:] > 0).all())


def _slices(count: int, size: int) -> Iterator[slice]:
    for begin in range(0, count, size):
        yield slice(begin, min(begin + size, count))
