"""What a result was made with."""

import platform

import cv2
import torch

from saccade import __version__


def versions() -> dict[str, str]:
    """The versions on which numbers depend, by name."""
    return {
        "saccade": __version__,
        "torch": str(torch.__version__),
        "opencv": cv2.__version__,
        "python": platform.python_version(),
    }
