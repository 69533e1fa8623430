"""Synthetic video with exact truth: the clip of `saccade demo`, and material for tests and training."""

from saccade.data.synthetic.video import SyntheticFrame, render

__all__ = ["SyntheticFrame", "render"]
