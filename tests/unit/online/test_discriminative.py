"""The loop of the discriminative trackers, around a target model that answers as it is told to."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from saccade.core import Frame, Status, Stopwatch
from saccade.nets.iou_net import IoUNet
from saccade.online.augmentation import FirstFrameAugmentation
from saccade.online.discriminative import DiscriminativeTracker
from saccade.online.discriminative_config import DiscriminativeConfig
from saccade.online.discriminative_state import DiscriminativeState
from saccade.online.localization import FOUND, MISSING, Localization, Peak, ScoreMaps
from saccade.online.memory import SampleMemory, SampleWeights
from saccade.online.refinement import BoxRefinement
from saccade.online.search_region import SearchRegion
from saccade.online.state import TargetState
from saccade.online.target_model import Learning
from saccade.ops.crops import CropView

CELLS = 5
FRAME = Frame(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
BOXES = torch.tensor([[60.0, 40.0, 20.0, 16.0], [20.0, 60.0, 16.0, 24.0]], dtype=torch.float64)

CONFIG = DiscriminativeConfig(
    search=SearchRegion(side=64, area=4.0),
    augmentation=FirstFrameAugmentation(flip=True, dropout_copies=1),
    refinement=BoxRefinement(random_proposals=2, steps=1),
    memory=SampleMemory(learning_rate=0.1, hard_negative_rate=0.2),
    learning=Learning(interval=3, steps=5, hard_negative_steps=7),
)

Peaks = dict[tuple[int, int], float]
SEEN: Peaks = {(2, 2): 0.9}
CONTESTED: Peaks = {(2, 2): 0.9, (2, 4): 0.6}
DOUBTED: Peaks = {(2, 2): 0.9, (1, 1): 0.85}
GONE: Peaks = {(2, 2): 0.1}
CELL_BOX = Localization(neighborhood=0.1)
"""so that cells next to the peak count"""


@dataclass(slots=True)
class NoState(TargetState):
    rows: Tensor


@dataclass(slots=True)
class State(DiscriminativeState):
    model: NoState


@dataclass(slots=True)
class Surroundings(TargetState):
    layer3: Tensor


@dataclass(slots=True)
class SceneState(State):
    scene: Surroundings


@dataclass
class ScriptedModel:
    """A target model that scores as told, and writes down what it is asked to learn."""

    script: list[list[Peaks]]
    """peaks by cell (x, y), of each target, frame by frame"""
    remembered: list[list[tuple[int, float]]] = field(default_factory=list)
    improved: list[dict[int, int]] = field(default_factory=list)
    first: list[Tensor] = field(default_factory=list)

    def offset(self, side: int) -> float:
        return 0.0

    def extract(self, layer3: Tensor) -> Tensor:
        return layer3

    def learn(self, features: Tensor, boxes: Tensor, generator: torch.Generator) -> NoState:
        self.first += [features, boxes]
        return NoState(torch.zeros(1))

    def score(self, features: Tensor, state: NoState) -> ScoreMaps:
        scores = torch.zeros(*features.shape[:2], CELLS, CELLS)
        for target, peaks in enumerate(self.script.pop(0)):
            for (x, y), height in peaks.items():
                scores[target, :, y, x] = height
        self.remembered.append([])
        self.improved.append({})
        return ScoreMaps(scores, 16.0, (2.0, 2.0), torch.ones(CELLS, CELLS))

    def remember(self, features: Tensor, boxes: Tensor, rates: Tensor, state: NoState, rows: Tensor) -> None:
        self.remembered[-1] += [
            (row, round(rate, 6)) for row, rate in zip(rows.tolist(), rates.tolist(), strict=True)
        ]

    def sample_weights(self, state: NoState) -> SampleWeights:
        return SampleWeights.of_initial_samples(torch.ones(len(state), dtype=torch.long), 3)

    def loss(self, state: NoState) -> Tensor:
        return torch.arange(float(len(state)))

    def improve(self, state: NoState, rows: Tensor, *, steps: int) -> None:
        self.improved[-1] |= dict.fromkeys(rows.tolist(), steps)


class TinyNetwork(torch.nn.Module):
    """Two maps of few channels, made of the picture itself."""

    def __init__(self) -> None:
        super().__init__()
        self.bb_regressor = IoUNet(3, 3)

    def backbone_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        return tuple(torch.nn.functional.avg_pool2d(pictures, side) for side in (8, 16))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def network() -> TinyNetwork:
    torch.manual_seed(0)
    return TinyNetwork().eval().requires_grad_(False)


@dataclass
class ScriptedScene:
    """A scene that finds targets where it is told to, and writes down what it is asked to follow."""

    findings: list[list[int]]
    begun: list[Tensor] = field(default_factory=list)
    followed: list[tuple[Tensor, list[bool]]] = field(default_factory=list)

    def begin(self, layer3: Tensor, boxes: Tensor, base_size: Tensor) -> Surroundings:
        self.begun += [boxes, base_size]
        return Surroundings(layer3)

    def localize(
        self, maps: ScoreMaps, layer3: Tensor, view: CropView, size: Tensor, state: Surroundings
    ) -> tuple[Peak, Surroundings]:
        finding = torch.tensor(self.findings.pop(0))
        moved = torch.tensor([[16.0, 0.0]]).expand(len(finding), 2)
        return Peak(moved, torch.full((len(finding),), 0.7), finding, finding * 0), Surroundings(layer3 + 1)

    def follow(self, later: Surroundings, boxes: Tensor, is_seen: Tensor, state: Surroundings) -> None:
        self.followed.append((boxes, is_seen.tolist()))
        state.put(is_seen, later[is_seen])


def begun(
    network: TinyNetwork, script: list[list[Peaks]], config: DiscriminativeConfig = CONFIG, targets: int = 1
) -> tuple[DiscriminativeTracker, State, list[torch.Generator]]:
    tracker = DiscriminativeTracker(State, config, network, ScriptedModel(script), torch.device("cpu"))
    generators = [torch.Generator().manual_seed(3) for _ in range(targets)]
    return tracker, tracker.begin(FRAME, BOXES[:targets], generators, Stopwatch()), generators


def play(
    network: TinyNetwork, script: list[list[Peaks]], config: DiscriminativeConfig = CONFIG
) -> tuple[ScriptedModel, list[Any], State]:
    frames, targets = len(script), len(script[0])
    tracker, state, generators = begun(network, script, config, targets)
    found = [tracker.track(FRAME, state, generators, Stopwatch()) for _ in range(frames)]
    return tracker.model, found, state


def test_the_first_frame_gives_one_sample_for_each_picture_and_copy(network):
    tracker, state, _ = begun(network, [])
    features, boxes = tracker.model.first
    assert len(features) == len(boxes) == 3  # as it is, mirrored, and without some channels
    assert state.scale.item() == pytest.approx(4 * (20 * 16) ** 0.5 / 64)
    # the middle of the target, (69.5, 47.5), is cut at (70, 48)
    scale = state.scale.item()
    width, height = 20 / scale, 16 / scale
    wanted = [31.5 - 0.5 / scale - (width - 1) / 2, 31.5 - 0.5 / scale - (height - 1) / 2, width, height]
    torch.testing.assert_close(boxes, torch.tensor([wanted] * 3))


@pytest.mark.parametrize(
    ("peaks", "status", "remembered", "improved"),
    [
        pytest.param(SEEN, Status.TRACKED, [(0, 0.1)], {}, id="seen"),
        pytest.param(CONTESTED, Status.TRACKED, [(0, 0.2)], {0: 7}, id="contested"),
        pytest.param(DOUBTED, Status.UNCERTAIN, [], {}, id="doubted"),
        pytest.param(GONE, Status.LOST, [], {}, id="gone"),
    ],
)
def test_what_is_learned_follows_from_what_was_found(network, peaks, status, remembered, improved):
    config = replace(CONFIG, localization=CELL_BOX)
    model, (found,), _ = play(network, [[peaks]], config)
    assert [tuple(Status)[code] for code in found.status] == [status]
    assert model.remembered == [remembered]
    assert model.improved == [improved]
    assert found.scores.tolist() == pytest.approx([max(peaks.values())])
    moved = not torch.equal(found.boxes[0].double(), BOXES[0])
    assert moved == (status is not Status.LOST)


def test_targets_are_decided_on_one_by_one(network):
    config = replace(CONFIG, localization=CELL_BOX)
    model, found, _ = play(network, [[SEEN, GONE], [CONTESTED, SEEN]], config)
    assert model.remembered == [[(0, 0.1)], [(0, 0.2), (1, 0.1)]]
    assert model.improved == [{}, {0: 7}]
    torch.testing.assert_close(found[0].boxes[1].double(), BOXES[1])


def test_improvements_are_due_by_the_age_of_each_target(network):
    tracker, state, generators = begun(network, [[SEEN, SEEN]] * 6, targets=2)
    state.age[1] = 1  # this one joined a frame earlier
    for _ in range(6):
        tracker.track(FRAME, state, generators, Stopwatch())
    assert tracker.model.improved == [{}, {1: 5}, {0: 5}, {}, {1: 5}, {0: 5}]


@pytest.mark.parametrize(("anyway", "improved"), [(False, {}), (True, {0: 5})])
def test_an_improvement_that_is_due_while_the_target_is_gone(network, anyway, improved):
    config = replace(CONFIG, learning=replace(CONFIG.learning, improves_unseen=anyway))
    model, _, _ = play(network, [[SEEN], [SEEN], [GONE]], config)
    assert model.improved[2] == improved


def test_a_lost_target_draws_nothing(network):
    script = [[SEEN], [GONE], [GONE], [SEEN]]
    _, with_gap, _ = play(network, script)
    _, without, _ = play(network, [[SEEN], [SEEN]])
    torch.testing.assert_close(with_gap[3].boxes, without[1].boxes, rtol=0, atol=0)


def test_a_box_that_no_proposal_refines_keeps_its_size(network):
    elongated = replace(CONFIG, refinement=replace(CONFIG.refinement, longest_aspect=1.0))
    _, (found,), state = play(network, [[{(3, 2): 0.9}]], elongated)
    assert found.boxes[0, 2:].tolist() == [20, 16]
    assert state.refined_centre.isnan().all()
    # one cell of 16 crop pixels to the right
    assert state.centre[0, 0].item() == pytest.approx(69.5 + 16 * state.scale.item(), abs=1)


def test_atom_goes_back_to_the_box_that_was_given(network):
    """For which no proposal is plausible, as long as none has been."""
    refinement = replace(CONFIG.refinement, longest_aspect=1.0, first_is_refined=True)
    _, (found,), state = play(network, [[{(3, 2): 0.9}]], replace(CONFIG, refinement=refinement))
    torch.testing.assert_close(found.boxes.double(), BOXES[:1])
    assert state.refined_centre.tolist() == [[69.5, 47.5]]


def test_a_scene_decides_where_targets_are_and_follows_those_that_were_seen(network):
    config = replace(CONFIG, refines_boxes=False)
    tracker, _, generators = begun(network, [[GONE, SEEN]], config, targets=2)
    scene = ScriptedScene([[FOUND, MISSING]])
    tracker = replace(tracker, State=SceneState, scene=scene)
    state = tracker.begin(FRAME, BOXES, generators, Stopwatch())
    box, base_size = scene.begun[:2]
    torch.testing.assert_close(base_size[0], BOXES[0, 2:].float() / state.scale[0])
    # a plain look, as at the frames to come: the target lies a fraction of a pixel off its middle
    torch.testing.assert_close(box[0, :2] + box[0, 2:] / 2, torch.tensor([32.0, 32.0]), atol=1.0, rtol=0)
    first, at = state.scene.layer3.clone(), state.centre.clone()
    found = tracker.track(FRAME, state, generators, Stopwatch())
    assert [tuple(Status)[code] for code in found.status] == [Status.TRACKED, Status.LOST]
    assert found.scores.tolist() == pytest.approx([0.7, 0.7])
    assert state.centre[0, 0].item() == pytest.approx(at[0, 0] + 16 * state.scale[0], abs=1)
    assert torch.equal(state.centre[1], at[1])
    ((boxes, is_seen),) = scene.followed
    assert is_seen == [True, False]
    # where the target was in the crop, a cell to the right of its middle
    assert boxes[0, 0].item() == pytest.approx(box[0, 0] + 16, abs=1)
    assert not torch.equal(state.scene.layer3[0], first[0])
    assert torch.equal(state.scene.layer3[1], first[1])


def test_a_scene_follows_a_target_to_where_its_state_goes_back(network):
    """To the last refined box, here the one that was given."""
    config = replace(CONFIG, refinement=replace(CONFIG.refinement, longest_aspect=1.0, first_is_refined=True))
    tracker, _, generators = begun(network, [[SEEN]], config)
    scene = ScriptedScene([[FOUND]])
    tracker = replace(tracker, State=SceneState, scene=scene)
    state = tracker.begin(FRAME, BOXES[:1], generators, Stopwatch())
    tracker.track(FRAME, state, generators, Stopwatch())
    ((boxes, _),) = scene.followed
    torch.testing.assert_close(boxes, scene.begun[0])


@pytest.mark.parametrize("geometry", ["measured", "nominal"])
def test_boxes_are_refined_in_the_view_of_the_best_scale(network, monkeypatch, geometry):
    search = replace(CONFIG.search, scale_factors=(1.0, 2.0), geometry=geometry)
    tracker, state, generators = begun(network, [], replace(CONFIG, search=search))
    tracker = replace(tracker, model=Larger([[SEEN]]))
    seen = []

    def overlap_in(layer2: Tensor, layer3: Tensor, modulation: Any) -> Any:
        seen.append(layer2)
        return lambda boxes: (seen.append(boxes) or boxes[..., 0], torch.zeros_like(boxes))

    monkeypatch.setattr(network.bb_regressor, "overlap_in", overlap_in)
    width, scale = state.size[0, 0].item(), state.scale.item()
    (found,) = tracker.track(FRAME, state, generators, Stopwatch()).boxes
    layer2, proposals = seen
    _, crops = search.look(FRAME, torch.tensor([[69.5, 47.5]]), torch.tensor([scale]))
    wanted, _ = tracker._backbone(crops[:, 1])
    torch.testing.assert_close(layer2, wanted)
    assert proposals[0, 0, 2].item() == pytest.approx(width / (2 * scale), rel=0.03)
    # which did not move, whatever is drawn: the mean of three is as wide as they are
    assert found[2].item() == pytest.approx(2 * scale * proposals[0, :, 2].mean().item(), rel=0.03)


class Larger(ScriptedModel):
    """Scores the second of two scales higher."""

    def score(self, features: Tensor, state: NoState) -> ScoreMaps:
        maps = super().score(features, state)
        maps.values[:, 1] *= 1.1
        return maps


def test_without_refinement_the_best_scale_is_taken_within_limits(network):
    search = replace(CONFIG.search, scale_factors=(1.0, 2.0), geometry="nominal")
    config = replace(CONFIG, refines_boxes=False, search=search)

    tracker, state, generators = begun(network, [], config)
    tracker = replace(tracker, model=Larger([[SEEN]] * 5))
    assert state.modulation == ()
    sizes = [tracker.track(FRAME, state, generators, Stopwatch()).boxes[0, 2:].tolist() for _ in range(5)]
    assert sizes[:2] == [pytest.approx([40, 32]), pytest.approx([80, 64])]
    # 160 x 128 would be higher than the frame
    assert sizes[-1] == pytest.approx([150, 120])
