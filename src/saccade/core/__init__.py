"""Frames, targets, instances, and what models and runs have in common."""

from saccade.core.errors import (
    ConfigError,
    DatasetError,
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
from saccade.core.skeleton import COCO_17, Skeleton
from saccade.core.targets import Targets
from saccade.core.timing import Stopwatch

__all__ = [
    "COCO_17",
    "ConfigError",
    "DatasetError",
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
    "follow_frames",
]
