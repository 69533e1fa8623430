"""A detector over a data set: what is left behind, and what happens when it is broken off."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError, Instances
from saccade.data.detection.annotations import AnnotatedImage
from saccade.evaluation.detection import Correspondence
from saccade.evaluation.detection.results import DetectionResults
from saccade.evaluation.detection.run import run_detector
from tests.unit.evaluation.detection.pictures import dataset, found

DATA = dataset([[] for _ in range(7)])
CLASSES = Correspondence.of(["dog", "bird", "cat"], DATA.classes, "toy")


def read(image: AnnotatedImage) -> np.ndarray:
    """A picture whose first value is its number."""
    return np.full((4, 4, 3), image.id, np.uint8)


class Toy:
    """Finds in picture n a dog of score n / 10, and a bird; breaks at one of them."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.seen: list[int] = []
        self.batches: list[int] = []
        self._breaks_at = breaks_at

    def __call__(self, pictures: list[np.ndarray]) -> list[Instances]:
        numbers = [int(picture[0, 0, 0]) for picture in pictures]
        if self._breaks_at in numbers:
            raise KeyboardInterrupt
        self.seen += numbers
        self.batches.append(len(numbers))
        return [found((0, (0, 0, n + 1, 2), n / 10), (1, (0, 0, 1, 1), 0.5)) for n in numbers]


def begin(out: Path, **settings: object) -> DetectionResults:
    return DetectionResults.begin(out, DATA, "toy", settings, {"score_floor": 0.01, "notes": ["a note"]})


def test_all_pictures_are_written_down(tmp_path: Path) -> None:
    toy, counted = Toy(), []
    results = begin(tmp_path)
    assert not results.is_whole
    answers = run_detector(toy, DATA, read, results, CLASSES, lambda: counted.append(1), batch=3)
    assert (toy.seen, toy.batches, len(counted)) == (list(range(7)), [3, 3, 1], 7)
    assert sorted(file.name for file in results.folder.iterdir()) == [
        "detections.json",
        "run.json",
        "time.txt",
    ]
    again = DetectionResults.find(tmp_path)
    assert again is not None and again.is_whole
    assert (again.model, again.score_floor, again.notes) == ("toy", 0.01, ("a note",))
    for one, other in zip(answers, again.read(DATA), strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        # the dog is the data set's second class; it knows no bird
        assert other.labels is not None and other.labels.tolist() == [1]
    seconds = again.read_seconds()
    assert seconds is not None and len(seconds) == 7


def test_broken_off_it_continues_where_it_stopped(tmp_path: Path) -> None:
    results = begin(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_detector(Toy(breaks_at=4), DATA, read, results, CLASSES, batch=2)
    with pytest.raises(DatasetError, match="not finished; saccade eval with the same --out goes on"):
        results.read(DATA)
    # a line that was being written when the power failed
    journal = results.folder / "detections.jsonl.part"
    journal.write_text(journal.read_text() + '{"image": "pict')
    toy, counted = Toy(), []
    answers = run_detector(toy, DATA, read, begin(tmp_path), CLASSES, lambda: counted.append(1), batch=2)
    assert (toy.seen, len(counted)) == ([4, 5, 6], 7)
    whole = run_detector(Toy(), DATA, read, begin(tmp_path / "anew"), CLASSES)
    for one, other in zip(answers, whole, strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_array_equal(one.scores, other.scores)


def test_a_picture_that_cannot_be_read_stops_it_and_what_was_found_is_kept(tmp_path: Path) -> None:
    def broken(image: AnnotatedImage) -> np.ndarray:
        if image.id == 5:
            raise DatasetError("picture-5.png: ends early")
        return read(image)

    results = begin(tmp_path)
    with pytest.raises(DatasetError, match="picture-5"):
        run_detector(Toy(), DATA, broken, results, CLASSES, batch=2)
    assert [len(part) for part in results.begun(DATA)] == [4, 4]


def test_another_data_set_than_it_was_begun_on(tmp_path: Path) -> None:
    results = begin(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run_detector(Toy(breaks_at=4), DATA, read, results, CLASSES, batch=2)
    other = dataset([], images=DATA.images[1:])
    with pytest.raises(DatasetError, match="picture 0 was picture-0, but is picture-1 now"):
        run_detector(Toy(), other, read, results, CLASSES)


@pytest.mark.parametrize("changed", [{"images": DATA.images[1:]}, {"classes": DATA.classes[::-1]}])
def test_a_data_set_that_has_changed_since(tmp_path: Path, changed: dict[str, Any]) -> None:
    results = begin(tmp_path)
    run_detector(Toy(), DATA, read, results, CLASSES)
    other = replace(DATA, **changed)
    # pictures and classes are counted in the files: all that follow would be taken for others
    with pytest.raises(DatasetError, match="is of other pictures or classes than"):
        results.read(other)
    with pytest.raises(DatasetError, match="is of other pictures or classes"):
        DetectionResults.begin(tmp_path, other, "toy", {}, {"score_floor": 0.01, "notes": ["a note"]})
    assert len(results.read(DATA)) == 7


@pytest.mark.parametrize(
    ("again", "error", "message"),
    [
        (lambda out: begin(out, threshold=0.5), ConfigError, "with another threshold"),
        (lambda out: DetectionResults.begin(out, DATA, "other", {}, {}), DatasetError, "another --out"),
        (
            lambda out: DetectionResults.begin(out, dataset([[]], root=Path("/there")), "toy", {}, {}),
            DatasetError,
            "not on /there",
        ),
    ],
)
def test_results_of_something_else_are_not_added_to(
    tmp_path: Path, again: Callable[[Path], object], error: type[Exception], message: str
) -> None:
    begin(tmp_path)
    with pytest.raises(error, match=message):
        again(tmp_path)


def test_results_of_trackers_are_none_of_detectors(tmp_path: Path) -> None:
    (tmp_path / "results" / "otb100" / "eco").mkdir(parents=True)
    (tmp_path / "results" / "otb100" / "dataset.json").write_text('{"name": "otb100"}')
    (tmp_path / "results" / "otb100" / "eco" / "run.json").write_text("{}")
    assert DetectionResults.find(tmp_path) is None
