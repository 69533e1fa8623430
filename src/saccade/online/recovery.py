"""Recovery: targets that were lost are looked for in the whole frame, among what a detector finds there.

A tracker looks for its targets near where they were, so that one that comes back elsewhere stays lost. A
detector says where things are but not which of them is the target; the target model, which has learned the
target and what is not it, does. What comes of it is a model like any other: `step` is still the only verb.
"""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torchvision.ops import box_iou, nms

from saccade.core import Frame, Instances, ModelError, Status, Targets
from saccade.core.frame import ColorOrder
from saccade.core.model import Detect, Model, Run
from saccade.core.ranges import at_least, check_ranges, within
from saccade.core.targets import TargetId
from saccade.core.timing import Stopwatch
from saccade.online.relocation import RecognisingRun

MEMORY = 20
"""frames over which a target's usual score is averaged"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """When a target is looked for, and what is believed to be it."""

    lost_for: int = 3
    """frames in a row that a target was lost before it is looked for"""
    uncertain_for: int = 10
    """frames in a row that it was uncertain or lost, or unlike itself, before it is, too"""
    interval: int = 3
    """frames from one look at the whole frame to the next, while somebody is looked for"""
    likeness: float = 0.5
    """score that a target or candidate needs to be like the target / score that this had on average"""
    ambiguity: float = 0.7
    """score of another candidate, or of where the target is believed to be / score of the best candidate,
    from which on that is not believed"""
    same: float = 0.5
    """intersection over union from which on two boxes are of the same thing"""

    def __post_init__(self) -> None:
        check_ranges(
            "recovery",
            self,
            lost_for=at_least(1),
            uncertain_for=at_least(1),
            interval=at_least(1),
            likeness=at_least(0),
            ambiguity=within(0, 1),
            same=within(0, 1),
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """A target that was put where it was recognised.

    Attributes:
        frame: in which.
        target: its id.
        box: (x, y, w, h) in frame pixels, as the detector gave it.
        score: of the target's model, in the middle of that box.
    """

    frame: int
    target: TargetId
    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Recovering:
    """A tracker whose lost targets a detector helps to find again, as a `Model`.

    A detector looks at the whole of the next frame once a target was lost for some frames. What it finds is
    scored by the target's own model. A candidate that is clearly above the tracker's own limit, not far below
    what the target used to score, and clearly better than every other and than where the target is believed
    to be, is where it is looked for from this frame on. Otherwise it stays lost. Until somebody is lost,
    nothing costs more, and the numbers are the tracker's.

    Attributes:
        model: the tracker.
        detector: finds candidates, of whatever class; see `Detect`.
        recovery: what is chosen.
        tell: hears of each target that is put elsewhere.

    Raises:
        ModelError: for a model that cannot recognise its targets, or never counts one as lost.
    """

    model: Model
    detector: Detect
    recovery: Recovery = field(default_factory=Recovery)
    tell: Callable[[Recovered], None] = lambda recovered: None

    def __post_init__(self) -> None:
        run = self.model.start()
        limit = run.recognised_from if isinstance(run, RecognisingRun) else None
        if limit is None:
            raise ModelError(
                f"'{self.model.name}' cannot tell its targets among what a detector finds; take one that "
                f"scores places, such as dimp_nano, dimp50 or eco, or leave the detector out"
            )
        if limit <= 0:
            raise ModelError(
                f"'{self.model.name}' never counts a target as lost (its limit is {limit:g}), so none is "
                f"ever looked for; set localization.lost_below above 0, or leave the detector out"
            )

    @property
    def name(self) -> str:
        """That of the tracker."""
        return self.model.name

    @property
    def config(self) -> Any:
        """That of the tracker."""
        return self.model.config

    def start(self, *, seed: int = 0) -> Run:
        """Begins a pass over a video; see `Model`."""
        return RecoveringRun(self.model.start(seed=seed), self.detector, self.recovery, self.tell)


class RecoveringRun:
    """One pass of a tracker over one video, with a detector at its side; a `Run`."""

    def __init__(
        self, run: Run, detector: Detect, recovery: Recovery, tell: Callable[[Recovered], None]
    ) -> None:
        assert isinstance(run, RecognisingRun)
        self._run, self._recognising = run, run
        self._detector, self._recovery, self._tell = detector, recovery, tell
        self._next_frame = self._next_look = 0
        self._last: dict[TargetId, _Last] = {}

    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """Puts targets where they are recognised, then finds every target in the frame; see `Run`.

        On frames on which somebody points at something, nobody is looked for.
        """
        frame = Frame.of(frame, index=self._next_frame, color=color)
        stopwatch = Stopwatch()
        if targets is None and frame.index >= self._next_look and (sought := self._sought()):
            with stopwatch.stage("recovery"):
                self._recover(frame, sought)
            self._next_look = frame.index + self._recovery.interval
        found = self._run.step(frame, targets)
        self._note(found, is_scored=targets is None)
        self._next_frame = frame.index + 1
        return replace(found, timings={**found.timings, **stopwatch.take()})

    def _sought(self) -> list[TargetId]:
        """Targets that were out of sight for long enough."""
        limits = self._recovery
        return [
            target
            for target, last in self._last.items()
            if last.lost >= limits.lost_for or last.unsure >= limits.uncertain_for
        ]

    def _recover(self, frame: Frame, sought: Sequence[TargetId]) -> None:
        """Looks at the whole frame, and puts targets where they are recognised."""
        (seen,) = self._detector([frame])
        boxes = self._candidates(seen, sought, frame.size_wh)
        if not len(boxes):
            return
        sure = self._recognising.recognised_from
        assert sure is not None
        # where they are believed to be competes with what was found: one look at all of it
        corners = np.array([self._last[target].box for target in sought])
        believed = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        scores = self._recognising.appearance(frame, sought, np.concatenate([boxes, believed]))
        table = np.stack([scores[target] for target in sought])
        table, here = table[:, : len(boxes)], table[:, len(boxes) :].diagonal()
        usual = np.array([self._last[target].usual for target in sought])
        least = np.maximum(sure, self._recovery.likeness * usual)
        taken = assign(table, here, least, self._recovery.ambiguity)
        self._recognising.relocate(frame, {sought[row]: boxes[place] for row, place in taken.items()})
        for row, place in taken.items():
            x, y, w, h = boxes[place].tolist()
            last = self._last[sought[row]]
            self._last[sought[row]] = replace(last, box=[x, y, x + w, y + h], lost=0, unsure=0)
            self._tell(Recovered(frame.index, sought[row], (x, y, w, h), float(table[row, place])))

    def _candidates(
        self, seen: Instances, sought: Sequence[TargetId], frame_wh: tuple[int, int]
    ) -> Float[np.ndarray, "K 4"]:
        """Boxes (x, y, w, h) of things that no other target is known to be, each thing once."""
        width, height = frame_wh
        corners = torch.from_numpy(seen.boxes.astype(np.float64)).clamp(min=0)
        corners = torch.minimum(corners, corners.new_tensor([width, height, width, height]))
        has_area = (corners[:, 2:] > corners[:, :2]).all(dim=1)
        corners, sure = corners[has_area], torch.from_numpy(seen.scores.astype(np.float64))[has_area]
        # detectors name a thing once for each class that it may be of
        corners = corners[nms(corners, sure, self._recovery.same)]
        others = [last.box for target, last in self._last.items() if target not in sought]
        if others:
            held = corners.new_tensor(others)
            corners = corners[(box_iou(corners, held) < self._recovery.same).all(dim=1)]
        return torch.cat([corners[:, :2], corners[:, 2:] - corners[:, :2]], dim=1).numpy()

    def _note(self, found: Instances, *, is_scored: bool) -> None:
        """Counts for how long each target has been out of sight, and what it scores while it is in sight.

        Args:
            is_scored: whether scores are the tracker's, not those of targets that were just pointed at.
        """
        assert found.ids is not None and found.status is not None
        before, self._last = self._last, {}
        columns = (found.ids, found.status, found.scores, found.boxes)
        for target, status, score, box in zip(*(column.tolist() for column in columns), strict=True):
            last = before.get(target, _Last(box))
            # a tracker that has gone over to something else may be content with it
            is_sure = status == Status.TRACKED and score >= self._recovery.likeness * last.usual
            usual, seen = last.usual, last.seen + (is_sure and is_scored)
            if seen > last.seen:
                usual += (score - usual) / min(seen, MEMORY)
            lost = last.lost + 1 if status == Status.LOST else 0
            self._last[target] = _Last(box, usual, seen, lost, 0 if is_sure else last.unsure + 1)

    def state_dict(self) -> dict[str, Any]:
        """What is remembered, as tensors and plain values; see `Run`."""
        rows = [[target, *astuple(last)] for target, last in self._last.items()]
        marks = {"next_frame": self._next_frame, "next_look": self._next_look}
        return {"run": self._run.state_dict(), **marks, "last": rows}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is; see `Run`."""
        self._run.load_state_dict(state["run"])
        self._next_frame, self._next_look = state["next_frame"], state["next_look"]
        self._last = {target: _Last(*rest) for target, *rest in state["last"]}


