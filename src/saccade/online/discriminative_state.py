"""What the discriminative trackers remember of their targets, and how these move."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from saccade.online.exchange import Sighting
from saccade.online.localization import MISSING
from saccade.online.relocation import middle
from saccade.online.state import TargetState
from saccade.ops.crops import CropView

SMALLEST = 10.0
"""shorter side in frame pixels that the scale keeps targets above, where boxes are not refined"""


@dataclass(slots=True)
class DiscriminativeState(TargetState):
    """What is remembered of N targets; a tracker names the type of its target model's part."""

    host = ("centre", "size", "scale", "base_size", "refined_centre", "age", "draws", "is_drawn")

    centre: Float[Tensor, "N 2"]
    """(x, y) in frame pixels"""
    size: Float[Tensor, "N 2"]
    """(w, h) in frame pixels"""
    scale: Float[Tensor, " N"]
    """frame pixels in a pixel of the search region's crop"""
    base_size: Float[Tensor, "N 2"]
    """(w, h) in crop pixels on the first frame"""
    refined_centre: Float[Tensor, "N 2"]
    """last position that came from a refined box; NaN while there is none"""
    age: Integer[Tensor, " N"]
    """frames since the first"""
    draws: Float[Tensor, "N R 4"]
    """what makes the next proposals random"""
    is_drawn: Bool[Tensor, " N"]
    """whether these draws are still unused, which those of a frame without its target are"""
    modulation: tuple[Tensor, ...]
    """of the IoU-Net"""
    model: TargetState
    """of the target model"""
    scene: TargetState = field(default_factory=TargetState)
    """of the scene, for trackers that know one"""

    def move(
        self, sighting: Sighting, view: CropView, frame_wh: tuple[int, int], *, refines_boxes: bool
    ) -> None:
        """Takes over where the targets are that were seen.

        Args:
            view: the search region at the best scale.
            refines_boxes: whether boxes are measured; otherwise the target keeps its shape.
        """
        is_seen = sighting.finding != MISSING
        if refines_boxes:
            is_measured = is_seen & sighting.is_refined
            size, scale = sighting.size, self._scale_of(sighting.size)
            refined = torch.where(is_measured[:, None], sighting.centre, self.refined_centre)
            # where no proposal was plausible, the original goes back to the last one that was
            centre = torch.where(refined.isnan(), sighting.centre, refined)
            self.refined_centre = refined
        else:
            is_measured = is_seen
            smallest = (SMALLEST / self.base_size).amax(dim=1)
            largest = (view.scale.new_tensor(frame_wh) / self.base_size).amin(dim=1)
            scale = torch.minimum(torch.maximum(view.scale, smallest), largest)
            size, centre = self.base_size * scale[:, None], sighting.centre
        self.centre = torch.where(is_seen[:, None], centre, self.centre)
        self.size = torch.where(is_measured[:, None], size, self.size)
        self.scale = torch.where(is_measured, scale, self.scale)
        self.is_drawn = ~is_seen

    def relocate(self, boxes: Float[Tensor, "N 4"], *, refines_boxes: bool) -> None:
        """Puts the targets into boxes (x, y, w, h) in frame pixels, in place.

        A target whose box is not refined keeps its shape.
        """
        centre, size = middle(boxes.to(self.size))
        scale = self._scale_of(size)
        self.centre[:] = centre
        self.scale[:] = scale
        self.size[:] = size if refines_boxes else self.base_size * scale[:, None]
        # of a target that was never refined nothing is known that could be gone back to
        self.refined_centre[:] = torch.where(self.refined_centre.isnan(), torch.nan, centre)

    def _scale_of(self, size: Float[Tensor, "N 2"]) -> Float[Tensor, " N"]:
        """Frame pixels in a crop pixel where targets are so large."""
        return (size.prod(dim=1) / self.base_size.prod(dim=1)).sqrt()
