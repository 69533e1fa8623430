"""KYS: the response predictor in batches and in training, the scene frame by frame, settings."""

import json
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from saccade.core import ConfigError
from saccade.core.config import from_json, override, to_json
from saccade.nets.inference import for_inference
from saccade.online.localization import FOUND, HARD_NEGATIVE, MISSING, Localization, ScoreMaps
from saccade.ops.crops import CropView
from saccade.trackers.kys import KYS, KYS_VOT, KYSConfig, PredictorConfig, SceneConfig
from saccade.trackers.kys.predictor import AlignedPredictor, propagate, shift
from saccade.trackers.kys.scene import KYSScene, SceneState

SIDE = 6
"""cells of the maps here"""


@pytest.fixture(scope="module")
def predictor() -> AlignedPredictor:
    torch.manual_seed(0)
    return AlignedPredictor(PredictorConfig()).eval()


def given(targets: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features of two frames, state vectors, scores."""
    features, last = torch.randn(2, targets, 12, SIDE, SIDE)
    return features, last, torch.randn(targets, 8, SIDE, SIDE).tanh(), torch.rand(targets, SIDE, SIDE)


def answer(predictor: AlignedPredictor, *maps: Tensor) -> tuple[Tensor, Tensor]:
    window = torch.linspace(0.5, 1, SIDE * SIDE).reshape(SIDE, SIDE)
    response, state = predictor(*maps, least_score=0.05, window=window)
    return response, state


@pytest.mark.parametrize("confidence", ["entropy", "max"])
@torch.inference_mode()
def test_a_batch_of_targets_equals_its_single_targets(confidence: Any) -> None:
    predictor = AlignedPredictor(PredictorConfig(confidence=confidence)).eval()
    maps = given(3)
    together = answer(predictor, *maps)
    for n in range(3):
        alone = answer(predictor, *(each[n : n + 1] for each in maps))
        torch.testing.assert_close([t[n : n + 1] for t in together], list(alone), atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_made_ready_it_is_the_same_function(predictor: AlignedPredictor) -> None:
    maps = given(2)
    ready = for_inference(predictor)
    torch.testing.assert_close(answer(ready, *maps), answer(predictor, *maps), atol=1e-5, rtol=1e-4)


def test_gradients_reach_every_parameter_through_two_frames() -> None:
    predictor = AlignedPredictor(PredictorConfig()).train()
    features, last, _, scores = given(2)
    state = predictor.first_state(torch.rand(2, SIDE, SIDE))
    first, state = answer(predictor, features, last, state, scores)
    second, state = answer(predictor, last, features, state, scores)
    knows = predictor.predictor.is_target_predictor(state)
    (first.sum() + second.square().sum() + knows.sum()).backward()
    for name, parameter in predictor.named_parameters():
        assert parameter.grad is not None, name
        # a constant on a whole map is lost in the softmax over it
        assert parameter.grad.any() or name.endswith(
            ("proc1.1.0.bias", "proc1.1.1.bias", "proc2.1.0.bias")
        ), name


@torch.inference_mode()
def test_origins_are_probabilities(predictor: AlignedPredictor) -> None:
    features, last, _, _ = given(2)
    origins = predictor.predictor.origins(features, last)
    torch.testing.assert_close(origins.sum(dim=1), torch.ones(2, SIDE, SIDE))
    assert float(origins.min()) >= 0


def test_state_vectors_go_where_their_cells_went() -> None:
    state, order = torch.randn(1, 8, 2, 3), torch.tensor([3, 0, 5, 1, 2, 4])
    origin = torch.nn.functional.one_hot(order, 6).T.float().reshape(1, 6, 2, 3)
    torch.testing.assert_close(propagate(state, origin).flatten(2), state.flatten(2)[..., order])


def test_a_shift_by_whole_cells() -> None:
    maps = torch.randn(1, 2, 4, 5)
    found = shift(maps, torch.tensor([[2 / 5, -4 / 4]]))  # one cell to the right, two up
    torch.testing.assert_close(found[..., 2:, :-1], maps[..., :2, 1:])
    assert not found[..., :2, :].any() and not found[..., -1].any()


@pytest.mark.parametrize("by", [(0.0, 0.0), (0.13, -0.4), (-0.9, 1.0), (2.5, 0.0)])
@pytest.mark.parametrize("size", [(4, 5), (7, 3), (1, 1)])
def test_a_shift_is_bilinear(size: tuple[int, int], by: tuple[float, float]) -> None:
    maps, moves = torch.randn(2, 3, *size), torch.tensor([by, (0.1, 0.2)])
    affine = torch.cat([torch.eye(2).expand(2, 2, 2), moves[..., None]], dim=-1)
    grid = torch.nn.functional.affine_grid(affine, list(maps.shape), align_corners=False)
    expected = torch.nn.functional.grid_sample(maps, grid, align_corners=False)
    torch.testing.assert_close(shift(maps, moves), expected, atol=1e-5, rtol=1e-5)


def test_gradients_of_a_shift() -> None:
    maps = torch.randn(2, 2, 3, 4, dtype=torch.float64, requires_grad=True)
    moves = torch.tensor([(0.3, -0.2), (0.0, 0.9)], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda maps: shift(maps, moves), maps)


class Told(AlignedPredictor):
    """A predictor that answers as it is told to."""

    def __init__(self, response: Tensor) -> None:
        super().__init__(PredictorConfig())
        self.response = response

    def first_state(self, label: Tensor) -> Tensor:
        return label[:, None].repeat(1, 8, 1, 1)

    def forward(self, *maps: Tensor, **_: Any) -> tuple[Tensor, Tensor]:
        return self.response, maps[2] + 1


def peaked(*peaks: dict[tuple[int, int], float], side: int = SIDE) -> Tensor:
    """Maps that are 0 but at the given cells (x, y)."""
    maps = torch.zeros(len(peaks), side, side)
    for one, heights in zip(maps, peaks, strict=True):
        for (x, y), height in heights.items():
            one[y, x] = height
    return maps


def scene(response: Tensor, config: SceneConfig) -> KYSScene:
    rules = Localization(lost_below=0.05, neighborhood=1.0)
    # so large a window is 1 nearly everywhere on the map
    return KYSScene(Told(response), replace(config, window_area=4000.0), rules, area=4.0)


def seen(
    responses: Tensor, scores: Tensor, config: SceneConfig = KYS.scene
) -> tuple[Any, SceneState, SceneState, KYSScene]:
    targets = len(responses)
    part = scene(responses, config)
    boxes = torch.tensor([[40.0, 40.0, 16.0, 16.0]]).repeat(targets, 1)
    state = part.begin(torch.randn(targets, 3, SIDE, SIDE), boxes, boxes[:, 2:])
    view = CropView(torch.zeros(targets, 2), torch.ones(targets), (16 * SIDE, 16 * SIDE))
    maps = ScoreMaps(scores[:, None], 16.0, (3.0, 3.0), torch.ones(SIDE + 1, SIDE + 1))
    peak, later = part.localize(maps, torch.randn(targets, 3, SIDE, SIDE), view, boxes[:, 2:], state)
    return peak, later, state, part


def test_the_first_label_is_where_the_box_is() -> None:
    part = scene(peaked({}), SceneConfig())
    boxes = torch.tensor([[64.0, 24.0, 16.0, 16.0]])  # its middle lies at (72, 32)
    state = part.begin(torch.zeros(1, 3, SIDE, SIDE), boxes, torch.tensor([[16.0, 16.0]]))
    label = state.vectors[0, 0]
    # scores of an even filter lie half a cell further than features, whose cell 4 ends at pixel 72
    assert label[2].argsort(descending=True)[:2].sort().values.tolist() == [4, 5]
    assert int(label[:, 4].argmax()) == 2
    assert state.is_first.tolist() == [True]


@pytest.mark.parametrize(
    ("response", "scores", "cell"),
    [
        pytest.param({(4, 1): 0.9}, {(4, 1): 0.5}, (4, 1), id="agreed"),
        pytest.param({(4, 1): 0.9}, {(3, 2): 0.5}, (3, 2), id="the filter's neighbouring peak"),
        pytest.param({(4, 1): 0.9}, {(2, 1): 0.5}, (4, 1), id="the filter's is elsewhere"),
        pytest.param({(4, 1): 0.9}, {(4, 1): 0.3, (6, 6): 0.8}, (4, 1), id="the row and column too many"),
    ],
)
def test_the_response_decides(response: Any, scores: Any, cell: tuple[int, int]) -> None:
    peak, _, _, _ = seen(peaked(response), peaked(scores, side=SIDE + 1))
    assert peak.displacement.tolist() == [[16.0 * (cell[0] - 3), 16.0 * (cell[1] - 3)]]
    assert (peak.score.item(), peak.finding.item()) == (pytest.approx(0.9), FOUND)


@pytest.mark.parametrize(
    ("height", "scores", "mines", "finding"),
    [
        pytest.param(0.9, {(1, 1): 0.4, (4, 4): 0.3}, True, HARD_NEGATIVE, id="a distractor"),
        pytest.param(0.9, {(1, 1): 0.4, (4, 4): 0.3}, False, FOUND, id="of which nothing is learnt"),
        pytest.param(0.9, {(1, 1): 0.4, (4, 4): 0.19}, True, FOUND, id="a small one"),
        pytest.param(0.9, {(1, 1): 0.12, (4, 4): 0.09}, True, FOUND, id="where all is low"),
        pytest.param(0.9, {(1, 1): 0.4, (0, 1): 0.3}, True, FOUND, id="on the target"),
        pytest.param(0.04, {(1, 1): 0.4, (4, 4): 0.3}, True, MISSING, id="the target is lost"),
        pytest.param(float("nan"), {(1, 1): 0.4}, False, MISSING, id="no number"),
    ],
)
def test_what_is_made_of_a_response(height: float, scores: Any, mines: bool, finding: int) -> None:
    config = SceneConfig(mines_hard_negatives=mines)
    peak, _, _, _ = seen(peaked({(1, 1): height}), peaked(scores, side=SIDE + 1), config)
    assert peak.finding.item() == finding
    assert peak.score.isfinite().all()


def test_what_was_seen_is_taken_over_and_what_was_lost_is_kept() -> None:
    peaks: Any = [{(3, 3): 0.9}, {(3, 3): 0.01}]
    _, later, state, part = seen(peaked(*peaks), peaked(*peaks, side=SIDE + 1))
    before = state[:]
    before = SceneState(before.features.clone(), before.vectors.clone(), before.offset, before.is_first)
    boxes = torch.tensor([[44.0, 40.0, 16.0, 16.0], [40.0, 40.0, 16.0, 16.0]])
    part.follow(later, boxes, torch.tensor([True, False]), state)
    assert torch.equal(state.features[0], later.features[0])
    assert torch.equal(state.vectors[0], later.vectors[0])
    assert torch.equal(state.features[1], before.features[1])
    assert torch.equal(state.vectors[1], before.vectors[1])
    assert state.is_first.tolist() == [False, True]


@pytest.mark.parametrize(
    ("left", "offset"),
    [
        pytest.param(41.0, (3 + 0.5 - 49 / 16) / SIDE, id="near the middle: to the middle of its cell"),
        pytest.param(38.0, (3 + 0.5 - 46 / 16) / SIDE, id="of the cell that it is nearest to"),
        pytest.param(80.0, 2 * (88 / 16 - 3) / SIDE, id="far away: to the middle of the region"),
    ],
)
def test_the_next_region_is_looked_ahead_to(left: float, offset: float) -> None:
    peaks = {(3, 3): 0.9}
    _, later, state, part = seen(peaked(peaks), peaked(peaks, side=SIDE + 1))
    part.follow(later, torch.tensor([[left, 40.0, 16.0, 16.0]]), torch.tensor([True]), state)
    assert state.offset[0, 0].item() == pytest.approx(offset)


def test_state_vectors_may_be_forgotten_while_the_target_is_lost() -> None:
    peaks: Any = [{(3, 3): 0.9}] * 3
    config = SceneConfig(forgets_when_lost=True)
    _, later, state, part = seen(peaked(*peaks), peaked(*peaks, side=SIDE + 1), config)
    boxes = torch.tensor([[40.0, 40.0, 16.0, 16.0]] * 3)
    part.follow(later, boxes, torch.tensor([True, True, False]), state)
    part.follow(later, boxes, torch.tensor([True, False, False]), state)
    # a label of the first frame is not forgotten: nothing was known yet
    assert [bool(vectors.any()) for vectors in state.vectors] == [True, False, True]


@pytest.mark.parametrize("preset", [KYS, KYS_VOT], ids=["kys", "kys_vot"])
def test_settings_come_back_from_json(preset: KYSConfig) -> None:
    assert from_json(KYSConfig, json.loads(json.dumps(to_json(preset)))) == preset


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("search.scale_factors", (0.9, 1.0), "KYS looks at one scale"),
        ("localization.near", 0.5, "localization.near plays no part in KYS"),
        ("localization.window", "scores", "localization.window plays no part in KYS"),
        ("scene.window_area", 0.0, "scene.window_area is 0.0; it must be above 0"),
        ("scene.least_score", float("nan"), "scene.least_score is nan"),
        ("network.predictor.patch", 2, "it must be odd"),
        ("network.predictor.hidden_channels", (0,), "network.predictor.hidden_channels"),
    ],
)
def test_settings_that_mean_nothing_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        override(KYS, {name: value})
