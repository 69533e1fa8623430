"""Models over sequences: what is kept, what is not repeated, and what a failure leaves behind."""

import errno
import json
import re
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError, Instances, ModelError, OutputError, SaccadeWarning
from saccade.core.tasks import Meter
from saccade.data import Dataset, Sequence, open_dataset
from saccade.evaluation import Contender, DatasetResults, Outcome, plan, run_here
from saccade.evaluation.protocols import ONE_PASS
from saccade.evaluation.protocols.following import checked_boxes, follow_boxes
from saccade.evaluation.runner import longest_first
from saccade.media.files import output_error
from tests.unit.evaluation.conftest import ScriptedModel, follows, read_track


def run(
    model: ScriptedModel, dataset: Dataset, out: Path, name: str = "perfect", **more: object
) -> list[Outcome]:
    return list(run_here(plan([Contender.of(name, model)], dataset, out, **more)))


def test_leaves_boxes_scores_and_seconds_of_every_frame(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    outcomes = run(perfect, dataset, tmp_path, seed=7)
    assert outcomes == [Outcome("perfect", name, None) for name in ("car", "dog")]
    folder = tmp_path / "results" / "folder" / "perfect"
    assert (folder / "car.txt").read_text().splitlines()[:2] == [
        "10.0000,12.0000,16.0000,16.0000",
        "12.0000,12.0000,16.0000,16.0000",
    ]
    assert (folder / "car_score.txt").read_text().splitlines() == ["1.000000,0"] * 4
    assert len((folder / "car_time.txt").read_text().splitlines()) == 4
    assert perfect.seeds == [7, 7]
    recorded = json.loads((folder / "run.json").read_text())
    assert recorded["settings"] == {"model": "scripted", "configuration": {"answer": "scripted"}, "seed": 7}
    assert recorded["format"] == 1
    assert not list(tmp_path.rglob("*.part"))


def test_result_files_are_read_back(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    run(perfect, dataset, tmp_path)
    for sequence in dataset.sequences:
        track = read_track(DatasetResults.find(tmp_path).of("perfect"), sequence)
        np.testing.assert_array_equal(track.boxes, sequence.truth.boxes)
        assert (track.seconds >= 0).all()
        assert (track.scores == 1).all()
        assert not track.is_lost.any()


def test_what_is_finished_is_not_run_again(dataset: Dataset, perfect: ScriptedModel, tmp_path: Path) -> None:
    run(perfect, dataset, tmp_path)
    frames = perfect.frames
    assert run(perfect, dataset, tmp_path) == []
    assert perfect.frames == frames


def test_each_repetition_has_a_seed_and_results_of_its_own(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    run(perfect, dataset, tmp_path, seed=3)
    run(perfect, dataset, tmp_path, seed=3, repeats=3)
    assert perfect.seeds == [3, 3, 4, 4, 5, 5]
    assert DatasetResults.find(tmp_path).models() == ["perfect", "perfect@4", "perfect@5"]


def test_a_killed_run_continues(dataset: Dataset, tmp_path: Path) -> None:
    def killed_in_the_second(index: int, first: np.ndarray) -> np.ndarray:
        if model.frames == 6:
            raise KeyboardInterrupt
        return follows(index, first)

    model = ScriptedModel(killed_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        run(model, dataset, tmp_path)
    folder = tmp_path / "results" / "folder" / "perfect"
    assert sorted(file.name for file in folder.glob("*.txt")) == ["car.txt", "car_score.txt", "car_time.txt"]
    kept = (folder / "car_time.txt").read_bytes()
    assert [outcome.run for outcome in run(model, dataset, tmp_path)] == ["dog"]
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
    assert dog.failure is None
    assert re.match(message, car.failure)
    results = DatasetResults.find(tmp_path).of("perfect")
    assert results.failure("car") == car.failure
    assert "Traceback" in (results.folder / "car_failure.txt").read_text()
    assert not results.has(["car.txt"])
    # the next evaluation tries again, and forgets the failure when there is a result
    assert [outcome.run for outcome in run(model, dataset, tmp_path)] == ["car"]
    assert results.failure("car") is None


def test_a_model_that_cannot_be_loaded_fails_on_every_sequence(dataset: Dataset, tmp_path: Path) -> None:
    def broken(*, device: str) -> ScriptedModel:
        raise MemoryError(f"no room on {device}")

    trials = plan([Contender("broken", broken, {}, ("cuda:3",))], dataset, tmp_path)
    assert [outcome.failure for outcome in run_here(trials)] == ["MemoryError: no room on cuda:3"] * 2


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
    plan([Contender.of("perfect", perfect, {"weights": "a.pth"})], dataset, tmp_path)
    contender = Contender.of("perfect", perfect, change.pop("settings", {"weights": "a.pth"}))
    with pytest.raises(
        ConfigError, match=f"perfect holds results with another {different}; choose another --out"
    ):
        plan([contender], dataset, tmp_path, **change)


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
        def __getitem__(self, index):  # type: ignore[no-untyped-def]
            time.sleep(0.2)
            return super().__getitem__(index)

    car = dataset.sequences[0]
    (job,) = ONE_PASS.jobs(SlowFrames(car.name, car.images, car.truth))
    track = follow_boxes(ScriptedModel(slow), job, seed=0, on_frame=lambda count: None)[0]
    assert len(track.seconds) == 4
    assert (track.seconds >= 0.02).all()
    assert track.seconds.min() < 0.15


def test_every_frame_is_announced_even_of_those_that_fail(dataset: Dataset, tmp_path: Path) -> None:
    def fails_on_dog(index: int, first: np.ndarray) -> np.ndarray:
        if len(model.seeds) == 2:
            raise ValueError
        return follows(index, first)

    model, seen = ScriptedModel(fails_on_dog), []
    list(run_here(plan([Contender.of("perfect", model)], dataset, tmp_path), seen.append))
    assert seen == [1, 1, 1, 1, 3]


def test_warnings_for_users_are_passed_on_with_the_sequence(dataset: Dataset, tmp_path: Path) -> None:
    def warns(index: int, first: np.ndarray) -> np.ndarray:
        warnings.warn("mind the gap", SaccadeWarning, stacklevel=1)
        return first

    with pytest.warns(SaccadeWarning) as caught:
        run(ScriptedModel(warns), dataset, tmp_path)
    assert [str(w.message) for w in caught] == ["car: mind the gap", "dog: mind the gap"]


def test_the_longest_come_first_and_contenders_stay_together(dataset: Dataset, tmp_path: Path) -> None:
    contenders = [Contender.of(name, ScriptedModel(follows)) for name in ("zebra", "ant")]
    short_first = Dataset(dataset.name, dataset.root, dataset.sequences[::-1])
    trials = longest_first(plan(contenders, short_first, tmp_path))
    assert [(trial.contender.name, trial.job.stem) for trial in trials] == [
        ("zebra", "car"),
        ("zebra", "dog"),
        ("ant", "car"),
        ("ant", "dog"),
    ]
    counts: list[int] = []
    meter = Meter(trials[0].frames, counts.append)
    meter.add(3)
    meter.finish()
    meter.finish()
    assert counts == [3, 1]


@pytest.mark.parametrize(("score", "is_kept"), [(np.inf, False), (-np.inf, False), (np.nan, True)])
def test_scores_are_finite_or_unknown(dataset: Dataset, score: float, is_kept: bool) -> None:
    box = np.array([[1.0, 2, 3, 4]])
    found = Instances(boxes=box, scores=np.array([score]))
    if is_kept:
        assert len(checked_boxes(found, 1, ScriptedModel(follows), 5)) == 1
        return
    with pytest.raises(ModelError, match=r"frame 5: scripted answered the scores \[-?inf\]; a score is"):
        checked_boxes(found, 1, ScriptedModel(follows), 5)


@pytest.mark.parametrize("name", ["car_time", "car_score", "car_failure"])
def test_sequences_whose_result_files_would_collide_are_refused(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path, name: str
) -> None:
    car = dataset.sequences[0]
    both = Dataset("folder", dataset.root, (car, Sequence(name, car.images, car.truth)))
    message = f"folder: 'car' and '{name}' would both have a result file {name}.txt; rename one"
    with pytest.raises(DatasetError, match=message):
        plan([Contender.of("perfect", perfect)], both, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_circumstances_are_written_down_and_decide_on_nothing(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path
) -> None:
    contender = Contender.of("perfect", perfect, {"weights": "cafe"})
    plan([replace(contender, circumstances={"weights": "a.pth"})], dataset, tmp_path, about={"workers": 1})
    recorded = json.loads((tmp_path / "results" / "folder" / "perfect" / "run.json").read_text())
    assert (recorded["weights"], recorded["workers"], recorded["settings"]["weights"]) == ("a.pth", 1, "cafe")
    plan([replace(contender, circumstances={"weights": "b.pth"})], dataset, tmp_path)


def test_a_full_disk_is_said_and_keeps_what_was_written(
    dataset: Dataset, perfect: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name.startswith("dog"):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"dog_time.txt: cannot be written \(No space left"):
        run(perfect, dataset, tmp_path)
    folder = tmp_path / "results" / "folder" / "perfect"
    kept = ["car.txt", "car_score.txt", "car_time.txt", "run.json"]
    assert sorted(file.name for file in folder.iterdir()) == kept
    assert isinstance(output_error(folder, OSError()), OutputError)
