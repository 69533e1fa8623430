"""The response predictor of KYS against the numbers of the original."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saccade.ops.cost_volume import cost_volume
from saccade.trackers.kys.network import KYSNET, KYSNet
from saccade.trackers.kys.predictor import AlignedPredictor, PredictorConfig, propagate, shift

GoldenScript = Callable[[str], ModuleType]
Vectors = Callable[[str], Tensor]

ROUNDING = 1e-5
"""of the largest value: float32 sums in another order"""


def close(ours: Tensor, theirs: Tensor) -> None:
    assert ours.shape == theirs.shape
    assert float((ours - theirs).abs().max()) <= ROUNDING * float(theirs.abs().max())


@pytest.fixture(scope="module")
def vector(golden: Path) -> Vectors:
    arrays = np.load(golden / "vectors" / "kys.npz")
    return lambda key: torch.from_numpy(arrays[key])


@pytest.fixture(scope="module")
def aligned(golden_script: GoldenScript) -> AlignedPredictor:
    """The predictor with the weights that it has in the network, whose names they follow from."""
    predictor = AlignedPredictor(PredictorConfig())
    golden_script("seeded_weights").load_seeded(nn.ModuleDict({"predictor": predictor}))
    return predictor.eval()


@pytest.fixture(autouse=True)
def _without_gradients() -> Iterator[None]:
    with torch.no_grad():
        yield


def step(
    aligned: AlignedPredictor,
    maps: tuple[Tensor, Tensor],
    state: Tensor,
    scores: Tensor,
    window: Tensor,
) -> tuple[Tensor, Tensor]:
    response, state = aligned(*maps, state, scores[:, 0], least_score=0.05, window=window)
    return response[:, None], state


def test_parameters_of_the_network(golden: Path) -> None:
    recorded = json.loads((golden / "keys" / "kysnet_res50.json").read_text())
    with torch.device("meta"):
        ours = KYSNet(KYSNET).state_dict()
    assert [[key, list(value.shape)] for key, value in ours.items()] == [
        entry[:2] for entry in recorded["entries"]
    ]


def test_the_cost_volume(vector: Vectors) -> None:
    theirs = vector("cost_volume_abs")
    ours = cost_volume(vector("feat_cur"), vector("feat_prev"))
    close(ours.flatten(1, 2), theirs)


def test_the_cost_volume_by_displacement(vector: Vectors) -> None:
    """The original can also list it by displacement, of up to two cells here, also out of the map."""
    ours = cost_volume(vector("feat_cur"), vector("feat_prev"), reach=2)
    theirs = vector("cost_volume_relative").unflatten(1, (5, 5))
    height, width = theirs.shape[-2:]
    by_cell = torch.zeros_like(ours)
    for row, column, down, across in product(range(height), range(width), range(-2, 3), range(-2, 3)):
        if 0 <= row + down < height and 0 <= column + across < width:
            by_cell[0, row + down, column + across, row, column] = theirs[
                0, down + 2, across + 2, row, column
            ]
    close(ours, by_cell)


def test_two_frames(aligned: AlignedPredictor, vector: Vectors) -> None:
    first, window = aligned.first_state(vector("label_prev")[:, 0]), vector("output_window")[0, 0]
    frames = [vector("feat_prev"), vector("feat_cur"), vector("feat_next")]
    response, state = step(aligned, (frames[1], frames[0]), first, vector("dimp_score"), window)
    close(response, vector("step1_response"))
    close(state, vector("step1_state"))
    without = torch.ones_like(window)
    response, state = step(aligned, (frames[2], frames[1]), state, vector("dimp_score_2"), without)
    close(response, vector("step2_response"))
    close(state, vector("step2_state"))


def test_what_is_carried_over_and_how_surely(aligned: AlignedPredictor, vector: Vectors) -> None:
    origins = aligned.predictor.origins(vector("feat_cur"), vector("feat_prev"))
    moved = propagate(aligned.first_state(vector("label_prev")[:, 0]), origins)
    close(moved, vector("step1_propagated_h"))
    close(aligned.predictor.confidence(origins)[:, None], vector("step1_propagation_conf"))


@pytest.mark.parametrize("which", ["step1_is_target", "step1_is_target_after_prop", "step1_is_target_new"])
def test_states_know_the_target(aligned: AlignedPredictor, vector: Vectors, which: str) -> None:
    state = {
        "step1_is_target": aligned.first_state(vector("label_prev")[:, 0]),
        "step1_is_target_after_prop": vector("step1_propagated_h"),
        "step1_is_target_new": vector("step1_state"),
    }[which]
    height, width = state.shape[-2:]
    logits = aligned.predictor.is_target_predictor(state)
    close(shift(logits, torch.tensor([[0.5 / width, 0.5 / height]])), vector(which))


def test_the_recurrent_unit(aligned: AlignedPredictor, vector: Vectors) -> None:
    unit = aligned.predictor.state_predictor
    close(unit(vector("gru_input"), vector("gru_state_in")), vector("gru_out"))


def test_shifts(vector: Vectors) -> None:
    close(shift(vector("feat_prev"), vector("shift")), vector("shift_features"))
