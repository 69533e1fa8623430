"""What a result was made with."""

import platform

import cv2
import torch

import saccade
from saccade.core.versions import versions


def test_versions_are_plain_text_that_json_takes():
    found = versions()
    assert found == {
        "saccade": saccade.__version__,
        "torch": torch.__version__,
        "opencv": cv2.__version__,
        "python": platform.python_version(),
    }
    assert {type(value) for value in found.values()} == {str}, "PyTorch's version is a class of its own"
