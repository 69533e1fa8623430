"""Classes of a model and of a data set, by their names."""

from dataclasses import replace

import numpy as np
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
        # of two that look like it the first
        (["C-A-T", "Cat"], ["cat"], (0, -1)),
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
    those = found((0, (0, 0, 1, 1), 0.5), (1, (0, 0, 2, 2), 0.6), (2, (0, 0, 3, 3), 0.7))
    answer = classes.relabel(replace(those, names=np.array(["cat", "zebra", "dog"])))
    assert answer.labels is not None
    assert (answer.labels.tolist(), answer.scores.tolist()) == ([1, 0], [0.5, 0.7])
    assert answer.names is None, "those of the model would be wrong"


@pytest.mark.parametrize("rows", [[], [(0, (0, 0, 1, 1), 0.5)]])
def test_the_frame_of_detections_stays(rows: list) -> None:
    classes = Correspondence.of(["cat"], ["cat"], "m")
    answer = classes.relabel(replace(found(*rows), frame=7, time=0.25))
    assert (len(answer), answer.frame, answer.time) == (len(rows), 7, 0.25)


def test_boxes_without_labels_are_refused() -> None:
    classes = Correspondence.of(["cat"], ["cat"], "m")
    with pytest.raises(ValueError, match="1 boxes without labels; a detector says what each is"):
        classes.relabel(replace(found((0, (0, 0, 1, 1), 0.5)), labels=None))


@pytest.mark.parametrize(
    ("count", "named"),
    [(6, "c0, c1, c2, c3, c4, c5: it misses"), (7, "c0, c1, c2, c3, c4, c5 and 1 more: it misses")],
)
def test_of_many_classes_six_are_named(count: int, named: str) -> None:
    dataset = ["cat", *(f"c{number}" for number in range(count))]
    (note,) = Correspondence.of(["cat"], dataset, "m").notes
    assert named in note
