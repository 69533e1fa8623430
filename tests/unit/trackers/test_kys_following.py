"""KYS on what goes wrong in videos, with a predictor that answers to high scores of the filter only."""

import io
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from saccade.core import Model, Run, Status, Targets
from saccade.core.config import override
from saccade.online.model import OnlineModel
from saccade.trackers.kys import KYS, KYSConfig, KYSNet
from saccade.trackers.kys.predictor import ResponsePredictor
from saccade.trackers.kys.tracker import make_tracker
from tests.unit.trackers.test_following import LIGHT, SIDE, distance, follow, scene

SCORES = 8
"""channel of what is known of a cell that holds the filter's score, behind the state vector"""
QUICK: dict[str, Any] = {
    "learning.first_steps": 50,
    "scene.window_area": 6.0,
}
FORGETTING: dict[str, Any] = {"scene.forgets_when_lost": True, "scene.mines_hard_negatives": True}


def trusting(predictor: ResponsePredictor) -> None:
    """The response of a cell is sigmoid(40 (score - 0.25)), whatever its surroundings."""
    know, respond = predictor.representation_predictor[0][0], predictor.response_predictor[0][0]
    for layer in (know, respond):
        layer.weight.data.zero_()
        layer.bias.data.zero_()
    know.weight.data[0, SCORES, 1, 1] = 1
    respond.weight.data[0, 0, 1, 1] = 40
    respond.bias.data.fill_(-10)


@cache
def made(*, forgets: bool) -> Model:
    torch.manual_seed(0)
    network = KYSNet(KYS.network)
    trusting(network.predictor.predictor)
    config: KYSConfig = override(KYS, LIGHT | QUICK | (FORGETTING if forgets else {}))
    tracker = make_tracker(network, config, device=torch.device("cpu"), precision="float32")
    return OnlineModel("kys", config, tracker, network)


@pytest.fixture(scope="module")
def model() -> Model:
    return made(forgets=False)


def vectors(run: Run) -> torch.Tensor:
    """The state vectors that a run holds of its targets."""
    (cohort,) = run.state_dict()["cohorts"]
    found: torch.Tensor = cohort["state"]["scene"]["vectors"]
    return found


AWAY = 4
OUT = [(80.0 + 4 * t, 60.0) for t in range(5)]
"""where a target is before it vanishes, and when it has come back"""
SEEN_AND_GONE = [*map(scene, OUT), *[scene()] * AWAY, *[scene(OUT[-1])] * 3]


@pytest.mark.parametrize(
    "forgets",
    [pytest.param(False, id="keeping"), pytest.param(True, id="forgetting", marks=pytest.mark.slow)],
)
def test_a_target_that_vanishes_keeps_its_place_and_is_found_again(forgets):
    run = made(forgets=forgets).start()
    for t, frame in enumerate(SEEN_AND_GONE):
        found = run.step(frame, Targets(boxes=[(*OUT[0], SIDE, SIDE)]) if t == 0 else None)
        is_away = len(OUT) <= t < len(OUT) + AWAY
        assert (found.status[0] == Status.LOST) == is_away, t
        if t == len(OUT) - 1:
            known, place = vectors(run), found.boxes
        if is_away:
            np.testing.assert_array_equal(found.boxes, place)
            assert torch.equal(vectors(run), torch.zeros_like(known) if forgets else known)
    assert vectors(run).any()
    assert distance(found, *OUT[-1]) < SIDE / 3


def test_a_target_that_vanishes_at_once_keeps_its_label():
    run = made(forgets=True).start()
    run.step(scene(OUT[0]), Targets(boxes=[(*OUT[0], SIDE, SIDE)]))
    label = vectors(run)
    assert run.step(np.zeros_like(scene())).status[0] == Status.LOST
    assert label.any()
    assert torch.equal(vectors(run), label)
    assert run.step(scene(OUT[0])).status[0] == Status.TRACKED


def test_targets_of_different_ages_are_as_many_runs(model):
    """One joins while the other is lost; each is improved on a schedule of its own."""
    second, late = (20.0, 100.0), len(OUT) + 1
    frames = [scene(place, second) for place in OUT] + [scene(second)] * AWAY
    frames += [scene(OUT[-1], second)] * 8
    box, other = (*OUT[0], SIDE, SIDE), (*second, SIDE, SIDE)
    first = follow(model, frames, box)
    joined = follow(model, frames[late:], other)
    run = model.start()
    for t, frame in enumerate(frames):
        wish = {0: Targets(boxes=[box], ids=[0]), late: Targets(boxes=[other], ids=[1])}.get(t)
        found = run.step(frame, wish)
        np.testing.assert_allclose(found.boxes[0], first[t].boxes[0], rtol=0, atol=1e-3)
        assert found.status[0] == first[t].status[0]
        if t >= late:
            np.testing.assert_allclose(found.boxes[1], joined[t - late].boxes[0], rtol=0, atol=1e-3)
    assert Status.LOST in [each.status[0] for each in first]


@pytest.mark.parametrize("at", [1, 3, len(OUT) + 1], ids=["after the first", "followed", "lost"])
def test_a_run_goes_on_where_it_was_saved(model, at):
    run, resumed = model.start(seed=4), model.start()
    for t, frame in enumerate(SEEN_AND_GONE[:at]):
        run.step(frame, Targets(boxes=[(*OUT[0], SIDE, SIDE)]) if t == 0 else None)
    file = io.BytesIO()
    torch.save(run.state_dict(), file)
    file.seek(0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for frame in SEEN_AND_GONE[at:]:
        found, expected = resumed.step(frame), run.step(frame)
        np.testing.assert_array_equal(found.boxes, expected.boxes)
        np.testing.assert_array_equal(found.scores, expected.scores)


def test_a_target_that_slides_over_the_border_and_back(model):
    path = [(4.0 - 4 * t, 3.0 - 2 * t) for t in range(6)]
    frames = [scene(place) for place in [*path, *reversed(path)]]
    results = follow(model, frames, (*path[0], SIDE, SIDE))
    assert all(found.status[0] == Status.TRACKED for found in results)
    assert distance(results[len(path) - 1], *path[-1]) < SIDE / 3
    assert distance(results[-1], *path[0]) < SIDE / 3
