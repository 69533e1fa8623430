"""DiMP, PrDiMP and SuperDiMP: the network and its released settings."""

from saccade.trackers.dimp.classifier import ClassifierConfig, TargetClassifier
from saccade.trackers.dimp.density_loss import DensityLoss
from saccade.trackers.dimp.filter_optimizer import TrainingSamples
from saccade.trackers.dimp.hinge_loss import HingeLoss, SimpleLoss
from saccade.trackers.dimp.learned_loss import LearnedLoss
from saccade.trackers.dimp.network import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
    DiMPNet,
    DiMPNetConfig,
)

__all__ = [
    "DIMPNET18",
    "DIMPNET50",
    "PRDIMPNET18",
    "PRDIMPNET50",
    "SIMPLE_DIMPNET",
    "SUPER_DIMPNET",
    "ClassifierConfig",
    "DensityLoss",
    "DiMPNet",
    "DiMPNetConfig",
    "HingeLoss",
    "LearnedLoss",
    "SimpleLoss",
    "TargetClassifier",
    "TrainingSamples",
]
