"""KYS: DiMP's target model, and with it a model of what surrounds the target."""

from dataclasses import dataclass

import torch

from saccade.nets.inference import for_inference
from saccade.online.dimp_model import DiMPModelState, DiMPTargetModel
from saccade.online.discriminative import DiscriminativeTracker
from saccade.online.discriminative_state import DiscriminativeState
from saccade.trackers.kys.config import KYSConfig
from saccade.trackers.kys.network import KYSNet
from saccade.trackers.kys.scene import KYSScene, SceneState


@dataclass(slots=True)
class KYSState(DiscriminativeState):
    """What is remembered of N targets."""

    model: DiMPModelState
    scene: SceneState


def make_tracker(
    network: KYSNet, config: KYSConfig, *, device: torch.device, precision: str
) -> DiscriminativeTracker:
    """The loop with a network made ready for inference on a device, its target model and its scene."""
    ready = for_inference(network, device=device, precision=precision)
    model = DiMPTargetModel(ready.dimp_classifier, config.memory, config.learning.first_steps)
    scene = KYSScene(ready.predictor, config.scene, config.localization, config.search.area)
    is_exact = precision == "float32"
    return DiscriminativeTracker(KYSState, config, ready, model, device, is_exact, scene)
