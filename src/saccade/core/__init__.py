"""Frames, targets, instances, and what models and runs have in common."""

from saccade.core.errors import (
    ConfigError,
    DatasetError,
    ExportError,
    FrameError,
    InputError,
    MissingExtraError,
    ModelError,
    OutputError,
    SaccadeError,
    SaccadeWarning,
    SourceError,
    TargetError,
    TrainingError,
    WeightsError,
)
from saccade.core.follow import follow_frames
from saccade.core.frame import Frame
from saccade.core.instances import Instances, Status
from saccade.core.model import Model, Run
from saccade.core.skeleton import Skeleton
from saccade.core.skeletons import BODY_25, COCO_17, COCO_18, LSP_14, MPII_16, SKELETONS, find_skeleton
from saccade.core.targets import Targets
from saccade.core.timing import Stopwatch

__all__ = [
    "BODY_25",
    "COCO_17",
    "COCO_18",
    "LSP_14",
    "MPII_16",
    "SKELETONS",
    "ConfigError",
    "DatasetError",
    "ExportError",
    "Frame",
    "FrameError",
    "InputError",
    "Instances",
    "MissingExtraError",
    "Model",
    "ModelError",
    "OutputError",
    "Run",
    "SaccadeError",
    "SaccadeWarning",
    "Skeleton",
    "SourceError",
    "Status",
    "Stopwatch",
    "TargetError",
    "Targets",
    "TrainingError",
    "WeightsError",
    "find_skeleton",
    "follow_frames",
]
