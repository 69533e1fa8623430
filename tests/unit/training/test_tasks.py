"""Tasks: which parameters learn, which norms stay, and what a training goes on from."""

import pytest
import torch
from torch import Tensor, nn

from saccade.core.config import override
from saccade.core.errors import ConfigError, WeightsError
from saccade.nets.dimp import ClassifierConfig, DensityLoss, LearnedLoss, SimpleLoss, TrainingSamples
from saccade.nets.dimp.classifier import TargetClassifier
from saccade.trackers.dimp import DIMPNET18, DIMPNET50, DiMPNet
from saccade.trackers.dimp.task import DiMPTaskConfig
from saccade.trackers.kys.task import KYSTaskConfig
from saccade.training.groups import parameter_groups, train_only
from saccade.training.recipe import Group, Recipe
from saccade.training.task import Task
from saccade.training.tiny import tiny
from saccade.zoo.recipes import find_recipe
from tests.unit.training.batches import batch_for

ALL_OF_DIMP = ("classifier", "bb_regressor", "feature_extractor")
HALF_OF_DIMP = ("classifier", "bb_regressor", "feature_extractor.layer3")
HEADS_OF_LWL = ("target_model", "decoder", "label_encoder")
TRAINED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("atom", "atom_paper", "atom_gmm", "atom_prob_ml"), ("bb_regressor",)),
    **dict.fromkeys(("dimp18", "dimp50", "prdimp18", "prdimp50"), ALL_OF_DIMP),
    **dict.fromkeys(("super_dimp", "super_dimp_simple"), HALF_OF_DIMP),
    "kys": ("predictor",),
    "lwl_stage1": HEADS_OF_LWL,
    "lwl_stage2": (*HEADS_OF_LWL, *(f"feature_extractor.layer{stage}" for stage in (2, 3, 4))),
    "lwl_box": ("box_label_encoder",),
    "dimp_nano": ("",),
}
"""the parts that the specification trains"""
UNUSED_BY_DIMP = ("feature_extractor.layer4", "feature_extractor.fc")
"""trained in name only: nothing runs them"""
EVERYTHING = ("",)
STORED_NORMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(TRAINED, ()),
    **dict.fromkeys(
        ("super_dimp", "super_dimp_simple"),
        ("feature_extractor.bn1", "feature_extractor.layer1", "feature_extractor.layer2"),
    ),
    "kys": ("backbone_feature_extractor", "dimp_classifier"),
    **dict.fromkeys(("lwl_stage1", "lwl_stage2", "lwl_box"), EVERYTHING),
}
"""the parts whose batch norms keep their statistics"""
QUICK = ("atom", "prdimp18", "kys", "lwl_box")
"""recipes between which every task and most losses occur; the others take minutes"""
AT_THEIR_LIMIT = {"prdimp18": {"classifier.filter_optimizer.filter_reg"}}
"""what begins at the least value that it may have, below which nothing depends on it"""
EACH = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in TRAINED]


def is_in(name: str, parts: tuple[str, ...]) -> bool:
    return any(not part or name == part or name.startswith(f"{part}.") for part in parts)


def prepared(recipe: Recipe) -> Task:
    """A task as it is when its training begins."""
    task = recipe.task.build()
    train_only(task.network, recipe.optimisation.groups)
    task.train()
    return task


def statistics(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in network.named_buffers() if name.endswith("running_mean")}


@pytest.mark.parametrize("name", TRAINED)
def test_what_is_trained(name: str) -> None:
    recipe = find_recipe(name)
    with torch.device("meta"):
        task = prepared(recipe)
    learns = {key for key, value in task.network.named_parameters() if value.requires_grad}
    assert learns == {key for key, _ in task.network.named_parameters() if is_in(key, TRAINED[name])}
    norms = {
        key for key, part in task.network.named_modules() if isinstance(part, NORMS) and not part.training
    }
    assert norms == {
        key
        for key, part in task.network.named_modules()
        if isinstance(part, NORMS) and is_in(key, STORED_NORMS[name])
    }


NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@pytest.mark.parametrize("name", EACH)
def test_a_step(name: str) -> None:
    """Gradients reach exactly what is trained, and exactly the norms that may change do."""
    recipe = tiny(find_recipe(name))
    task, before = prepared(recipe), {}
    before = statistics(task.network)
    parts = task(batch_for(recipe))
    assert parts["loss"].isfinite()
    assert torch.equal(parts["loss"], parts["Loss/total"])
    assert not any(value.requires_grad for key, value in parts.items() if key != "loss")
    parts["loss"].backward()
    reached = {key for key, value in task.network.named_parameters() if value.grad is not None}
    wished = {key for key, _ in task.network.named_parameters() if is_in(key, TRAINED[name])}
    if name in ("dimp18", "dimp50", "prdimp18", "prdimp50"):
        wished = {key for key in wished if not is_in(key, UNUSED_BY_DIMP)}
    assert reached == wished
    assert not [key for key in reached if not task.network.get_parameter(key).grad.isfinite().all()]  # type: ignore[union-attr]
    for key, value in statistics(task.network).items():
        may_change = not is_in(key, STORED_NORMS[name]) and not is_in(key, UNUSED_BY_DIMP)
        if name == "kys" and is_in(key, ("bb_regressor",)):
            may_change = False  # has no part in it
        assert torch.equal(value, before[key]) != may_change, key


