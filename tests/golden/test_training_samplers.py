"""Sampling draws the frames that the original trainings drew."""

from pathlib import Path

import numpy as np
import pytest

from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Moments, Shot
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.sampling import Sampling


class Toy:
    """Footage of which only the visibility is known."""

    has_masks = False

    def __init__(
        self, values: dict[str, np.ndarray], name: str, ratio: str | None = None, *, occlusion: bool = False
    ) -> None:
        self.name = name
        self.is_video = name != "visible_2"
        self.has_occlusion = occlusion
        visible = [values[f"{name}_{i}"].reshape(-1).astype(bool) for i in range(10)]
        ratios = [None if ratio is None else values[f"{ratio}_{i}"] for i in range(10)]
        boxes = [np.zeros((len(row), 4), np.float32) for row in visible]
        self._moments = [Moments(b, v, v, r) for b, v, r in zip(boxes, visible, ratios, strict=True)]

    def __len__(self) -> int:
        return len(self._moments)

    def moments(self, index: int) -> Moments:
        return self._moments[index]

    def shots(self, index, ids, rng) -> list[Shot]:
        raise NotImplementedError

    def describe(self, index, ids) -> str:
        raise NotImplementedError


@pytest.fixture(scope="module")
def values(training_golden: Path) -> dict[str, np.ndarray]:
    return dict(np.load(training_golden / "samplers.npz"))


@pytest.fixture(scope="module")
def toys(values) -> list[Toy]:
    return [Toy(values, f"visible_{i}") for i in range(3)]


def _rows(mixture: Mixture, sampling: Sampling, seed: int, count: int) -> np.ndarray:
    """Data set, target and frames of samples that are drawn one after another."""
    dice, rows = Dice.of(seed), []
    for _ in range(count):
        draw = sampling.draw(mixture, dice)
        # which frame of a single picture is asked for does not matter; the originals said 1
        ids = draw.train + draw.test if draw.footage.is_video else (1,) * (len(draw.train) + len(draw.test))
        rows.append((mixture.footages.index(draw.footage), draw.target, *ids))
    return np.array(rows)


@pytest.mark.parametrize(
    ("name", "weights", "sampling"),
    [
        ("dimp_causal_33_gap30", (0.25, 1.0, 1.0), Sampling()),
        ("dimp_causal_33_gap3", (1.0, 0.0, 0.0), Sampling(max_gap=3)),
        ("tomp_causal_21_gap200", (1.0, 1.0, 1.0), Sampling(num_train=2, num_test=1, max_gap=200)),
        (
            "atom_interval_11_gap50",
            (1.0, 1.0, 1.0),
            Sampling(policy="interval", num_train=1, num_test=1, max_gap=50),
        ),
        ("interval_23_gap2", (1.0, 0.0, 0.0), Sampling(policy="interval", num_train=2, max_gap=2)),
    ],
)
def test_tracking_samples(values, toys, name, weights, sampling):
    rows = _rows(Mixture(toys, weights), sampling, int(values[f"{name}_seed"]), len(values[name]))
    np.testing.assert_array_equal(rows, values[name])


def test_targets_without_weights(values, toys):
    """Sizes are the weights, and policy and gap the defaults.

    The last two rows have frames that no visibility in the file gives: those sets were made anew.
    """
    name = "dimp_default_weights"
    sampling = Sampling(num_train=1, num_test=1)
    rows = _rows(Mixture(toys[:1]), sampling, int(values[f"{name}_seed"]), len(values[name]))
    np.testing.assert_array_equal(rows[:, :2], values[name][:, :2])
    np.testing.assert_array_equal(rows[:3], values[name][:3])


@pytest.mark.parametrize(
    ("name", "num_train", "num_test", "max_gap", "reverse"),
    [
        ("lwl_13_gap100", 1, 3, 100, 0.0),
        ("lwl_22_gap2", 2, 2, 2, 0.0),
        ("lwl_22_rev0.5_gap10", 2, 2, 10, 0.5),
    ],
)
def test_ordered_samples(values, name, num_train, num_test, max_gap, reverse):
    sampling = Sampling(
        policy="ordered",
        num_train=num_train,
        num_test=num_test,
        max_gap=max_gap,
        reverse=reverse,
        min_length=0,
    )
    mixture = Mixture([Toy(values, "lwl_visible")])
    rows = _rows(mixture, sampling, int(values[f"{name}_seed"]), len(values[name]))
    np.testing.assert_array_equal(rows, values[name])


def test_samples_around_occlusions(values):
    toys = [
        Toy(values, "kys_visible_0", "kys_ratio_0"),
        Toy(values, "kys_visible_1", "kys_ratio_1", occlusion=True),
    ]
    mixture, seed = Mixture(toys, (0.4, 0.6)), int(values["kys_seed"])
    sampling = Sampling(policy="occlusion", num_test=50)
    wanted, valid = values["kys_33_50"], values["kys_valid"].astype(bool)
    np.testing.assert_array_equal(_rows(mixture, sampling, seed, len(wanted)), wanted)
    dice = Dice.of(seed)
    assert [sampling.draw(mixture, dice).is_valid for _ in valid] == list(map(tuple, valid.tolist()))
