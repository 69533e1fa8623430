"""DiMP's target classifier with each of its optimisers: batches, gradients, settings."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from saccade.nets.dimp import (
    ClassifierConfig,
    DensityLoss,
    HingeLoss,
    LearnedLoss,
    SimpleLoss,
    TargetClassifier,
    TrainingSamples,
)

Loss = LearnedLoss | DensityLoss | SimpleLoss | HingeLoss

LOSSES = [
    pytest.param(LearnedLoss(), id="DiMP"),
    pytest.param(DensityLoss(), id="PrDiMP"),
    pytest.param(SimpleLoss(), id="simple"),
    pytest.param(HingeLoss(hinge_threshold=0.05), id="L2"),
]


def classifier(loss: Loss) -> TargetClassifier:
    torch.manual_seed(0)
    return TargetClassifier(12, ClassifierConfig(channels=8, num_blocks=1, optimizer=loss)).eval()


def samples(network: TargetClassifier, targets: int) -> TrainingSamples:
    """Three samples of each target; the first target has stored two of them only."""
    generator = torch.Generator().manual_seed(1)
    layer3 = torch.randn(targets, 3, 12, 6, 7, generator=generator)
    boxes = torch.tensor([30.0, 20.0, 40.0, 50.0]) + 10 * torch.randn(targets, 3, 4, generator=generator)
    weights = torch.rand(targets, 3, generator=generator)
    weights[0, 2] = 0
    features = network.features(layer3.flatten(0, 1)).unflatten(0, (targets, 3))
    sigma = torch.linspace(0.7, 1.1, targets)
    return TrainingSamples(features, boxes, weights / weights.sum(dim=1, keepdim=True), sigma)


def learn(network: TargetClassifier, given: TrainingSamples) -> tuple[Tensor, Tensor]:
    """The filters learned of samples, and their scores."""
    filters = network.initial_filters(given.features, given.boxes)
    filters = network.optimize(filters, given, steps=5)
    return filters, network.classify(given.features, filters)


@pytest.mark.parametrize("loss", LOSSES)
@torch.inference_mode()
def test_a_batch_of_targets_equals_its_single_targets(loss: Loss) -> None:
    network = classifier(loss)
    given = samples(network, 3)
    filters, scores = learn(network, given)
    assert filters.shape == (3, 8, 4, 4)
    assert scores.shape == (3, 3, 7, 8)
    for n in range(3):
        rows = slice(n, n + 1)
        one = TrainingSamples(
            given.features[rows], given.boxes[rows], given.weights[rows], given.label_sigma[rows]
        )
        torch.testing.assert_close((filters[rows], scores[rows]), learn(network, one), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("loss", LOSSES)
@torch.inference_mode()
def test_samples_without_weight_take_no_part(loss: Loss) -> None:
    network = classifier(loss)
    given = samples(network, 1)
    first = network.initial_filters(given.features, given.boxes)
    stored = TrainingSamples(
        given.features[:, :2], given.boxes[:, :2], given.weights[:, :2], given.label_sigma
    )
    torch.testing.assert_close(
        network.optimize(first, given, steps=5),
        network.optimize(first, stored, steps=5),
        atol=1e-6,
        rtol=1e-4,
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_learning_makes_the_target_stand_out(loss: Loss) -> None:
    """In pictures with noise all around it, the score peaks at the target and nowhere else."""
    network = classifier(loss)
    features = 0.1 * torch.randn(1, 4, 8, 9, 9)
    features[..., 4:6, 4:6] += torch.arange(8.0)[:, None, None] / 8
    boxes = torch.tensor([[[64.0, 64.0, 32.0, 32.0]]]).expand(1, 4, 4)
    given = TrainingSamples(features, boxes, torch.full((1, 4), 0.25), torch.ones(1))
    with torch.inference_mode():
        filters = network.optimize(torch.zeros(1, 8, 4, 4), given, steps=30)
        scores = network.classify(features, filters)
    centre = divmod(int(scores.mean(dim=1).argmax()), 10)
    assert centre == (5, 5)  # 80 px lie between the cells 4 and 5 of the features
    assert float(scores[..., 5, 5].min()) > 3 * float(scores[..., :3, :3].abs().max())


@pytest.mark.parametrize("loss", LOSSES)
def test_gradients_reach_every_parameter(loss: Loss) -> None:
    """Through the unrolled optimisation, from scores in another picture."""
    network = classifier(loss).train()
    given = samples(network, 2)
    first = network.initial_filters(given.features, given.boxes)
    iterates = network.filter_optimizer.iterates(first, given, steps=3)
    torch.stack([network.classify(given.features, f).square().mean() for f in iterates]).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        is_clamped = name == "filter_optimizer.filter_reg" and isinstance(loss, DensityLoss)
        assert parameter.grad.any() or is_clamped, name


def test_a_penalty_at_its_least_value_is_not_lowered() -> None:
    network = classifier(DensityLoss(initial_reg=0.01, min_reg=0.05))
    problem = network.filter_optimizer.problem(samples(network, 1), 4)
    torch.testing.assert_close(problem.reg, torch.tensor([0.05**2]))


def test_features_are_normalised_picture_by_picture() -> None:
    network = classifier(LearnedLoss())
    layer3 = torch.randn(2, 12, 6, 7)
    with torch.inference_mode():
        features = network.features(layer3)
        cut = TargetClassifier(12, replace(network.config, has_relu=True)).eval().features(layer3)
    energy = features.square().mean(dim=(1, 2, 3))
    torch.testing.assert_close(energy, torch.full((2,), 1 / (8 * 16)))
    assert float(cut.min()) == 0


def test_a_first_filter_of_zero_weights() -> None:
    config = ClassifierConfig(channels=8, optimizer=DensityLoss(), initializer="zero")
    network = TargetClassifier(12, config)
    filters = network.initial_filters(
        torch.randn(1, 2, 8, 6, 6), torch.tensor([[[30.0, 30.0, 40.0, 40.0]] * 2])
    )
    assert not filters.any()
