"""Who is followed in a run: ids in the order of joining, and which frame comes next."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from saccade.core.errors import TargetError
from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import id_array
from saccade.core.targets import TargetId, Targets


@dataclass(frozen=True, slots=True)
class Change:
    """Who joins on a frame, and who leaves.

    Attributes:
        boxes: (x, y, w, h) in frame pixels of those that join, some of which may be followed already.
        masks: their masks, of those that were given one.
        dropped: those that leave for good.
    """

    boxes: dict[TargetId, Float[np.ndarray, "4"]]
    masks: dict[TargetId, Bool[np.ndarray, "H W"]]
    dropped: list[TargetId]

    def ends(self, target: TargetId) -> bool:
        """Whether what was remembered of a target is remembered no longer."""
        return target in self.dropped or target in self.boxes


@dataclass(slots=True)
class Roster:
    """The part of a run's state that every run has.

    Attributes:
        order: ids of those that are followed.
        started: whether there has ever been a target.
        next_frame: index of the next frame, where it does not tell.
        next_id: first number that has never been an id.
    """

    order: list[TargetId] = field(default_factory=list)
    started: bool = False
    next_frame: int = 0
    next_id: int = 0

    def frame(self, picture: Any, color: ColorOrder) -> Frame:
        """The picture that a run was given, as a frame.

        Raises:
            FrameError: when it is no picture.
        """
        return Frame.of(picture, index=self.next_frame, color=color)

    def change(self, frame: Frame, targets: Targets | None) -> Change:
        """What is asked for on a frame, checked; nothing is changed yet.

        Raises:
            TargetError: when a target points at nothing, or none has ever been given.
        """
        if not isinstance(targets, Targets | None):
            raise TargetError(
                f"frame {frame.index}: got {type(targets).__name__} for targets; write "
                f"targets=Targets(boxes=[(x, y, w, h)])"
            )
        if not self.started and not targets:
            raise TargetError(
                f"frame {frame.index}: nothing to follow yet; point at it with "
                f"step(frame, targets=Targets(boxes=[(x, y, w, h)])), or follow(…, boxes=[(x, y, w, h)])"
            )
        targets = Targets() if targets is None else targets
        boxes = targets.on_frame(frame.size_wh, f"frame {frame.index}")
        dropped: list[TargetId] = list(id_array(targets.drop))
        unknown = [target for target in dropped if target not in self.order]
        if unknown:
            raise TargetError(
                f"frame {frame.index}: no target {unknown[0]!r} to drop; followed: {self.order}"
            )
        numbers = range(self.next_id, self.next_id + len(boxes))
        ids = numbers if targets.ids is None else id_array(targets.ids)
        given = () if targets.masks is None else targets.masks
        masks = {target: np.asarray(mask, dtype=bool) for target, mask in zip(ids, given, strict=False)}
        return Change(dict(zip(ids, boxes, strict=True)), masks, dropped)

    def check_followed(self, targets: Sequence[TargetId]) -> None:
        """Refuses ids of nobody.

        Raises:
            TargetError: for one.
        """
        unknown = [target for target in targets if target not in self.order]
        if unknown:
            raise TargetError(f"no target {unknown[0]!r} is followed; followed: {self.order}")

    def take(self, change: Change) -> None:
        """Takes over a change that has taken place."""
        self.order = list(dict.fromkeys([*(i for i in self.order if i not in change.dropped), *change.boxes]))
        self.next_id = max([self.next_id, *(i + 1 for i in change.boxes if isinstance(i, int))])
        self.started = self.started or bool(change.boxes)

    def state_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "order": list(self.order),
            "started": self.started,
            "next_frame": self.next_frame,
            "next_id": self.next_id,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self.order, self.started = list(state["order"]), state["started"]
        self.next_frame, self.next_id = state["next_frame"], state["next_id"]
