"""DiMP's target classifier: features, a first filter, and an optimiser that goes on from there."""

from saccade.nets.dimp.classifier import ClassifierConfig, TargetClassifier
from saccade.nets.dimp.density_loss import DensityLoss
from saccade.nets.dimp.filter_optimizer import TrainingSamples
from saccade.nets.dimp.hinge_loss import HingeLoss, SimpleLoss
from saccade.nets.dimp.learned_loss import LearnedLoss

__all__ = [
    "ClassifierConfig",
    "DensityLoss",
    "HingeLoss",
    "LearnedLoss",
    "SimpleLoss",
    "TargetClassifier",
    "TrainingSamples",
]
