"""The scene: what surrounds targets, followed along with them, and how it decides where they are."""

from typing import Protocol, TypeVar, runtime_checkable

from jaxtyping import Bool, Float
from torch import Tensor

from saccade.online.localization import Peak, ScoreMaps
from saccade.online.state import TargetState
from saccade.ops.crops import CropView

S = TypeVar("S", bound=TargetState)


@runtime_checkable
class Scene(Protocol[S]):
    """What a tracker that knows the surroundings of its targets has besides their target models (KYS).

    Boxes are (x, y, w, h) in crop pixels. What is known of the surroundings of N targets is a state of the
    scene's own.
    """

    def begin(
        self,
        layer3: Float[Tensor, "N c h w"],
        boxes: Float[Tensor, "N 4"],
        base_size: Float[Tensor, "N 2"],
    ) -> S:
        """What is known when targets were just pointed at.

        Args:
            layer3: the backbone's features of their search regions.
            boxes: where they are in these; on the host.
            base_size: (w, h) in crop pixels at the first frame's scale; on the host.
        """
        ...

    def localize(
        self,
        maps: ScoreMaps,
        layer3: Float[Tensor, "N c h w"],
        view: CropView,
        size: Float[Tensor, "N 2"],
        state: S,
    ) -> tuple[Peak, S]:
        """Chooses a place for each target, by its score map and its surroundings.

        Args:
            maps: the scores of the target models, at a single scale.
            layer3: the backbone's features of the search regions.
            view: where these lie.
            size: last size (w, h) of the targets in frame pixels.

        Returns:
            The places, and what will be known of the surroundings of those targets that are indeed there.
        """
        ...

    def follow(self, later: S, boxes: Float[Tensor, "N 4"], is_seen: Bool[Tensor, " N"], state: S) -> None:
        """Takes over what `localize` said will be known, now that boxes are.

        Args:
            boxes: where targets are in their search regions; on the host.
            is_seen: whether they are there at all; on the host.
        """
        ...
