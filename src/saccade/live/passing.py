"""A run that can be taken back: corrected on an earlier frame, it goes on as if it had been told in time."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

from saccade.core import Frame, Instances, Model, Targets
from saccade.core.model import Run
from saccade.core.targets import Box, TargetId
from saccade.live.limits import Limits
from saccade.live.results import Results
from saccade.online.insight import Insight, InspectableRun

INTERVAL = 15
"""frames from one state that is kept to the next: what is run again when a run is taken back"""


class Pass:
    """One pass of a model over a source. What it finds is what `follow_frames` finds with the same targets.

    Args:
        model: what follows, or finds by itself.
        needs_targets: which of these; before the first target, nothing is found.

    Attributes:
        results: what was found, by frame.
    """

    def __init__(self, model: Model, *, needs_targets: bool, limits: Limits) -> None:
        self.model, self.needs_targets = model, needs_targets
        self.results = Results(limits.kept_results)
        self._run: Run | None = None
        self._prompts: dict[int, Targets] = {}
        self._states = _States(limits.state_bytes)
        self._leaving: list[TargetId] = []

    @property
    def has_begun(self) -> bool:
        """Whether there has been anything to do."""
        return self._run is not None

    def step(self, frame: Frame) -> Instances:
        """What is in the next frame."""
        leaving, self._leaving = self._leaving, []
        return self._step(frame, Targets(drop=leaving) if leaving else None)

    def leave(self, ids: list[TargetId]) -> None:
        """Follows some targets no longer, from the next frame on."""
        self._leaving += [target for target in ids if target not in self._leaving]

    def point(self, frame: Frame, boxes: Mapping[TargetId, Box], again: Callable[[int], Frame]) -> Instances:
        """Learns targets from a frame, the newest or an earlier one, anew or for the first time.

        What was found from that frame on is forgotten, and of other targets found again there.

        Args:
            boxes: (x, y, w, h) in frame pixels, by target.
            again: shows a frame once more.

        Raises:
            TargetError: for a box that points at nothing; then nothing has changed.
            InputError: when a frame that has to be run once more is gone; then neither.
        """
        before = self._prompts.get(frame.index, Targets())
        known = dict(zip(before.ids or (), before.boxes, strict=True)) | dict(boxes)
        targets = Targets(boxes=list(known.values()), ids=list(known), drop=before.drop)
        targets.on_frame(frame.size_wh, f"frame {frame.index}")
        self._leaving = []
        self._take_back(frame.index, again)
        return self._step(frame, targets)

    def inspect(self, frame: Frame) -> dict[TargetId, Insight]:
        """What the next step would see; nothing for models that do not let themselves be looked into."""
        return self._run.inspect(frame) if isinstance(self._run, InspectableRun) else {}

    def _step(self, frame: Frame, targets: Targets | None) -> Instances:
        if self.needs_targets and self._run is None and targets is None:
            found = Instances.empty(frame=frame.index, time=frame.time)
        else:
            if self._run is None:
                self._run = self.model.start()
            elif self._states.is_due(frame.index):
                self._states.keep(frame.index, self._run.state_dict())
            found = self._run.step(frame, targets)
            if targets is not None:
                self._prompts[frame.index] = targets
        self.results.keep(found)
        return found

    def _take_back(self, index: int, again: Callable[[int], Frame]) -> None:
        """The run as it was before a frame."""
        done = [each for each in self.results.frames() if each < index]
        if self.needs_targets:
            done = [each for each in done if any(begun <= each for begun in self._prompts)]
        last = self.results.last
        if last is not None and last < index:
            return
        since, state = self._states.latest(index)
        run = self.model.start() if done else None
        if run is not None and state is not None:
            run.load_state_dict(state)
        for each in done:
            if run is not None and each >= since:
                run.step(again(each), self._prompts.get(each))
        self._run = run
        self.results.forget(index)
        self._states.forget(index)
        self._prompts = {each: targets for each, targets in self._prompts.items() if each < index}

    def succeeded_by(self, model: Model, *, needs_targets: bool, limits: Limits) -> "Pass":
        """A pass of another model over the rest, with the same results until now."""
        heir = Pass(model, needs_targets=needs_targets, limits=limits)
        heir.results = self.results
        return heir


class _States:
    """What a run remembered before some frames, as many as fit into a number of bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: dict[int, tuple[dict[str, Any], int]] = {}

    def is_due(self, index: int) -> bool:
        return not self._kept or index >= max(self._kept) + INTERVAL

    def keep(self, index: int, state: dict[str, Any]) -> None:
        self._kept[index] = (state, sum(tensor.nbytes for tensor in _tensors(state)))
        while len(self._kept) > 1 and sum(size for _, size in self._kept.values()) > self._most_bytes:
            # the one whose neighbours are closest together is missed least
            marks = [0, *self._kept]
            gaps = {
                here: after - before for before, here, after in zip(marks, marks[1:], marks[2:], strict=False)
            }
            del self._kept[min(gaps, key=gaps.__getitem__)]

    def latest(self, index: int) -> tuple[int, dict[str, Any] | None]:
        """The last state before a frame, and which frame it comes before."""
        marks = [each for each in self._kept if each <= index]
        return (marks[-1], self._kept[marks[-1]][0]) if marks else (0, None)

    def forget(self, index: int) -> None:
        """Drops those behind a frame."""
        self._kept = {each: kept for each, kept in self._kept.items() if each <= index}


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _tensors(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _tensors(each)
