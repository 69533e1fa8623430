"""The network of DiMP and its successors: as a whole, and its settings."""

import pytest
import torch

from saccade.core.config import from_json, to_json
from saccade.nets.dimp import ClassifierConfig, HingeLoss, TrainingSamples
from saccade.nets.inference import for_inference
from saccade.trackers.dimp import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
    DiMPNet,
    DiMPNetConfig,
)


@torch.inference_mode()
def test_the_whole_network() -> None:
    network = for_inference(DiMPNet(DIMPNET18))
    layer2, layer3 = network.backbone_features(torch.randn(2, 3, 64, 96))
    assert layer2.shape == (2, 128, 8, 12)
    features = network.classifier.features(layer3)
    assert features.shape == (2, 256, 4, 6)
    box = torch.tensor([[20.0, 10.0, 30.0, 30.0]] * 2)
    given = TrainingSamples(features[None], box[None], torch.full((1, 2), 0.5), torch.ones(1))
    filters = network.classifier.initial_filters(given.features, given.boxes)
    filters = network.classifier.optimize(filters, given, steps=5)
    scores = network.classifier.classify(given.features, filters)
    assert filters.shape == (1, 256, 4, 4)
    assert scores.shape == (1, 2, 5, 7)
    modulation = network.bb_regressor.modulation(layer2, layer3, box)
    assert [m.shape for m in modulation] == [(2, 256), (2, 256)]


@pytest.mark.parametrize(
    "config",
    [
        DIMPNET18,
        DIMPNET50,
        SUPER_DIMPNET,
        SIMPLE_DIMPNET,
        PRDIMPNET18,
        PRDIMPNET50,
        DiMPNetConfig(classifier=ClassifierConfig(optimizer=HingeLoss())),
    ],
    ids=["dimp18", "dimp50", "super", "simple", "prdimp18", "prdimp50", "L2"],
)
def test_settings_come_back_from_json(config: DiMPNetConfig) -> None:
    assert from_json(DiMPNetConfig, to_json(config)) == config
