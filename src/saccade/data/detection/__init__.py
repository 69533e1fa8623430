"""Pictures with boxes: what detectors are trained on and judged by."""

from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.data.detection.opening import DETECTION, find_form, open_detection, recognise
from saccade.data.detection.pictures import read_image

__all__ = [
    "DETECTION",
    "AnnotatedImage",
    "DetectionDataset",
    "find_form",
    "open_detection",
    "read_image",
    "recognise",
]
