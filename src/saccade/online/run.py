"""A run of an online tracker: ids, joining, leaving, generators, saving; the tracker holds only the paper."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from saccade.core.errors import TargetError
from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances, Status, id_array
from saccade.core.targets import TargetId, Targets
from saccade.core.timing import Stopwatch
from saccade.online.state import TargetState

S = TypeVar("S", bound=TargetState)

STATUSES = tuple(Status)
TRACKED, UNCERTAIN, LOST = range(len(STATUSES))
"""how a tracker writes a `Status` into a tensor"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Where a tracker believes N targets to be.

    Attributes:
        boxes: (x, y, w, h) in frame pixels, not clipped to the frame.
        scores: confidence, as the tracker defines it.
        status: `TRACKED`, `UNCERTAIN` or `LOST`.
    """

    boxes: Float[Tensor, "N 4"]
    scores: Float[Tensor, " N"]
    status: Int8[Tensor, " N"]


@runtime_checkable
class Tracker(Protocol[S]):
    """What a method writes: how to learn targets and how to find them again. It keeps nothing itself."""

    State: type[S]

    def cohort(self, frame: Frame, box: Float[np.ndarray, "4"]) -> Hashable:
        """Targets with equal keys share one batch; their tensors must have equal shapes."""
        ...

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> S:
        """Learns N targets, (x, y, w, h) in frame pixels, from their first frame."""
        ...

    def track(
        self, frame: Frame, state: S, generators: Sequence[torch.Generator], stopwatch: Stopwatch
    ) -> Estimate:
        """Finds N targets in the next frame and updates their state in place."""
        ...


@dataclass(slots=True)
class _Cohort(Generic[S]):
    """Targets that are tracked as one batch."""

    key: Hashable
    state: S
    ids: list[TargetId]
    generators: list[torch.Generator]


class TrackingRun(Generic[S]):
    """One pass of an online tracker over one video; the `Run` of every tracker."""

    def __init__(self, tracker: Tracker[S], *, seed: int = 0) -> None:
        self._tracker = tracker
        self._seed = seed
        self._cohorts: list[_Cohort[S]] = []
        self._order: list[TargetId] = []
        self._started = False
        self._next_frame = 0
        self._next_id = 0
        self._stopwatch = Stopwatch()

    @torch.inference_mode()
    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """Finds every target in the next frame; see `saccade.core.Run.step`."""
        frame = Frame.of(frame, index=self._next_frame, color=color)
        if not self._started and not targets:
            raise TargetError(
                f"frame {frame.index}: nothing to follow yet; point at it with "
                f"step(frame, targets=Targets(boxes=[(x, y, w, h)]))"
            )
        rows: dict[TargetId, tuple[Any, float, int]] = {}
        joining = self._accept(frame, targets) if targets is not None else {}
        self._next_frame = frame.index + 1
        for cohort in self._cohorts:
            estimate = self._tracker.track(frame, cohort.state, cohort.generators, self._stopwatch)
            # the one transfer from the device in a frame
            table = torch.cat(
                [estimate.boxes.double(), *(v.double()[:, None] for v in (estimate.scores, estimate.status))],
                dim=1,
            ).cpu()
            for target, row in zip(cohort.ids, table.tolist(), strict=True):
                rows[target] = (row[:4], row[4], int(row[5]))
        if joining:
            self._join(frame, joining)
            rows |= {target: (box.tolist(), 1.0, TRACKED) for target, box in joining.items()}
        return self._instances(frame, rows)

    def _accept(self, frame: Frame, targets: Targets) -> dict[TargetId, Float[np.ndarray, "4"]]:
        """Checks what is asked for before anything changes, lets targets go, and names those that join."""
        boxes = targets.on_frame(frame.size_wh, f"frame {frame.index}")
        drop: list[TargetId] = list(id_array(targets.drop))
        unknown = [target for target in drop if target not in self._order]
        if unknown:
            raise TargetError(
                f"frame {frame.index}: no target {unknown[0]!r} to drop; followed: {self._order}"
            )
        ids = self._new_ids(len(boxes)) if targets.ids is None else list(id_array(targets.ids))
        self._next_id = max([self._next_id, *(i + 1 for i in ids if isinstance(i, int))])
        self._forget([*drop, *ids])
        staying = [i for i in self._order if i not in drop]
        self._order = staying + [i for i in ids if i not in staying]
        self._started = self._started or bool(ids)
        return dict(zip(ids, boxes, strict=True))

    def _new_ids(self, count: int) -> list[TargetId]:
        return list(range(self._next_id, self._next_id + count))

    def _forget(self, ids: Sequence[TargetId]) -> None:
        for cohort in self._cohorts:
            keep = [k for k, target in enumerate(cohort.ids) if target not in ids]
            if len(keep) < len(cohort.ids):
                cohort.state = cohort.state[torch.tensor(keep, dtype=torch.long)]
                cohort.ids = [cohort.ids[k] for k in keep]
                cohort.generators = [cohort.generators[k] for k in keep]
        self._cohorts = [cohort for cohort in self._cohorts if cohort.ids]

    def _join(self, frame: Frame, joining: dict[TargetId, Float[np.ndarray, "4"]]) -> None:
        groups: dict[Hashable, list[TargetId]] = {}
        for target, box in joining.items():
            groups.setdefault(self._tracker.cohort(frame, box), []).append(target)
        for key, ids in groups.items():
            # every target has the draws of a run of its own, so that a batch equals its single runs
            generators = [torch.Generator().manual_seed(self._seed) for _ in ids]
            boxes = torch.from_numpy(np.stack([joining[target] for target in ids]))
            state = self._tracker.begin(frame, boxes, generators, self._stopwatch)
            new = _Cohort(key, state, ids, generators)
            old = next((cohort for cohort in self._cohorts if cohort.key == key), None)
            if old is None:
                self._cohorts.append(new)
            else:
                old.state = type(state).cat([old.state, state])
                old.ids += ids
                old.generators += generators

    def _instances(self, frame: Frame, rows: dict[TargetId, tuple[Any, float, int]]) -> Instances:
        xywh = np.array([rows[target][0] for target in self._order], dtype=np.float64).reshape(-1, 4)
        return Instances(
            boxes=np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1),
            scores=np.array([rows[target][1] for target in self._order], dtype=np.float64),
            ids=id_array(self._order),
            status=np.array([STATUSES[rows[target][2]].value for target in self._order], dtype="<U9"),
            frame=frame.index,
            time=frame.time,
            timings=self._stopwatch.take(),
        )

    def state_dict(self) -> dict[str, Any]:
        """Everything that this run remembers, as tensors and plain values, ready for `torch.save`."""
        return {
            "seed": self._seed,
            "order": list(self._order),
            "started": self._started,
            "next_frame": self._next_frame,
            "next_id": self._next_id,
            "cohorts": [
                {
                    "key": cohort.key,
                    "ids": list(cohort.ids),
                    "generators": [generator.get_state() for generator in cohort.generators],
                    "state": type(cohort.state).from_tensors(cohort.state.tensors()).tensors(),
                }
                for cohort in self._cohorts
            ],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is."""
        self._seed, self._order, self._started = state["seed"], list(state["order"]), state["started"]
        self._next_frame, self._next_id = state["next_frame"], state["next_id"]
        self._cohorts = [
            _Cohort(
                saved["key"],
                self._tracker.State.from_tensors(saved["state"]),
                list(saved["ids"]),
                [_generator(g) for g in saved["generators"]],
            )
            for saved in state["cohorts"]
        ]


def _generator(state: Tensor) -> torch.Generator:
    generator = torch.Generator()
    generator.set_state(state)
    return generator
