"""A mixture: data sets are drawn as `random.choices` draws them, and nothing is drawn from what is empty."""

import random
from collections import Counter
from typing import cast

import pytest

from saccade.core import ConfigError
from saccade.data.samples.footage import Footage
from saccade.data.samples.mixture import Mixture
from tests.unit.data.samples.test_synthetic_video import Pictures


class Nothing(Pictures):
    def __len__(self) -> int:
        return 0


def test_a_draw_is_one_of_random_choices() -> None:
    footages = [Pictures(name) for name in "abc"]
    mixture = Mixture(footages, (0.25, 1.0, 1.0))
    one, two = random.Random(7), random.Random(7)
    names = [mixture.choose(one).name for _ in range(2000)]
    assert names == [two.choices("abc", (0.25, 1.0, 1.0))[0] for _ in range(2000)]
    assert one.getstate() == two.getstate()
    assert 150 < Counter(names)["a"] < 300


def test_weights_are_sizes_when_none_are_given() -> None:
    assert Mixture([Pictures(), Pictures()]).weights == (3, 3)


@pytest.mark.parametrize(
    ("footages", "weights", "message"),
    [
        ([Pictures()], (1.0, 2.0), "2 weights for 1 data sets"),
        ([], None, "weights of nothing"),
        ([Pictures()], (0.0,), "one above"),
        ([Pictures(), Pictures()], (2.0, -1.0), "at least 0"),
        ([Nothing("hollow"), Pictures()], (1.0, 1.0), "hollow: nothing to draw from"),
    ],
)
def test_what_nothing_can_be_drawn_from_is_refused(
    footages: list[object], weights: tuple[float, ...] | None, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Mixture(cast("list[Footage]", footages), weights)


def test_an_empty_data_set_without_weight_is_let_be() -> None:
    assert Mixture([Nothing("hollow"), Pictures("full")], (0.0, 1.0)).choose(random.Random(0)).name == "full"
