"""Overlays on frames, charts, and the window on the screen."""

from typing import TYPE_CHECKING

from saccade.core.lazy import lazy

if TYPE_CHECKING:
    from saccade.draw.overlay import Overlay, annotate

__all__ = ["Overlay", "annotate"]

# who draws charts has no use for supervision, which takes half a second to load
__getattr__ = lazy(__name__, {"Overlay": "overlay", "annotate": "overlay"})
