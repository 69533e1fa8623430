"""A run of a segmenter: ids, joining, leaving and saving, for targets that compete for a frame's pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances, id_array
from saccade.core.targets import TargetId, Targets
from saccade.core.timing import Stopwatch
from saccade.online.insight import Insight, Inspectable
from saccade.online.roster import Change, Roster
from saccade.online.run import STATUSES, TRACKED, Estimate, check_model
from saccade.online.state import TargetState

S = TypeVar("S", bound=TargetState)
V = TypeVar("V", bound=TargetState)
"""what is seen of targets in a frame"""


@dataclass(frozen=True, slots=True)
class Prompts:
    """What new targets are learnt from.

    Attributes:
        boxes: (x, y, w, h) in frame pixels.
        masks: which pixels are theirs; None for a target that came with a box alone.
    """

    boxes: Float[Tensor, "N 4"]
    masks: Sequence[Bool[Tensor, "H W"] | None]

    def __len__(self) -> int:
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What a segmenter makes of a frame.

    Attributes:
        estimate: boxes, scores and status of N targets; on the host.
        masks: which pixels are theirs.
    """

    estimate: Estimate
    masks: Bool[Tensor, "N H W"]


@runtime_checkable
class Segmenter(Protocol[S, V]):
    """What a method writes: how to learn targets, how to find them again, and how to tell them from one
    another. It keeps nothing itself.
    """

    @property
    def State(self) -> type[S]:  # noqa: N802
        """The class of what is remembered."""
        ...

    @property
    def device(self) -> torch.device:
        """Where it is remembered, but for what `TargetState.host` names."""
        ...

    def learn(self, frame: Frame, prompts: Prompts, stopwatch: Stopwatch) -> tuple[S, V]:
        """Learns N targets from their first frame; what is seen of them there is what was given.

        Raises:
            TargetError: when a target cannot be learnt from what was given.
        """
        ...

    def look(self, frame: Frame, state: S, stopwatch: Stopwatch) -> V:
        """Looks for N targets in the next frame, for each as if it were alone."""
        ...

    def conclude(self, frame: Frame, state: S, sight: V, stopwatch: Stopwatch) -> Segmentation:
        """Compares all targets of a frame, also those just learnt, and updates their state in place."""
        ...


class SegmentationRun(Generic[S, V]):
    """One pass of a segmenter over one video; it draws nothing at random, so that seeds change nothing."""

    def __init__(self, segmenter: Segmenter[S, V], *, name: str, config: Any, seed: int = 0) -> None:
        self._segmenter = segmenter
        self._name = name
        self._config = config
        self._seed = seed
        self._state: S | None = None
        self._ids: list[TargetId] = []
        self._roster = Roster()

    @torch.inference_mode()
    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """Segments every target in the next frame; see `saccade.core.Run.step`."""
        frame = self._roster.frame(frame, color)
        change = self._roster.change(frame, targets)
        stopwatch = Stopwatch()
        # whatever can refuse what is asked for comes before the first change
        learnt = self._segmenter.learn(frame, _prompts(change), stopwatch) if change.boxes else None
        self._roster.next_frame = frame.index + 1
        keep = [row for row, target in enumerate(self._ids) if not change.ends(target)]
        state = self._rows(keep)
        seen = [] if state is None else [(state, self._segmenter.look(frame, state, stopwatch))]
        seen += [] if learnt is None else [learnt]
        self._state, found = self._conclude(frame, seen, stopwatch)
        self._ids = [self._ids[row] for row in keep] + list(change.boxes)
        self._roster.take(change)
        return self._instances(frame, found, change, stopwatch)

    @torch.inference_mode()
    def inspect(self, frame: Any) -> dict[TargetId, Insight]:
        """What the next step would see of each target in a frame; see `InspectableRun`."""
        frame = self._roster.frame(frame, "rgb")
        if self._state is None or not isinstance(self._segmenter, Inspectable):
            return {}
        return dict(zip(self._ids, self._segmenter.inspect(frame, self._state), strict=True))

    def _rows(self, keep: list[int]) -> S | None:
        """The state of some targets: the state itself where all stay, or else a copy."""
        if self._state is None or not keep:
            return None
        return self._state if len(keep) == len(self._ids) else self._state[torch.tensor(keep)]

    def _conclude(
        self, frame: Frame, seen: list[tuple[S, V]], stopwatch: Stopwatch
    ) -> tuple[S | None, Segmentation | None]:
        """What becomes of all targets together, those that stay and those just learnt."""
        if not seen:
            return None, None
        state, sight = seen[0]
        if len(seen) > 1:  # or else nothing is copied
            state = type(state).cat([each for each, _ in seen])
            sight = type(sight).cat([each for _, each in seen])
        return state, self._segmenter.conclude(frame, state, sight, stopwatch)

    def _instances(
        self, frame: Frame, found: Segmentation | None, change: Change, stopwatch: Stopwatch
    ) -> Instances:
        ids, width, height = self._roster.order, *frame.size_wh
        if found is None:
            table, masks = np.zeros((0, 6)), np.zeros((0, height, width), dtype=bool)
        else:
            estimate = found.estimate
            columns = [estimate.boxes, estimate.scores[:, None], estimate.status[:, None]]
            table = torch.cat([column.double() for column in columns], dim=1).numpy()
            for target, box in change.boxes.items():
                table[self._ids.index(target)] = [*box, 1.0, float(TRACKED)]
            rows = [self._ids.index(target) for target in ids]
            table, masks = table[rows], found.masks.numpy()[rows]
        return Instances(
            boxes=np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1),
            scores=table[:, 4],
            ids=id_array(ids),
            masks=masks,
            status=np.array([STATUSES[int(code)].value for code in table[:, 5]], dtype="<U9"),
            frame=frame.index,
            time=frame.time,
            timings=stopwatch.take(),
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that this run remembers, as tensors and plain values, ready for `torch.save`."""
        return {
            "model": self._name,
            "config": self._config,
            "seed": self._seed,
            **self._roster.state_dict(),
            "ids": list(self._ids),
            "state": None if self._state is None else self._state.tensors(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is, on whatever device that was.

        Raises:
            ModelError: when it is a run of another model, or of the same one with other settings.
        """
        check_model(state, self._name, self._config)
        self._seed, self._ids, saved = state["seed"], list(state["ids"]), state["state"]
        self._roster.load_state_dict(state)
        kind = self._segmenter.State
        self._state = None if saved is None else kind.from_tensors(saved).to(self._segmenter.device)


def _prompts(change: Change) -> Prompts:
    """What the targets that join are learnt from."""
    given = [change.masks.get(target) for target in change.boxes]
    masks = [None if mask is None else torch.from_numpy(np.array(mask)) for mask in given]
    return Prompts(torch.from_numpy(np.stack(list(change.boxes.values()))).float(), masks)
