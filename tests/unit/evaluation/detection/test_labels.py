"""Classes of a model and of a data set, by their names."""

import pytest

from saccade.core import DatasetError
from saccade.evaluation.detection import Correspondence
from tests.unit.evaluation.detection.pictures import found


@pytest.mark.parametrize(
    ("model", "dataset", "labels"),
    [
        (["cat", "dog"], ["dog", "cat"], (1, 0)),
        (["potted plant", "Dining_Table"], ["diningtable", "pottedplant"], (1, 0)),
        (
            ["airplane", "couch", "motorcycle", "tv"],
            ["sofa", "aeroplane", "tvmonitor", "motorbike"],
            (1, 0, 3, 2),
        ),
        # the very name comes before what only looks like it
        (["Car", "car"], ["car"], (-1, 0)),
        (["zebra", "cat"], ["cat", "mouse"], (-1, 0)),
    ],
)
def test_labels(model: list[str], dataset: list[str], labels: tuple[int, ...]) -> None:
    assert Correspondence.of(model, dataset, "m").labels == labels


def test_what_only_one_side_knows_is_named() -> None:
    classes = Correspondence.of(["cat", "tv", "zebra"], ["tvmonitor", "mouse", "cat"], "m")
    assert (classes.only_model, classes.only_dataset) == (("zebra",), ("mouse",))
    assert classes.renamed == (("tv", "tvmonitor"),)
    notes = " ".join(classes.notes)
    assert "tv is tvmonitor" in notes and "does not know mouse" in notes and "does not know zebra" in notes
    assert Correspondence.of(["cat"], ["cat"], "m").notes == []


def test_nothing_in_common_is_refused_with_the_remedy() -> None:
    with pytest.raises(
        DatasetError, match=r"'ssd' knows none.*finds cat, dog, and annotated are RBC.*saccade train"
    ):
        Correspondence.of(["cat", "dog"], ["RBC"], "ssd")


def test_detections_get_the_labels_of_the_data_set() -> None:
    classes = Correspondence.of(["cat", "zebra", "dog"], ["dog", "cat"], "m")
    answer = classes.relabel(found((0, (0, 0, 1, 1), 0.5), (1, (0, 0, 2, 2), 0.6), (2, (0, 0, 3, 3), 0.7)))
    assert answer.labels is not None
    assert (answer.labels.tolist(), answer.scores.tolist()) == ([1, 0], [0.5, 0.7])
    assert len(classes.relabel(found())) == 0
