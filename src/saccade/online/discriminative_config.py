"""What is chosen for the discriminative trackers: ATOM, DiMP and their kin."""

from dataclasses import dataclass

from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.localization import Localization
from saccade.online.memory import SampleMemory
from saccade.online.refinement import BoxRefinement
from saccade.online.search_region import SearchRegion
from saccade.online.target_model import Learning


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscriminativeConfig:
    """What the trackers of the family have in common."""

    search: SearchRegion = SearchRegion()
    """the part of the frame that is looked at"""
    augmentation: FirstFrameAugmentation = FirstFrameAugmentation()
    """the pictures of the first frame that the target is learnt from"""
    localization: Localization = Localization()
    """what is made of score maps"""
    refines_boxes: bool = True
    """whether the IoU-Net finds the box; otherwise the target keeps its shape and takes the best scale"""
    refinement: BoxRefinement = BoxRefinement()
    """how it does"""
    memory: SampleMemory = SampleMemory()
    """what is remembered"""
    learning: Learning = Learning()
    """when the target model is improved"""
