"""The parts of LWL's network against the numbers of the original."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.nets.filter_learning import FilterProblem
from saccade.nets.inference import for_inference
from saccade.nets.resnet import mask_rcnn_resnet50, normalise_bgr
from saccade.segmenters.lwl import LWLNet
from saccade.segmenters.lwl.decoder import LEVELS
from saccade.solvers.steepest_descent import DescentState, SteepestDescent

GoldenScript = Callable[[str], ModuleType]
NETWORKS = {"lwl_stage2": False, "lwl_boxinit": True}
"""whether each takes boxes"""

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""
FILTER = 1e-4
"""of the largest coefficient: steps amplify rounding"""
LEARNT_FROM, DECODED = 0, 1
"""which of the two pictures of the vectors"""


def close(ours: Tensor, theirs: Tensor, tolerance: float = ROUNDING) -> None:
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= tolerance * float(theirs.abs().max())


class Part:
    """A network with the numbers that are known of it."""

    def __init__(self, network: LWLNet, arrays: dict[str, Tensor]) -> None:
        self.network, self.arrays = network, arrays
        # the vectors' pictures are BGR already
        self.levels = network.levels(normalise_bgr(arrays["image_255"].float().flip(1)))

    def level(self, picture: int) -> dict[str, Tensor]:
        return {name: maps[picture : picture + 1] for name, maps in self.levels.items()}

    def problem(self, shares: tuple[float, ...]) -> FilterProblem:
        """What filters should make of the first pictures, one for each share."""
        features = self.arrays["target_model_feat"][None, : len(shares)]
        labels, weights = (self.arrays[name][None, : len(shares), 0] for name in ("label", "spatial_weight"))
        shared = torch.tensor(shares)[:, None, None, None] * weights
        return self.network.target_model.problem(features, labels, shared)


@pytest.fixture(scope="module", params=["as trained", "made ready"])
def is_ready(request: pytest.FixtureRequest) -> bool:
    return request.param == "made ready"


@pytest.fixture(scope="module", params=NETWORKS)
def part(request: pytest.FixtureRequest, golden: Path, golden_script: GoldenScript, is_ready: bool) -> Part:
    network = LWLNet(takes_boxes=NETWORKS[request.param])
    network = golden_script("seeded_weights").load_seeded(network).eval().requires_grad_(False)
    vectors = np.load(golden / "vectors" / f"{request.param}.npz")
    arrays = {name: torch.from_numpy(vectors[name]) for name in vectors.files}
    return Part(for_inference(network) if is_ready else network, arrays)


@pytest.mark.parametrize(("name", "takes_boxes"), NETWORKS.items())
def test_parameters_of_the_network(golden: Path, name: str, takes_boxes: bool) -> None:
    recorded = json.loads((golden / "keys" / f"{name}.json").read_text())
    with torch.device("meta"):
        ours = LWLNet(takes_boxes=takes_boxes).state_dict()
    assert [[key, list(value.shape)] for key, value in ours.items()] == [e[:2] for e in recorded["entries"]]


def test_what_the_recipe_keeps_is_as_the_constructor_makes_it(golden: Path) -> None:
    kept = json.loads((golden / "keys" / "lwl_stage2.json").read_text())["kept_constructor_values"]
    name = "target_model.filter_optimizer.residual_module.filter_reg"
    assert list(kept) == [name]
    close(LWLNet().state_dict()[name], torch.tensor(kept[name]["value"]))


def test_the_backbone(golden: Path, golden_script: GoldenScript) -> None:
    holder = nn.ModuleDict({"feature_extractor": mask_rcnn_resnet50()})
    network = golden_script("seeded_weights").load_seeded(holder)["feature_extractor"].eval()
    vectors = np.load(golden / "vectors" / "backbones.npz")
    wanted = {name: torch.from_numpy(vectors[name]) for name in vectors.files}
    with torch.inference_mode():
        found = network.features(50 * wanted["image"], tuple(LEVELS))
    for layer, maps in found.items():
        name = f"lwl_mrcnn_x50_{layer}"
        sums = torch.stack([maps.double().sum(), maps.double().abs().sum(), maps.double().square().sum()])
        close(sums, wanted[f"{name}_sum_abs_sq"])
        if name in wanted:
            close(maps, wanted[name])
        else:
            close(maps[:, :: maps.shape[1] // 16], wanted[f"{name}_slice"])


@torch.inference_mode()
def test_features(part: Part) -> None:
    for name, maps in part.levels.items():
        assert list(maps.shape) == part.arrays[f"bb_{name}_shape"].tolist()
        sums = torch.stack([maps.double().sum(), maps.double().abs().sum(), maps.double().square().sum()])
        close(sums, part.arrays[f"bb_{name}_sum_abs_sq"])
    close(part.levels["layer3"][:, ::32], part.arrays["bb_layer3_slice"])
    close(part.network.target_model.features(part.levels["layer3"]), part.arrays["target_model_feat"])


@torch.inference_mode()
def test_encoded_masks(part: Part) -> None:
    labels, weights = part.network.encode_masks(part.arrays["mask"][:, 0].float()).unbind(1)
    close(labels, part.arrays["label"][:, 0])
    close(weights, part.arrays["spatial_weight"][:, 0])


def reported(problem: FilterProblem, states: list[DescentState]) -> Tensor:
    """The losses of the original: the mean over all residuals."""
    counts = [state.measured.numel() + state.x.numel() for state in states]
    values = [problem.value(state.x, state.measured) for state in states]
    return torch.cat([2 * value / count for value, count in zip(values, counts, strict=True)])


@pytest.mark.parametrize("steps", [1, 5, 20])
@torch.inference_mode()
def test_a_filter_is_learnt(part: Part, steps: int) -> None:
    problem = part.problem((1.0,))
    start = torch.zeros_like(part.arrays["filter_it20"])
    states = list(SteepestDescent().iterates(problem, start, steps=steps))
    close(reported(problem, states), part.arrays[f"losses_it{steps}"], FILTER)
    if f"filter_it{steps}" in part.arrays:
        close(states[-1].x, part.arrays[f"filter_it{steps}"], FILTER)
    nothing = torch.zeros_like(states[0].measured)
    improved, encodings = part.network.target_model.improve(start, nothing, problem, steps=steps)
    close(improved, states[-1].x)
    close(encodings, states[-1].measured)


@torch.inference_mode()
def test_a_filter_is_improved_on_two_samples(part: Part) -> None:
    problem = part.problem((0.6, 0.4))
    states = list(SteepestDescent().iterates(problem, part.arrays["filter_it20"], steps=3))
    close(reported(problem, states), part.arrays["losses_update"], FILTER)
    close(states[-1].x[:, ::4], part.arrays["filter_update_it3_slice"], FILTER)


@torch.inference_mode()
def test_an_encoding_is_decoded(part: Part) -> None:
    filters = part.arrays["filter_it20"].expand(2, -1, -1, -1, -1)
    encoding = part.network.target_model.encode(part.arrays["target_model_feat"], filters)
    close(encoding, part.arrays["mask_encoding"][:, 0])
    size = tuple(part.arrays["image_255"].shape[-2:])
    wanted = part.arrays["seg_scores"][:, 0]
    one = part.network.decoder(
        encoding[DECODED:], part.level(DECODED), torch.zeros(1, dtype=torch.long), size
    )
    close(one, wanted)
    two_of_one_crop = part.network.decoder(
        encoding[[DECODED] * 2], part.level(DECODED), torch.zeros(2, dtype=torch.long), size
    )
    close(two_of_one_crop, wanted.repeat(2, 1, 1))
    each_its_own = part.network.decoder(encoding, part.levels, torch.tensor([LEARNT_FROM, DECODED]), size)
    close(each_its_own[DECODED:], wanted)


@torch.inference_mode()
def test_a_mask_is_guessed_from_a_box(part: Part) -> None:
    if part.network.box_label_encoder is None:
        return
    size = tuple(part.arrays["image_255"].shape[-2:])
    features = part.arrays["target_model_feat"][LEARNT_FROM : LEARNT_FROM + 1]
    boxes = part.arrays["box"].repeat(2, 1)
    encoding = part.network.encode_boxes(features, boxes, size)
    close(encoding, part.arrays["box_encoding"][:, 0].repeat(2, 1, 1, 1))
    scores = part.network.decoder(encoding, part.level(LEARNT_FROM), torch.zeros(2, dtype=torch.long), size)
    close(scores, part.arrays["box_mask_raw"][:, 0].repeat(2, 1, 1))
