"""A run of an online tracker: ids, joining, leaving, generators, saving; the tracker holds only the paper."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from saccade.core.errors import ModelError
from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances, Status, id_array
from saccade.core.targets import Box, TargetId, Targets
from saccade.core.timing import Stopwatch
from saccade.online.insight import Insight, Inspectable
from saccade.online.relocation import Boxes, Recognising, box_rows
from saccade.online.roster import Change, Roster
from saccade.online.state import TargetState

S = TypeVar("S", bound=TargetState)

STATUSES = tuple(Status)
TRACKED, UNCERTAIN, LOST = range(len(STATUSES))
"""how a tracker writes a `Status` into a tensor"""

Row = list[float]
"""of a target: x, y, w, h in frame pixels, score, status"""


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

    @property
    def State(self) -> type[S]:  # noqa: N802
        """The class of what is remembered."""
        ...

    @property
    def device(self) -> torch.device:
        """Where it is remembered, but for what `TargetState.host` names."""
        ...

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

    def remaining(self, change: Change) -> "_Cohort[S]":
        """The targets that stay: the cohort itself where all do, or else a copy."""
        keep = [k for k, target in enumerate(self.ids) if not change.ends(target)]
        if len(keep) == len(self.ids):
            return self
        state = self.state[torch.tensor(keep, dtype=torch.long)]
        return _Cohort(self.key, state, [self.ids[k] for k in keep], [self.generators[k] for k in keep])


def _merge(cohorts: list[_Cohort[S]], new: _Cohort[S]) -> None:
    """Puts new targets into the cohort of their kind, or makes them one of their own."""
    for i, old in enumerate(cohorts):
        if old.key == new.key:
            state = type(new.state).cat([old.state, new.state])
            cohorts[i] = _Cohort(new.key, state, old.ids + new.ids, old.generators + new.generators)
            return
    cohorts.append(new)


class TrackingRun(Generic[S]):
    """One pass of an online tracker over one video; the `Run` of every tracker."""

    def __init__(self, tracker: Tracker[S], *, name: str, config: Any, seed: int = 0) -> None:
        self._tracker = tracker
        self._name = name
        self._config = config
        self._seed = seed
        self._cohorts: list[_Cohort[S]] = []
        self._roster = Roster()

    @torch.inference_mode()
    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """Finds every target in the next frame; see `saccade.core.Run.step`."""
        frame = self._roster.frame(frame, color)
        change = self._roster.change(frame, targets)
        stopwatch = Stopwatch()
        # whatever can refuse what is asked for comes before the first change
        joining = self._begin(frame, change.boxes, stopwatch)
        self._roster.next_frame = frame.index + 1
        cohorts = [rest for cohort in self._cohorts if (rest := cohort.remaining(change)).ids]
        rows: dict[TargetId, Row] = {
            target: [*box.tolist(), 1.0, float(TRACKED)] for target, box in change.boxes.items()
        }
        for cohort in cohorts:
            rows |= self._track(frame, cohort, stopwatch)
        for new in joining:
            _merge(cohorts, new)
        self._cohorts = cohorts
        self._roster.take(change)
        return self._instances(frame, rows, stopwatch)

    @torch.inference_mode()
    def inspect(self, frame: Any) -> dict[TargetId, Insight]:
        """What the next step would see of each target in a frame; see `InspectableRun`."""
        frame = self._roster.frame(frame, "rgb")
        if not isinstance(self._tracker, Inspectable):
            return {}
        found: dict[TargetId, Insight] = {}
        for cohort in self._cohorts:
            found |= zip(cohort.ids, self._tracker.inspect(frame, cohort.state), strict=True)
        return found

    @property
    def recognised_from(self) -> float | None:
        """Score of `appearance` from which on a box holds the target; see `RecognisingRun`."""
        return self._tracker.recognised_from if isinstance(self._tracker, Recognising) else None

    @torch.inference_mode()
    def appearance(
        self, frame: Any, targets: Sequence[TargetId], boxes: Boxes
    ) -> dict[TargetId, Float[np.ndarray, " K"]]:
        """How much each of K boxes looks like each target; see `RecognisingRun`."""
        frame, tracker = self._roster.frame(frame, "rgb"), self._recognising(targets)
        places = box_rows(boxes)
        found: dict[TargetId, Float[np.ndarray, " K"]] = {target: np.zeros(len(places)) for target in targets}
        for cohort in self._cohorts if len(places) else ():
            rows = [row for row, target in enumerate(cohort.ids) if target in targets]
            if rows:
                # a slice copies nothing
                some = slice(None) if len(rows) == len(cohort.ids) else torch.tensor(rows)
                scores = tracker.appearance(frame, cohort.state[some], places).double().cpu().numpy()
                found |= zip([cohort.ids[row] for row in rows], scores, strict=True)
        return found

    @torch.inference_mode()
    def relocate(self, frame: Any, boxes: Mapping[TargetId, Box]) -> None:
        """Goes on looking for targets where these boxes are; see `RecognisingRun`."""
        frame, tracker = self._roster.frame(frame, "rgb"), self._recognising(list(boxes))
        places = dict(zip(boxes, box_rows(list(boxes.values())), strict=True))
        for cohort in self._cohorts:
            for row, target in enumerate(cohort.ids):
                if target in places:
                    # the view of one target, through which its state is updated
                    tracker.relocate(frame, cohort.state[row : row + 1], places[target][None])

    def _recognising(self, targets: Sequence[TargetId]) -> Recognising[S]:
        """The tracker, for targets that it can be asked about."""
        if not isinstance(self._tracker, Recognising):
            raise ModelError(f"'{self._name}' cannot tell its targets in boxes that others have found")
        self._roster.check_followed(targets)
        return self._tracker

    def _begin(
        self, frame: Frame, boxes: Mapping[TargetId, Float[np.ndarray, "4"]], stopwatch: Stopwatch
    ) -> list[_Cohort[S]]:
        groups: dict[Hashable, list[TargetId]] = {}
        for target, box in boxes.items():
            groups.setdefault(self._tracker.cohort(frame, box), []).append(target)
        cohorts = []
        for key, ids in groups.items():
            # every target has the draws of a run of its own, so that a batch equals its single runs
            generators = [torch.Generator().manual_seed(self._seed) for _ in ids]
            stacked = torch.from_numpy(np.stack([boxes[target] for target in ids]))
            state = self._tracker.begin(frame, stacked, generators, stopwatch)
            cohorts.append(_Cohort(key, state, ids, generators))
        return cohorts

    def _track(self, frame: Frame, cohort: _Cohort[S], stopwatch: Stopwatch) -> dict[TargetId, Row]:
        estimate = self._tracker.track(frame, cohort.state, cohort.generators, stopwatch)
        columns = [estimate.boxes, estimate.scores[:, None], estimate.status[:, None]]
        # the one transfer from the device in a frame
        table = torch.cat([column.double() for column in columns], dim=1).tolist()
        return dict(zip(cohort.ids, table, strict=True))

    def _instances(self, frame: Frame, rows: Mapping[TargetId, Row], stopwatch: Stopwatch) -> Instances:
        table = np.array([rows[target] for target in self._roster.order], dtype=np.float64).reshape(-1, 6)
        return Instances(
            boxes=np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1),
            scores=table[:, 4],
            ids=id_array(self._roster.order),
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
            "cohorts": [
                {
                    "key": cohort.key,
                    "ids": list(cohort.ids),
                    "generators": [generator.get_state() for generator in cohort.generators],
                    "state": cohort.state.tensors(),
                }
                for cohort in self._cohorts
            ],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where the run stood whose `state_dict` this is, on whatever device that was.

        Raises:
            ModelError: when it is a run of another model, or of the same one with other settings.
        """
        check_model(state, self._name, self._config)
        self._seed = state["seed"]
        self._roster.load_state_dict(state)
        self._cohorts = [
            _Cohort(
                saved["key"],
                self._tracker.State.from_tensors(saved["state"]).to(self._tracker.device),
                list(saved["ids"]),
                [_generator(g) for g in saved["generators"]],
            )
            for saved in state["cohorts"]
        ]


def check_model(state: Mapping[str, Any], name: str, config: Any) -> None:
    """Refuses the state of a run of another model, or of the same one with other settings.

    Args:
        config: the settings, as JSON values.

    Raises:
        ModelError: for either.
    """
    other = state.get("model")
    if other != name:
        raise ModelError(f"the state is of a run of {other!r}, not of {name!r}; load it with its model")
    changed = list(_differences(state["config"], config))
    if changed:
        raise ModelError(
            f"the state is of a run of {name!r} with other settings: {', '.join(changed)}; "
            f"load the model with these"
        )


def _differences(saved: Any, ours: Any, name: str = "") -> Iterator[str]:
    """The settings of a saved configuration, as JSON values, that ours has not."""
    if isinstance(saved, dict) and isinstance(ours, dict):
        for key in sorted(saved.keys() | ours.keys()):
            yield from _differences(saved.get(key), ours.get(key), f"{name}.{key}" if name else key)
    elif saved != ours:
        yield f"{name}={saved} (here {ours})"


def _generator(state: Tensor) -> torch.Generator:
    generator = torch.Generator()
    generator.set_state(state.cpu())
    return generator
