"""Learning rates: functions of the step alone."""

import pytest

from saccade.training.recipe import Group, Optimisation
from saccade.training.schedule import rate_factor

EPOCH_STEPS, EPOCHS = 10, 4


def factor(step: int, **settings: object) -> float:
    made = Optimisation(groups=(Group(path="", lr=1.0),), **settings)
    return rate_factor(made, step, epoch_steps=EPOCH_STEPS, epochs=EPOCHS)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (0, 1.0),  # the first epoch
        (19, 1.0),  # the last step of epoch 2, behind which the rates fall
        (20, 0.2),  # the first of epoch 3
        (29, 0.2),
        (30, 0.04),  # behind epoch 3 they fall again
        (39, 0.04),
    ],
)
def test_rates_fall_behind_each_epoch_of_the_milestones(step: int, expected: float) -> None:
    assert factor(step, milestones=(2, 3), gamma=0.2) == pytest.approx(expected)


def test_cosine_falls_from_all_to_gamma() -> None:
    rates = [factor(step, schedule="cosine", gamma=0.1) for step in range(41)]
    assert rates[0] == 1.0
    assert rates[20] == pytest.approx(0.55)
    assert rates[40] == pytest.approx(0.1)
    assert rates == sorted(rates, reverse=True)


def test_warmup_rises_in_equal_steps_and_is_over_then() -> None:
    rates = [factor(step, warmup=4) for step in range(6)]
    assert rates == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


def test_the_factor_on_all_rates_counts_everywhere() -> None:
    assert factor(20, milestones=(2,), gamma=0.2, lr_factor=0.5) == pytest.approx(0.1)
