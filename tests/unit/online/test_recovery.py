"""Recovery: what was lost is found again where it comes back, and nothing else is taken for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from saccade import load
from saccade.core import Frame, Instances, ModelError, TargetError, Targets, follow_frames
from saccade.core.errors import ConfigError
from saccade.online.recovery import Recovered, Recovering, Recovery, assign
from saccade.online.relocation import RecognisingRun

SIZE = np.array([36.0, 30.0])
GONE, BACK, END = 8, 18, 28
Places = Mapping[str, tuple[float, float] | None]
"""top-left corners of the cards that are in sight"""


def card(seed: int) -> Any:
    return np.kron(
        np.random.default_rng(seed).integers(0, 255, (5, 6, 3), np.uint8), np.ones((6, 6, 1), np.uint8)
    )


CARDS = {"a": card(1), "b": card(2), "other": card(3)}


def shown(index: int, places: Places) -> Frame:
    image = np.random.default_rng(0).integers(90, 130, (200, 320, 3), dtype=np.uint8)
    for name, place in places.items():
        if place is not None:
            x, y = (int(value) for value in place)
            image[y : y + 30, x : x + 36] = CARDS[name]
    return Frame(image, index)


def left_and_came_back(index: int) -> Places:
    """A card that leaves and comes back elsewhere, closer to where it was lies another one."""
    a = (40.0 + 2 * index, 40.0) if index < GONE else (250.0, 150.0 - index) if index >= BACK else None
    return {"a": a, "other": (150.0, 150.0)}


def changed_sides(index: int) -> Places:
    """Two cards that leave together, and each comes back where the other was."""
    here, there = (40.0 + index, 40.0), (240.0 - index, 140.0)
    if index < GONE:
        return {"a": here, "b": there}
    return {"a": there, "b": here} if index >= BACK else {"a": None, "b": None}


def overlap(a: Any, b: Any) -> float:
    """Intersection over union of boxes (x, y, w, h)."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    sides = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    shared = sides.clip(min=0).prod()
    return float(shared / (a[2:].prod() + b[2:].prod() - shared))


class Detector:
    """Finds every card, a little off, and some of them twice; counts how often it is asked."""

    def __init__(self, scene: Callable[[int], Places]) -> None:
        self.asked: list[int] = []
        self._scene = scene

    def __call__(self, frames: Sequence[Frame]) -> list[Instances]:
        (frame,) = frames
        self.asked.append(frame.index)
        places = [place for place in self._scene(frame.index).values() if place is not None]
        rows = np.array(places * 2, dtype=float).reshape(-1, 2)
        rows[: len(places)] += (2, -1)
        # one reaches out of the frame, where nothing is
        boxes = np.concatenate([np.hstack([rows, rows + SIZE]), [[-30.0, -20.0, 12.0, 9.0]]])
        return [Instances(boxes=boxes, scores=np.linspace(0.9, 0.6, len(boxes)), frame=frame.index)]


def run_through(model: Any, scene: Callable[[int], Places], ids: Sequence[str]) -> dict[str, list[float]]:
    """The overlaps of targets with what they are, by frame; 0 where nothing is to be found."""
    first = [(*scene(0)[name], *SIZE) for name in ids]  # type: ignore[misc]
    frames = [shown(index, scene(index)) for index in range(END)]
    found = follow_frames(model, frames, Targets(boxes=first, ids=list(ids)))
    overlaps: dict[str, list[float]] = {name: [] for name in ids}
    for frame, each in found:
        for row, name in enumerate(ids):
            place = scene(frame.index)[name]
            overlaps[name].append(0.0 if place is None else overlap(each.xywh[row], (*place, *SIZE)))
    return overlaps


@pytest.mark.parametrize(
    ("name", "scene", "ids"),
    [
        # the other card is closer, and always there
        ("dimp_nano", left_and_came_back, ["a"]),
        pytest.param("eco", left_and_came_back, ["a"], marks=pytest.mark.slow),
        # and is followed
        ("eco", left_and_came_back, ["a", "other"]),
        # each comes back to where the other is looked for
        ("eco", changed_sides, ["a", "b"]),
        pytest.param("dimp_nano", changed_sides, ["a", "b"], marks=pytest.mark.slow),
    ],
)
def test_what_comes_back_elsewhere_is_found_again(
    name: str, scene: Callable[[int], Places], ids: list[str]
) -> None:
    torch.set_num_threads(1)
    model, told = load(name), list[Recovered]()
    without = run_through(model, scene, ids)
    overlaps = run_through(Recovering(model, Detector(scene), tell=told.append), scene, ids)
    for target in ids:
        was_away = scene(GONE)[target] is None
        if was_away:
            assert max(without[target][BACK:]) < 0.1  # it is out of the tracker's own reach
            assert [one.target for one in told].count(target) == 1
        assert min(overlaps[target][-3:]) > 0.6
        assert overlaps[target][: GONE if was_away else END] == without[target][: GONE if was_away else END]
    assert all(BACK <= one.frame < END - 3 for one in told)
    for one in told:
        place = scene(one.frame)[str(one.target)]
        assert place is not None and overlap(one.box, (*place, *SIZE)) > 0.7


