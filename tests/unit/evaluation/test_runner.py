"""Models over sequences: what is kept, what is not repeated, and what a failure leaves behind."""

import errno
import json
import re
import time
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError, OutputError
from saccade.data import Dataset, open_dataset
from saccade.evaluation import Contender, DatasetResults, Outcome, run_one_pass, track_sequence
from saccade.media.files import output_error
from tests.unit.evaluation.conftest import ScriptedModel, follows


def run(
    model: ScriptedModel, dataset: Dataset, out: Path, name: str = "perfect", **more: object
) -> list[Outcome]:
    return list(run_one_pass([Contender(name, model)], dataset, out, **more))


def test_leaves_boxes_and_seconds_of_every_frame(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    outcomes = run(perfect, dataset, tmp_path, seed=7)
    assert outcomes == [Outcome("perfect", name, None, is_new=True) for name in ("car", "dog")]
    folder = tmp_path / "results" / "folder" / "perfect"
    assert (folder / "car.txt").read_text().splitlines()[:2] == [
        "10.0000,12.0000,16.0000,16.0000",
        "12.0000,12.0000,16.0000,16.0000",
    ]
    assert len((folder / "car_time.txt").read_text().splitlines()) == 4
    assert perfect.seeds == [7, 7]
    recorded = json.loads((folder / "run.json").read_text())
    assert recorded["settings"] == {"model": "scripted", "configuration": {"answer": "scripted"}, "seed": 7}
    assert not list(tmp_path.rglob("*.part"))


def test_result_files_are_read_back(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    run(perfect, dataset, tmp_path)
    for sequence in dataset.sequences:
        track = DatasetResults.find(tmp_path).of("perfect").read(sequence)
        np.testing.assert_array_equal(track.boxes, sequence.truth.boxes)
        assert (track.seconds >= 0).all()


def test_what_is_finished_is_not_run_again(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    run(perfect, dataset, tmp_path)
    frames = perfect.frames
    assert [outcome.is_new for outcome in run(perfect, dataset, tmp_path)] == [False, False]
    assert perfect.frames == frames


def test_a_killed_run_continues(dataset: Dataset, tmp_path: Path) -> None:
    def killed_in_the_second(index: int, first: np.ndarray) -> np.ndarray:
        if model.frames == 6:
            raise KeyboardInterrupt
        return follows(index, first)

    model = ScriptedModel(killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(model, dataset, tmp_path)
    folder = tmp_path / "results" / "folder" / "perfect"
    assert sorted(file.name for file in folder.glob("*.txt")) == ["car.txt", "car_time.txt"]
    kept = (folder / "car_time.txt").read_bytes()
    assert [outcome.is_new for outcome in run(model, dataset, tmp_path)] == [False, True]
    assert (folder / "car_time.txt").read_bytes() == kept
    assert (folder / "dog.txt").is_file()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param([np.nan] * 4, "ModelError: frame 2: scripted answered .*nan", id="NaN"),
        pytest.param([1, 1, -4, 4], "ModelError: frame 2: scripted answered", id="negative width"),
        pytest.param([1, 1, np.inf, 4], "ModelError: frame 2: scripted answered", id="infinite width"),
        pytest.param(ZeroDivisionError("by zero"), "ZeroDivisionError: by zero", id="an exception"),
    ],
)
def test_a_failure_is_written_down_and_the_rest_goes_on(
    dataset: Dataset, tmp_path: Path, answer: object, message: str
) -> None:
    def fails_on_car(index: int, first: np.ndarray) -> object:
        if model.seeds == [0] and index == 2:
            if isinstance(answer, Exception):
                raise answer
            return answer
        return follows(index, first)

    model = ScriptedModel(fails_on_car)
    car, dog = run(model, dataset, tmp_path)
    assert car.failure is not None
    assert (car.is_new, dog.failure) == (True, None)
    assert re.match(message, car.failure)
    results = DatasetResults.find(tmp_path).of("perfect")
    assert results.failure("car") == car.failure
    assert "Traceback" in (results.folder / "car_failure.txt").read_text()
    assert not results.is_finished("car")
    # the next evaluation tries again, and forgets the failure when there is a result
    assert [outcome.is_new for outcome in run(model, dataset, tmp_path)] == [True, False]
    assert results.failure("car") is None


def test_a_broken_frame_is_named(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    picture = dataset.sequences[0].images[1]
    picture.write_bytes(picture.read_bytes()[:60])
    car, dog = run(perfect, dataset, tmp_path)
    assert car.failure is not None
    assert picture.name in car.failure
    assert dog.failure is None


@pytest.mark.parametrize(
    ("change", "different"), [({"seed": 1}, "seed"), ({"settings": {"weights": "b.pth"}}, "weights")]
)
def test_results_of_other_settings_are_not_mixed(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path, change: dict, different: str
) -> None:
    list(run_one_pass([Contender("perfect", perfect, {"weights": "a.pth"})], dataset, tmp_path))
    contender = Contender("perfect", perfect, change.pop("settings", {"weights": "a.pth"}))
    with pytest.raises(
        ConfigError, match=f"perfect holds results with another {different}; choose another --out"
    ):
        list(run_one_pass([contender], dataset, tmp_path, **change))


def test_results_on_another_root_are_not_mixed(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    run(perfect, dataset, tmp_path)
    moved = dataset.root.rename(tmp_path / "moved")
    with pytest.raises(
        DatasetError, match=r"holds results on .*sequences, not on .*moved; choose another --out"
    ):
        run(perfect, open_dataset("folder", moved), tmp_path)


def test_reading_is_not_timed_and_steps_are(dataset: Dataset) -> None:
    def slow(index: int, first: np.ndarray) -> np.ndarray:
        time.sleep(0.02)
        return follows(index, first)

    class SlowFrames(type(dataset.sequences[0])):  # type: ignore[misc]
        def __iter__(self):  # type: ignore[no-untyped-def]
            for frame in super().__iter__():
                time.sleep(0.2)
                yield frame

    car = dataset.sequences[0]
    seconds = track_sequence(ScriptedModel(slow), SlowFrames(car.name, car.images, car.truth)).seconds
    assert len(seconds) == 4
    assert (seconds >= 0.02).all()
    assert seconds.min() < 0.15


def test_every_frame_is_announced(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    seen = []
    run(perfect, dataset, tmp_path, on_frame=lambda: seen.append(1))
    assert len(seen) == 7


def test_a_full_disk_is_said_and_keeps_what_was_written(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_text

    def full(path: Path, text: str, **more: object) -> int:
        if path.name.startswith("dog"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, text, **more)

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OutputError, match=r"dog_time.txt: cannot be written \(No space left"):
        run(perfect, dataset, tmp_path)
    folder = tmp_path / "results" / "folder" / "perfect"
    assert sorted(file.name for file in folder.iterdir()) == ["car.txt", "car_time.txt", "run.json"]
    assert isinstance(output_error(folder, OSError()), OutputError)
