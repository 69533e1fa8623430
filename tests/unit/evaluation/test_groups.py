"""Scores by attribute."""

import numpy as np

from saccade.evaluation.metrics import by_attribute


def test_a_sequence_is_in_every_group_whose_attribute_it_has() -> None:
    scores = {"car": 0.8, "dog": 0.4, "man": 0.1}
    attributes = {"car": {"occlusion", "blur"}, "dog": ["blur"], "missing": ["rain"]}
    means = by_attribute(scores, attributes, lambda group: float(np.mean(group)))
    assert list(means) == ["blur", "occlusion"]
    assert np.allclose([means["blur"], means["occlusion"]], [0.6, 0.8])
    assert by_attribute(scores, {}, len) == {}
