"""Settings that no tracker can work with are refused by name, before a network is made."""

import math
from typing import Any

import pytest

from saccade.core import ConfigError
from saccade.core.config import override
from saccade.trackers.atom import ATOM
from saccade.trackers.dimp import DIMP18, PRDIMP18, SUPER_DIMP_SIMPLE

REFUSED: list[tuple[Any, str, Any, str]] = [
    (DIMP18, "memory.size", 0, "1 or more"),
    (DIMP18, "memory.learning_rate", 2, r"in \[0, 1\]"),
    (DIMP18, "memory.hard_negative_rate", -0.1, r"in \[0, 1\]"),
    (DIMP18, "memory.initial_minimum", 1, r"in \[0, 1\)"),
    (DIMP18, "augmentation.blurs", ((2, 1), (0, 0)), r"in \[0.01, 100\]"),
    (DIMP18, "augmentation.rescales", (0,), r"in \[0.1, 10\]"),
    (DIMP18, "augmentation.relative_shifts", ((0.6, -2),), r"in \[-1, 1\]"),
    (DIMP18, "augmentation.rotations", (math.nan,), "a finite number"),
    (DIMP18, "augmentation.dropout_copies", -1, "0 or more"),
    (DIMP18, "augmentation.dropout_probability", 1, r"in \[0, 1\)"),
    (DIMP18, "augmentation.expansion", 0, r"in \[1, 10\]"),
    (DIMP18, "augmentation.random_shift", 2, r"in \[0, 1\]"),
    (DIMP18, "search.side", 4096, "a multiple of 16 up to 2048"),
    (DIMP18, "search.area", math.nan, "a finite number"),
    (DIMP18, "search.area", 0, "above 0 and at most 100"),
    (DIMP18, "search.largest_shrink", 0.5, "1 or more"),
    (DIMP18, "search.scale_factors", (1, 0), "above 0 and at most 10"),
    (DIMP18, "localization.lost_below", math.nan, "a finite number"),
    (DIMP18, "localization.neighborhood", 0, "above 0"),
    (DIMP18, "localization.near", -1, "0 or more"),
    (DIMP18, "refinement.random_proposals", -1, "0 or more"),
    (DIMP18, "refinement.position_jitter", -1, r"in \[0, 10\]"),
    (DIMP18, "refinement.steps", 0, "1 or more"),
    (DIMP18, "refinement.position_step", math.inf, "a finite number"),
    (DIMP18, "refinement.step_decay", 1.5, "above 0 and at most 1"),
    (DIMP18, "refinement.longest_aspect", 0.5, "1 or more"),
    (DIMP18, "refinement.averaged", 0, "1 or more"),
    (DIMP18, "learning.first_steps", -1, "0 or more"),
    (DIMP18, "learning.interval", 0, "1 or more"),
    (DIMP18, "network.classifier.channels", 0, "1 or more"),
    (DIMP18, "network.classifier.filter_size", 0, "1 or more"),
    (DIMP18, "network.classifier.optimizer.initial_step", 0, "above 0"),
    (DIMP18, "network.classifier.optimizer.bin_width", 0, "above 0"),
    (DIMP18, "network.classifier.optimizer.bend", 0, "above 0"),
    (DIMP18, "network.classifier.optimizer.damping", -5, "0 or more"),
    (PRDIMP18, "network.classifier.optimizer.label_shrink", 3, r"in \[0, 1\]"),
    (PRDIMP18, "network.classifier.optimizer.background", math.nan, "a finite number"),
    (SUPER_DIMP_SIMPLE, "network.classifier.optimizer.leak", 2, r"in \[0, 1\]"),
    (ATOM, "target_model.filter_size", 0, "1 or more"),
    (ATOM, "target_model.channels", 0, "1 or more"),
    (ATOM, "target_model.filter_reg", 0, "above 0"),
    (ATOM, "target_model.projection_reg", 0, "above 0"),
    (ATOM, "target_model.lowest_score", 0, "above 0"),
    (ATOM, "target_model.label_sigma", 0, "above 0"),
    (ATOM, "target_model.inner_steps", -1, "0 or more"),
]


@pytest.mark.parametrize(
    ("preset", "name", "value", "wish"), REFUSED, ids=[f"{name}={value}" for _, name, value, _ in REFUSED]
)
def test_a_value_out_of_range_is_refused(preset: Any, name: str, value: Any, wish: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name} is .*; .*must be {wish}"):
        override(preset, {name: value})


@pytest.mark.parametrize(
    ("preset", "name", "value"),
    [
        pytest.param(DIMP18, "memory.learning_rate", 0, id="nothing new is learnt"),
        pytest.param(DIMP18, "memory.learning_rate", 1, id="everything else is forgotten"),
        pytest.param(DIMP18, "localization.lost_below", -1, id="never lost"),
        pytest.param(PRDIMP18, "network.classifier.optimizer.label_sigma", 0, id="all in one cell"),
        pytest.param(PRDIMP18, "network.classifier.optimizer.background", "none", id="always on the map"),
        pytest.param(DIMP18, "augmentation.blurs", (), id="no blur"),
    ],
)
def test_values_at_the_end_of_their_range_are_taken(preset: Any, name: str, value: Any) -> None:
    assert override(preset, {name: value}) is not None


def test_regions_are_not_moved_inside_whole() -> None:
    with pytest.raises(ConfigError, match="expected one of 'replicate', 'inside_major', got 'inside'"):
        override(DIMP18, {"search.border": "inside"})
