"""saccade in the experiments of the GOT-10k toolkit."""

from typing import Any

import numpy as np
from jaxtyping import Float

from saccade.core import MissingExtraError, Model, Targets


def got10k(model: Model, *, name: str | None = None, seed: int = 0) -> Any:
    """A model as a `got10k.trackers.Tracker`, for the experiments of the GOT-10k toolkit.

    Args:
        name: what the toolkit calls the tracker in its results; the model's own name when not given.
        seed: as in `model.start`, the same for every sequence.

    Raises:
        MissingExtraError: when the package got10k is not installed.
    """
    try:
        from got10k.trackers import Tracker
    except ImportError:
        raise MissingExtraError(
            "this needs the package 'got10k'; install it with: pip install got10k"
        ) from None

    class Got10kTracker(Tracker):
        """Follows one object; pictures come from Pillow, boxes are (x, y, w, h) in pixels."""

        def init(self, image: Any, box: Any) -> None:
            self._run = model.start(seed=seed)
            self._run.step(_pixels(image), Targets(boxes=[np.asarray(box, dtype=np.float64)]))

        def update(self, image: Any) -> Float[np.ndarray, "4"]:
            return self._run.step(_pixels(image)).xywh[0]

    return Got10kTracker(name=name or model.name, is_deterministic=True)


def _pixels(image: Any) -> Any:
    """A Pillow picture of any mode as an RGB array; arrays pass through."""
    return np.asarray(image.convert("RGB")) if hasattr(image, "convert") else image
