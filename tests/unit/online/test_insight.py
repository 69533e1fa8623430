"""Looking inside: what is seen is where the target is, and nobody who is looked into answers otherwise."""

from typing import Any

import numpy as np
import pytest
import torch

from saccade import load
from saccade.core import Frame, Instances, Targets
from saccade.online.insight import Insight, InspectableRun

BOX = (60.0, 50.0, 30.0, 24.0)
SMALL = {"search.side": 128}


def frames(count: int) -> list[Frame]:
    """A checkered card that moves over noise by two pixels a frame."""
    rng = np.random.default_rng(0)
    scene = rng.integers(90, 130, (160, 220, 3), dtype=np.uint8)
    card = np.kron(rng.integers(0, 255, (4, 5, 3), dtype=np.uint8), np.ones((6, 6, 1), np.uint8))
    shown = []
    for index in range(count):
        image, x = scene.copy(), 60 + 2 * index
        image[50:74, x : x + 30] = card
        shown.append(Frame(image, index))
    return shown


def followed(model: Any, *, looks: bool) -> tuple[list[Instances], list[dict[Any, Insight]]]:
    run, found, seen = model.start(seed=3), [], []
    for frame in frames(6):
        if looks and frame.index:
            assert isinstance(run, InspectableRun)
            seen.append(run.inspect(frame))
        targets = Targets(boxes=[BOX, (100, 90, 40, 30)], ids=["card", 7]) if frame.index == 0 else None
        then = [insight.weights.copy() for insight in seen[-1].values()] if seen else []
        found.append(run.step(frame, targets))
        # what was seen stays as it was, whatever the run learns
        now = [insight.weights for insight in seen[-1].values()] if seen else []
        assert all((a == b).all() for a, b in zip(then, now, strict=True))
    return found, seen


LIGHT = {"search.width": 416, "search.height": 240}


@pytest.mark.parametrize(
    ("name", "settings", "has_memory"),
    [
        ("eco", {}, False),  # remembers sums
        ("dimp_nano", {}, True),
        pytest.param("dimp18", SMALL, True, marks=pytest.mark.slow),
        pytest.param("prdimp18", SMALL, True, marks=pytest.mark.slow),  # its scores are densities
        pytest.param("atom", SMALL, True, marks=pytest.mark.slow),
        pytest.param("eco_deep", {}, True, marks=pytest.mark.slow),
        pytest.param("kys", {}, True, marks=pytest.mark.slow),  # has a scene besides
        pytest.param("lwl_box", LIGHT, True, marks=pytest.mark.slow),
    ],
)
def test_looking_inside_changes_nothing(name: str, settings: dict[str, Any], has_memory: bool) -> None:
    torch.set_num_threads(1)
    weights = "auto" if name in ("eco", "dimp_nano") else None
    model = load(name, weights=weights, settings=settings, device="cpu", precision="float32")
    plain, _ = followed(model, looks=False)
    found, seen = followed(model, looks=True)
    assert all(
        (a.boxes == b.boxes).all() and (a.scores == b.scores).all() for a, b in zip(plain, found, strict=True)
    )
    for insights in seen:
        assert list(insights) == ["card", 7]
        for insight in insights.values():
            assert insight.scores.ndim == 2 and np.isfinite(insight.scores).all()
            assert np.isfinite(insight.loss) and insight.loss >= 0
            assert (
                len(insight.weights) == 0
                if not has_memory
                else insight.weights.sum() == pytest.approx(1, abs=1e-4)
            )


def test_the_score_map_peaks_where_the_target_has_moved_to() -> None:
    found, seen = followed(load("eco"), looks=True)
    x1, y1, x2, y2 = seen[3]["card"].region
    scores = seen[3]["card"].scores
    row, column = np.unravel_index(scores.argmax(), scores.shape)
    peak = x1 + (column + 0.5) / scores.shape[1] * (x2 - x1), y1 + (row + 0.5) / scores.shape[0] * (y2 - y1)
    centre = found[4].boxes[0].reshape(2, 2).mean(axis=0)
    assert np.abs(np.array(peak) - centre).max() < 4


def test_a_tracker_that_cannot_be_looked_into_says_nothing() -> None:
    run = load("still").start()
    run.step(frames(1)[0], Targets(boxes=[BOX]))
    assert run.inspect(frames(1)[0]) == {}  # type: ignore[attr-defined]
