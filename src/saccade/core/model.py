"""What every model and every run can do.

A model is weights and configuration: read-only and shared. A run is one pass over one video: it owns every
changing thing. `step` is the only verb, for trackers, segmenters, detectors and pose estimators alike.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from saccade.core.frame import ColorOrder, Frame
from saccade.core.instances import Instances
from saccade.core.targets import Targets

Detect = Callable[[list[Frame]], Sequence[Instances]]
"""says what is in each of several frames: a detector that is called with them"""


@runtime_checkable
class Run(Protocol):
    """One pass over one video."""

    def step(self, frame: Any, targets: Targets | None = None, *, color: ColorOrder = "rgb") -> Instances:
        """Looks at the next frame and says what is where.

        Args:
            frame: the next picture of the video: whatever `Frame.of` takes.
            targets: what is to be followed from this frame on, or no longer.
            color: channel order of `frame` where it is an array.

        Raises:
            FrameError: when `frame` is no picture.
            TargetError: when a target points at nothing, or none has ever been given to a model that needs
                one.
            ConfigError: when a target cannot be learnt with the settings of the model.

        After any of these the run is as it was before.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that this run remembers, as tensors and JSON values, ready for `torch.save`."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where another run of the same model stood when its `state_dict` was taken."""
        ...


@runtime_checkable
class Model(Protocol):
    """Weights and configuration, read-only."""

    @property
    def name(self) -> str:
        """Name in the catalogue, e.g. "eco"."""
        ...

    @property
    def config(self) -> Any:
        """The frozen configuration."""
        ...

    def start(self, *, seed: int = 0) -> Run:
        """Begins a pass over a video; the same seed gives the same result, bit for bit, on one device."""
        ...