def test_nothing_is_taken_while_the_target_is_away() -> None:
    torch.set_num_threads(1)

    def away(index: int) -> Places:
        return {**left_and_came_back(index), "a": (40.0 + 2 * index, 40.0) if index < GONE else None}

    told, detector = list[Recovered](), Detector(away)
    run_through(Recovering(load("dimp_nano"), detector, tell=told.append), away, ["a"])
    assert not told
    # from the third frame without it, and every third from there on
    assert detector.asked[0] >= GONE + 3 and set(np.diff(detector.asked)) == {3}


def test_who_is_in_sight_costs_nothing_and_gives_the_same() -> None:
    torch.set_num_threads(1)

    def there(index: int) -> Places:
        return {"a": (40.0 + 2 * index, 40.0)}

    detector = Detector(there)
    model = load("eco")
    assert run_through(Recovering(model, detector), there, ["a"]) == run_through(model, there, ["a"])
    assert not detector.asked


def test_a_run_that_is_saved_goes_on_alike() -> None:
    torch.set_num_threads(1)
    frames = [shown(index, left_and_came_back(index)) for index in range(END)]
    model = Recovering(load("eco"), Detector(left_and_came_back))
    run, heir = model.start(), model.start()
    target = Targets(boxes=[(40, 40, *SIZE)])
    found = [run.step(frame, target if frame.index == 0 else None) for frame in frames[: BACK - 2]]
    heir.load_state_dict(run.state_dict())
    for frame in frames[BACK - 2 : END - 4]:
        a, b = run.step(frame), heir.step(frame)
        assert (a.boxes == b.boxes).all() and (a.status == b.status).all()
        found.append(a)
    assert "recovery" in {stage for each in found for stage in each.timings}


NOTHING = np.zeros((0, 4))


def test_a_detector_that_finds_nothing_changes_nothing() -> None:
    torch.set_num_threads(1)

    def blind(frames: Sequence[Frame]) -> list[Instances]:
        return [Instances(boxes=NOTHING, scores=np.zeros(0)) for _ in frames]

    model = load("eco")
    without = run_through(model, left_and_came_back, ["a"])
    assert run_through(Recovering(model, blind), left_and_came_back, ["a"]) == without


@pytest.mark.parametrize(
    ("scores", "here", "expected"),
    [
        ([[0.6, 0.1]], [0.0], {0: 0}),
        ([[0.4, 0.1]], [0.0], {}),  # not sure enough
        ([[0.6, 0.5]], [0.0], {}),  # two look like it
        ([[0.6, 0.49]], [0.0], {}),  # also where the second is not sure enough
        ([[0.6, 0.1]], [0.5], {}),  # where it is believed to be looks like it, too
        ([[0.6, 0.1], [0.7, 0.1]], [0, 0], {1: 0}),  # one thing is one target at most, the surer one
        ([[0.9, 0.6], [0.1, 0.7]], [0, 0], {0: 0, 1: 1}),
        ([[0.6, 0.55], [0.9, 0.1]], [0, 0], {1: 0, 0: 1}),  # what is taken is no rival any more
        ([[0.9, 0.8], [0.6, 0.1]], [0, 0], {1: 0}),  # who is in doubt leaves it to who is not
        ([[], []], [0, 0], {}),
        ([[0.0, 0.0]], [0.0], {}),
    ],
)
def test_a_candidate_is_taken_where_there_is_no_doubt(
    scores: list[list[float]], here: list[float], expected: dict[int, int]
) -> None:
    least = np.full(len(here), 0.5)
    assert assign(np.array(scores, dtype=float), np.array(here, dtype=float), least, 0.8) == expected


