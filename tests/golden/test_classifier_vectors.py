"""The target classifier of DiMP, PrDiMP and SuperDiMP against the numbers of the original."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.nets.dimp.classifier import FilterInitializer, TargetClassifier
from saccade.nets.dimp.density_loss import DensityLoss, DensityOptimizer
from saccade.nets.dimp.filter_optimizer import FilterOptimizer, TrainingSamples
from saccade.nets.dimp.hinge_loss import HingeLoss, HingeOptimizer, SimpleLoss
from saccade.nets.dimp.learned_loss import LearnedLoss, LearnedLossOptimizer
from saccade.ops.activations import BentLeakyReLU, LeakyReLU, softmax2d
from saccade.ops.distance import distance_map, radial_profiles
from saccade.ops.filters import correlate, correlate_adjoint
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

GoldenScript = Callable[[str], ModuleType]
Vectors = Callable[[str], Tensor]

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""
FILTER = 1e-4
"""of the largest coefficient: 10 steps amplify rounding to 3e-5"""
LOSS = 2e-4
"""relative; the loss is reported behind the last step, too"""

NETWORKS: list[tuple[str, DiMPNetConfig]] = [
    ("dimpnet18", DIMPNET18),
    ("dimpnet50", DIMPNET50),
    ("klcedimpnet18", PRDIMPNET18),
    ("klcedimpnet50", PRDIMPNET50),
    ("super_dimp", SUPER_DIMPNET),
    ("super_dimp_simple", SIMPLE_DIMPNET),
]
LABEL_SIGMA = math.sqrt(9 * 10) / 24
"""cells; of the labels that the vectors of SuperDiMP-simple were made with"""


def close(ours: Tensor, theirs: Tensor, tolerance: float = ROUNDING) -> None:
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


def vectors(golden: Path, name: str) -> Vectors:
    arrays = np.load(golden / "vectors" / f"classifier_{name}.npz")
    return lambda key: torch.from_numpy(arrays[key])


@pytest.fixture(scope="module")
def variants(golden: Path) -> Vectors:
    return vectors(golden, "variants")


@pytest.fixture(autouse=True)
def _without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


@pytest.mark.parametrize(("name", "config"), NETWORKS, ids=[name for name, _ in NETWORKS])
def test_parameters_of_the_network(golden: Path, name: str, config: DiMPNetConfig) -> None:
    recorded = json.loads((golden / "keys" / f"{name}.json").read_text())
    with torch.device("meta"):
        ours = DiMPNet(config).state_dict()
    assert [[key, list(value.shape)] for key, value in ours.items()] == [
        entry[:2] for entry in recorded["entries"]
    ]


@pytest.mark.parametrize(("name", "config"), NETWORKS, ids=[name for name, _ in NETWORKS])
def test_parameters_of_the_optimizer_before_training(golden: Path, name: str, config: DiMPNetConfig) -> None:
    recorded = json.loads((golden / "keys" / f"{name}.json").read_text())["kept_constructor_values"]
    ours = classifier(config).state_dict()
    assert recorded.keys() == {key for key in ours if ".filter_optimizer." in key}
    for key, kept in recorded.items():
        close(ours[key], torch.tensor(kept["value"]).reshape(kept["shape"]), 1e-7)


def classifier(config: DiMPNetConfig) -> nn.ModuleDict:
    """The classifier alone, under the name that it has in the network."""
    channels = 256 if config.backbone == "resnet18" else 1024
    return nn.ModuleDict({"classifier": TargetClassifier(channels, config.classifier)}).eval()


def samples(read: Vectors, features: Tensor, *, is_weighted: bool) -> TrainingSamples:
    boxes = read("boxes")[None]
    weights = read("sample_weight")[None] if is_weighted else torch.full(boxes.shape[:2], 1 / boxes.shape[1])
    return TrainingSamples(features, boxes, weights, torch.tensor([LABEL_SIGMA]))


def reported(optimizer: FilterOptimizer, given: TrainingSamples, filters: Tensor, steps: int) -> Tensor:
    """The losses of the original: without the 1/2 of ours, or of its penalty, or as a mean over residuals."""
    problem = optimizer.problem(given, filters.shape[-1])
    losses = []
    for state in optimizer.solver().iterates(problem, filters, steps=steps):
        value = problem.value(state.x, state.measured)
        if isinstance(optimizer, DensityOptimizer):
            losses.append(value + 0.5 * problem.reg * state.x.square().sum())
        elif isinstance(optimizer, LearnedLossOptimizer | HingeOptimizer):
            losses.append(2 * value)
        else:
            losses.append(2 * value / (state.measured.numel() + state.x.numel()))
    return torch.cat(losses)


@pytest.fixture(scope="module", params=["dimpnet18", "klcedimpnet18", "dimpnet50", "super_dimp_simple"])
def trained(
    request: pytest.FixtureRequest, golden: Path, golden_script: GoldenScript
) -> tuple[TargetClassifier, Vectors]:
    seeded = golden_script("seeded_weights").load_seeded(classifier(dict(NETWORKS)[request.param]))
    return seeded["classifier"], vectors(golden, request.param)


def test_features_and_first_filter(trained: tuple[TargetClassifier, Vectors]) -> None:
    network, read = trained
    features = network.features(read("layer3"))
    close(features, read("clf_feat"))
    filters = network.initial_filters(features[None], read("boxes")[None])
    close(filters, read("init_filter"))
    if not isinstance(network.config.optimizer, SimpleLoss):
        close(network.classify(features[None], filters)[0], read("scores_init")[:, 0])
        improved = network.optimize(filters, samples(read, features[None], is_weighted=False), steps=5)
        close(improved, read("get_filter_default"))
        close(network.classify(features[None], improved)[0], read("scores_default")[:, 0])


@pytest.mark.parametrize("suffix", ["", "_sw"], ids=["equal weights", "weighted"])
@pytest.mark.parametrize("steps", [1, 5, 10])
def test_optimised_filters(trained: tuple[TargetClassifier, Vectors], steps: int, suffix: str) -> None:
    network, read = trained
    given = samples(read, read("clf_feat")[None], is_weighted=bool(suffix))
    close(
        network.optimize(read("init_filter"), given, steps=steps),
        read(f"opt_it{steps}{suffix}_filter"),
        FILTER,
    )
    losses = reported(network.filter_optimizer, given, read("init_filter"), steps)
    close(losses, read(f"opt_it{steps}{suffix}_losses"), LOSS)


@pytest.mark.parametrize("trained", ["dimpnet18", "klcedimpnet18"], indirect=True)
def test_several_targets_at_once(trained: tuple[TargetClassifier, Vectors]) -> None:
    """Two sequences of two samples, as in training: scores of a third picture with every iterate."""
    network, read = trained
    maps, test_maps, boxes = (read(n).transpose(0, 1) for n in ("layer3_5d", "layer3_5d_test", "boxes_5d"))
    features = network.features(maps.flatten(0, 1)).unflatten(0, (2, 2))
    test_features = network.features(test_maps.flatten(0, 1)).unflatten(0, (2, 1))
    given = TrainingSamples(features, boxes, torch.full((2, 2), 0.5), torch.ones(2))
    iterates = network.filter_optimizer.iterates(network.initial_filters(features, boxes), given, steps=5)
    assert len(iterates) == 6
    for i, filters in enumerate(iterates):
        scores = network.classify(test_features, filters).transpose(0, 1)
        close(scores, read(f"train_forward_scores_{i}"), FILTER)


# The values behind the names of the recorded variants are not recorded. They were found from the numbers:
# with these, all filters and losses agree.
GAUSS_NEWTON = {"num_bins": 20, "bin_width": 0.5, "damping": 0.01}
L2 = {"initial_step": 0.9, "initial_reg": 0.1, "damping": 0.02}
VARIANTS: list[tuple[str, tuple[int, ...], FilterOptimizer]] = [
    ("gn_k{}_relu_sigmoid", (1, 3, 4, 5), LearnedLossOptimizer(LearnedLoss(**GAUSS_NEWTON))),
    ("gn_k{}_relu_linear", (4,), LearnedLossOptimizer(LearnedLoss(mask="linear", **GAUSS_NEWTON))),
    ("gn_k{}_bentpar_sigmoid", (4,), LearnedLossOptimizer(LearnedLoss(activation="bent", **GAUSS_NEWTON))),
    (
        "gn_k{}_bentpar_linear",
        (4,),
        LearnedLossOptimizer(LearnedLoss(activation="bent", mask="linear", **GAUSS_NEWTON)),
    ),
    ("l2_k{}_hinge-999_sigma1.0", (1, 3, 4, 5), HingeOptimizer(HingeLoss(**L2))),
    (
        "l2_k{}_hinge0.05_sigma0.9",
        (1, 3, 4, 5),
        HingeOptimizer(HingeLoss(hinge_threshold=0.05, label_sigma=0.9, **L2)),
    ),
    ("newton_k{}_plain", (1, 3, 4, 5), DensityOptimizer(DensityLoss(normalises_label=False))),
    ("newton_k{}_normlab_shrink", (1, 3, 4, 5), DensityOptimizer(DensityLoss(label_shrink=0.1))),
    (
        "newton_k{}_softmaxreg_uni_thr",
        (1, 3, 4, 5),
        DensityOptimizer(
            DensityLoss(normalises_label=False, background=0.5, uniform_share=0.2, label_threshold=0.01)
        ),
    ),
    (
        "newton_k{}_sigma0",
        (1, 3, 4, 5),
        DensityOptimizer(DensityLoss(normalises_label=False, label_sigma=0.0)),
    ),
]
CASES = [
    pytest.param(name.format(kernel), kernel, optimizer, id=name.format(kernel))
    for name, kernels, optimizer in VARIANTS
    for kernel in kernels
]


@pytest.mark.parametrize(("name", "kernel", "optimizer"), CASES)
@pytest.mark.parametrize("suffix", ["", "_sw"], ids=["equal weights", "weighted"])
def test_optimizer_variants(
    variants: Vectors, name: str, kernel: int, optimizer: FilterOptimizer, suffix: str
) -> None:
    given = samples(variants, variants("feat")[None], is_weighted=bool(suffix))
    filters = variants(f"filter_{kernel}x{kernel}")
    close(optimizer(filters, given, steps=3), variants(f"{name}_it3{suffix}_filter"), FILTER)
    ours, theirs = reported(optimizer, given, filters, 3), variants(f"{name}_it3{suffix}_losses")
    if "bentpar" in name:  # the original reports its last loss with the sharp activation, whatever it uses
        ours, theirs = ours[:-1], theirs[:-1]
    close(ours, theirs, LOSS)


@pytest.mark.parametrize("kernel", [1, 3, 4, 5])
def test_correlation_and_its_adjoint(variants: Vectors, kernel: int) -> None:
    features, residual = variants("feat")[None], variants(f"residual_k{kernel}")[:, 0][None]
    scores = correlate(features, variants(f"filter_{kernel}x{kernel}"))
    close(scores[0], variants(f"apply_filter_k{kernel}")[:, 0])
    gradient = correlate_adjoint(features, residual, (kernel, kernel))
    for mode in ("eval", "train"):  # two algorithms of the original
        close(gradient, variants(f"feat_transpose_k{kernel}_{mode}"))


def test_several_filters_a_target(variants: Vectors) -> None:
    features = variants("multi_feat").transpose(0, 1)
    close(correlate(features, variants("multi_filters")).transpose(0, 1), variants("multi_scores"))
    gradient = correlate_adjoint(features, variants("multi_residual").transpose(0, 1), (3, 3))
    close(gradient, variants("multi_feat_transpose"))


def test_distance_bins(variants: Vectors) -> None:
    """A profile that is 1 at one distance and 0 at the others is one bin of the original's."""
    centres = variants("distance_map_centers_yx").flip(1)
    bins = radial_profiles(distance_map((9, 10), centres), torch.eye(20), 0.5)
    close(bins.transpose(0, 1), variants("distance_map"))


def test_activations(variants: Vectors) -> None:
    scores, slopes = variants("act_x"), variants("act_a")
    for name, activation in (("relupar", LeakyReLU(slopes)), ("bent", BentLeakyReLU(slopes))):
        close(activation(scores), variants(f"act_{name}"))
        close(activation.slope(scores), variants(f"act_{name}_deriv"))


@pytest.mark.parametrize("background", [None, 0.5])
def test_softmax(variants: Vectors, background: float | None) -> None:
    each_row = softmax2d(variants("act_x")[:, None], background)[:, 0]
    close(each_row, variants(f"softmax_reg_{background}"))


@pytest.mark.parametrize(("name", "is_square"), [("filter_pool", False), ("filter_pool_square", True)])
def test_pooling_of_the_first_filter(variants: Vectors, name: str, is_square: bool) -> None:
    initializer = FilterInitializer(8, 4, pools_square=is_square)
    close(initializer.pool(variants("feat"), variants("boxes")), variants(name))
