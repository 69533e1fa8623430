"""Overlays on frames, charts, and the window on the screen."""

from saccade.draw.overlay import Overlay, annotate

__all__ = ["Overlay", "annotate"]