VOT = {"localization.lost_below": 0.0}


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("still", {}, "take one that scores places"),
        ("eco_deep", {}, "take one that scores places"),
        ("lwl_box", {}, "take one that scores places"),
        ("dimp18", VOT, "never counts a target as lost"),
    ],
)
def test_models_that_cannot_are_refused(name: str, settings: dict[str, Any], reason: str) -> None:
    model = load(name, weights=None, settings=settings)
    with pytest.raises(ModelError, match=reason):
        Recovering(model, lambda frames: [])
    if not settings:
        run = model.start()
        if isinstance(run, RecognisingRun):
            with pytest.raises(ModelError, match=name):
                run.appearance(shown(0, {}), [], [])


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match="interval"):
        Recovery(interval=0)


LIGHT = {"search.side": 128}
KINDS = [
    ("eco", {}),
    ("dimp_nano", {}),
    ("dimp18", LIGHT),
    pytest.param("prdimp18", LIGHT, marks=pytest.mark.slow),  # densities
    pytest.param("atom", LIGHT, marks=pytest.mark.slow),
    pytest.param("atom_multiscale", LIGHT, marks=pytest.mark.slow),  # five regions a box
    pytest.param("kys", {}, marks=pytest.mark.slow),  # a scene besides
]


def begun(name: str, settings: dict[str, Any]) -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    weights = "auto" if name in ("eco", "dimp_nano") else None
    run = load(name, weights=weights, settings=settings, device="cpu", precision="float32").start(seed=3)
    boxes = [(60, 50, *SIZE), (200, 120, *SIZE)]
    run.step(shown(0, {"a": (60, 50), "b": (200, 120)}), Targets(boxes=boxes, ids=["a", "b"]))
    return run


@pytest.mark.parametrize(("name", "settings"), KINDS)
def test_targets_are_told_apart_and_asking_changes_nothing(name: str, settings: dict[str, Any]) -> None:
    run, other = begun(name, settings), begun(name, settings)
    # both have moved, far; another card is there; and a place where nothing is
    frame = shown(1, {"a": (140, 150), "b": (30, 110), "other": (230, 20)})
    boxes = [(140, 150, *SIZE), (30, 110, *SIZE), (230, 20, *SIZE), (120, 60, *SIZE)]
    scores = run.appearance(frame, ["b", "a"], boxes)
    assert scores["a"][0] > 2 * scores["a"][3] and scores["b"][1] > 2 * scores["b"][3]
    if name in ("eco", "dimp_nano"):  # the others have no weights here, and tell a card from none at least
        assert scores["a"].argmax() == 0 and scores["b"].argmax() == 1
    # the same, asked one by one
    for target, row in scores.items():
        one_by_one = [run.appearance(frame, [target], [box])[target][0] for box in boxes]
        np.testing.assert_allclose(row, one_by_one, atol=2e-4)
    assert {key: list(value) for key, value in run.appearance(frame, ["a"], []).items()} == {"a": []}
    a, b = run.step(frame), other.step(frame)
    assert (a.boxes == b.boxes).all() and (a.scores == b.scores).all()


@pytest.mark.parametrize(("name", "settings"), KINDS)
def test_a_target_is_looked_for_where_it_was_put(name: str, settings: dict[str, Any]) -> None:
    run, other = begun(name, settings), begun(name, settings)
    frame = shown(1, {"a": (230, 30), "b": (200, 120)})
    run.relocate(frame, {"a": (228, 32, *SIZE)})
    found, untold = run.step(frame), other.step(frame)
    if name in ("eco", "dimp_nano"):  # the others have no weights here
        assert overlap(found.xywh[0], (230, 30, *SIZE)) > 0.6
    assert overlap(untold.xywh[0], (230, 30, *SIZE)) == 0
    assert np.abs(found.boxes[0].reshape(2, 2).mean(axis=0) - (248, 45)).max() < 40
    assert (found.boxes[1] == untold.boxes[1]).all() and found.scores[1] == untold.scores[1]


def test_unknown_targets_and_boxes_that_are_none_are_refused() -> None:
    run, frame = begun("eco", {}), shown(1, {})
    with pytest.raises(TargetError, match="'car'"):
        run.appearance(frame, ["car"], [(1, 2, 3, 4)])
    with pytest.raises(TargetError, match="has no area"):
        run.appearance(frame, ["a"], [(1, 2, 3, 0)])
    for boxes in ({"car": (1, 2, 3, 4)}, {"a": (1, 2, np.nan, 4)}):
        with pytest.raises(TargetError):
            run.relocate(frame, boxes)
