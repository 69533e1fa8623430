"""DiMP and its kin: the loop, with their target model."""

from dataclasses import dataclass

import torch

from saccade.nets.dimp import DensityLoss
from saccade.nets.inference import for_inference
from saccade.online.dimp_model import DiMPModelState, DiMPTargetModel
from saccade.online.discriminative import DiscriminativeTracker
from saccade.online.discriminative_state import DiscriminativeState
from saccade.trackers.dimp.config import DiMPConfig
from saccade.trackers.dimp.network import DiMPNet


@dataclass(slots=True)
class DiMPState(DiscriminativeState):
    """What is remembered of N targets."""

    model: DiMPModelState


def make_tracker(
    network: DiMPNet, config: DiMPConfig, *, device: torch.device, precision: str
) -> DiscriminativeTracker:
    """The loop with a network of the family, made ready for inference on a device, and its target model."""
    ready = for_inference(network, device=device, precision=precision)
    optimizer = network.config.classifier.optimizer
    model = DiMPTargetModel(
        ready.classifier,
        config.memory,
        config.learning.first_steps,
        has_density=config.scores == "softmax",
        background=optimizer.background if isinstance(optimizer, DensityLoss) else None,
    )
    is_exact = precision == "float32"
    return DiscriminativeTracker(DiMPState, config, ready, model, device, is_exact)
