"""Weight files: read without running anything that is in them."""

from saccade.weights.reading import load_weights, read_tensors

__all__ = ["load_weights", "read_tensors"]