@dataclass(frozen=True, slots=True)
class _Last:
    """What was last known of a target.

    Attributes:
        box: its corners in frame pixels.
        usual: mean score while it was surely tracked, of the latest frames mostly.
        seen: frames that this is the mean of.
        lost: frames in a row that it has been lost.
        unsure: frames in a row that it has not been tracked, or has been unlike itself.
    """

    box: list[float]
    usual: float = 0.0
    seen: int = 0
    lost: int = 0
    unsure: int = 0


def assign(
    scores: Float[np.ndarray, "N K"],
    here: Float[np.ndarray, " N"],
    least: Float[np.ndarray, " N"],
    ambiguity: float,
) -> dict[int, int]:
    """Which of K candidates each of N targets is, the surest first; a candidate is one target at most.

    Args:
        scores: of each target's model.
        here: the same of where the target is believed to be.
        least: score that each needs.
        ambiguity: share of the best score from which on another one, of what is free, makes it doubtful.

    Returns:
        candidates by target, of those whose candidate is beyond doubt.
    """
    rest, is_sure, taken = scores.astype(np.float64), scores >= least[:, None], dict[int, int]()
    while is_sure.any():
        best = np.where(is_sure, rest, -np.inf).argmax()
        target, place = (int(each) for each in np.unravel_index(best, rest.shape))
        others = np.append(np.delete(rest[target], place), here[target])
        is_sure[target] = False
        if others.max() < ambiguity * rest[target, place]:
            taken[target] = place
            is_sure[:, place], rest[:, place] = False, -np.inf
    return taken