@pytest.mark.slow
@pytest.mark.parametrize("name", [*QUICK, "super_dimp_simple", "lwl_stage1"])
def test_gradients_are_not_zero(name: str) -> None:
    """But for those of numbers that the loss cannot depend on, a second batch changes every parameter."""
    recipe = tiny(find_recipe(name))
    task = prepared(recipe)
    optimiser = torch.optim.SGD(
        [value for value in task.network.parameters() if value.requires_grad], lr=1e-6
    )
    for seed in (0, 1):
        optimiser.zero_grad()
        task(batch_for(recipe, seed=seed))["loss"].backward()
        optimiser.step()
    still = {
        key
        for key, value in task.network.named_parameters()
        if value.grad is not None and not value.grad.any()
    }
    assert still == AT_THEIR_LIMIT.get(name, set())


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    "optimizer",
    [LearnedLoss(num_bins=5, bin_width=1.0, activation="bent"), DensityLoss(min_reg=0.0), SimpleLoss()],
    ids=["learned", "density", "simple"],
)
def test_the_unrolled_optimiser_has_true_gradients(
    optimizer: LearnedLoss | DensityLoss | SimpleLoss,
) -> None:
    """By the features, through the initial filter and all steps, and by the optimiser's own parameters."""
    classifier = TargetClassifier(
        3, ClassifierConfig(optimizer=optimizer, channels=2, filter_size=2)
    ).double()
    boxes = torch.tensor([[[20.0, 24.0, 30.0, 26.0], [28.0, 20.0, 28.0, 30.0]]], dtype=torch.float64)

    def last_scores(features: Tensor, *_: Tensor) -> Tensor:
        samples = TrainingSamples(
            features, boxes, features.new_full((1, 2), 0.5), features.new_full((1,), 0.9)
        )
        filters = classifier.initial_filters(features, boxes)
        return classifier.classify(
            features, classifier.filter_optimizer.iterates(filters, samples, steps=2)[-1]
        )

    features = torch.randn(1, 2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        last_scores, (features, *classifier.filter_optimizer.parameters()), fast_mode=True
    )


def test_groups_share_out_parameters_by_the_longest_path() -> None:
    network = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ModuleDict({"c": nn.Linear(1, 1)})})
    groups = (Group(path="", lr=1.0), Group(path="b.c", lr=0.1), Group(path="b.c.bias", lr=0.01))
    everything, inner, bias = parameter_groups(network, groups)
    assert [
        value is network["a"].get_parameter(name)
        for value, name in zip(everything, ("weight", "bias"), strict=True)
    ]
    inside = network["b"].get_submodule("c")
    assert [len(inner), len(bias)] == [1, 1]
    assert inner[0] is inside.weight
    assert bias[0] is inside.bias


def test_filters_between_have_a_weight_each() -> None:
    settings = {"task.filters.between_weight": "1,2,3,4"}
    task = override(find_recipe("dimp18"), settings).task
    assert isinstance(task, DiMPTaskConfig)
    assert task.filters.between_weight == (1.0, 2.0, 3.0, 4.0)
    with pytest.raises(ConfigError, match=r"between_weight': 4 weights, but 3 steps have 2 filters between"):
        override(find_recipe("dimp18"), settings | {"task.steps": "3"})


def test_groups_of_parts_that_do_not_exist() -> None:
    with pytest.raises(ConfigError, match="'clasifier' is no part of DiMPNet; did you mean 'classifier'"):
        parameter_groups(DiMPNet(DIMPNET18), (Group(path="clasifier", lr=1.0),))


def test_kys_goes_on_from_dimp() -> None:
    task = KYSTaskConfig().build()
    with torch.device("meta"):
        names = DiMPNet(DIMPNET50).state_dict()
    weights = {
        name: torch.full(value.shape, 0.25) for name, value in names.items() if "num_batches" not in name
    }
    before = task.network.predictor.predictor.response_predictor[0][0].weight.clone()
    task.go_on_from(weights)
    own = task.network.state_dict()
    for name in (
        "backbone_feature_extractor.layer3.0.conv1.weight",
        "dimp_classifier.filter_optimizer.filter_reg",
        "bb_regressor.conv3_1r.0.weight",
    ):
        assert bool((own[name] == 0.25).all()), name
    assert torch.equal(task.network.predictor.predictor.response_predictor[0][0].weight, before)
    del weights["classifier.filter_optimizer.filter_reg"]
    with pytest.raises(WeightsError, match=r"'classifier\.filter_optimizer\.filter_reg' is missing"):
        task.go_on_from(weights)
