"""The loop: what it leaves, that it goes on as if nothing had been, and what stops it."""

import csv
import errno
import json
import math
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.utils.data import get_worker_info

from saccade.core import ConfigError, OutputError, SaccadeError, TrainingError, WeightsError
from saccade.core.config import override
from saccade.data.samples.sample import Sample
from saccade.training import checkpoints
from saccade.training.checkpoints import BEST, LAST, read_training
from saccade.training.fit import Machines, Plan, fit
from saccade.training.loop import Rhythm
from saccade.weights.label import read_label
from saccade.weights.store import sha256_of
from tests.unit.training.toys import Log, ToyConfig, ToyFeed, ToySamples, toy_plan, toy_recipe

TABLES = ("steps.csv", "epochs.csv")
EPOCH, STEPS = 4, 12


class Broken(Exception):  # noqa: N818 - nothing is wrong
    """Stops a training from outside, as a kill would."""


class Breaker(Log):
    """Breaks off after a step, or at the end of an epoch."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.last = step

    def on_step(self, step: int, values: Any) -> None:
        super().on_step(step, values)
        if step == self.last:
            raise Broken


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training that was never broken off."""
    out = tmp_path_factory.mktemp("whole")
    fit(toy_plan(out), Log())
    return out


def test_it_leaves_logs_checkpoints_weights_and_pictures(whole: Path) -> None:
    steps, epochs = rows(whole / "steps.csv"), rows(whole / "epochs.csv")
    assert [row["step"] for row in steps] == [str(step) for step in range(1, STEPS + 1)]
    assert [row["LearningRate/group1"] for row in epochs] == ["0.02", "0.02", "0.004"]
    first = [float(row["Loss/total"]) for row in steps[:EPOCH]]
    assert float(epochs[0]["Loss/total"]) == pytest.approx(sum(first) / EPOCH)
    assert float(epochs[2]["Loss/total"]) < 0.5 * float(epochs[0]["Loss/total"])
    # epochs 2 and, as the last, 3
    assert [bool(row["Validation/Loss/total"]) for row in epochs] == [False, True, True]
    names = {path.name for path in whole.iterdir()}
    assert names == {
        *TABLES,
        LAST,
        BEST,
        "model.safetensors",
        "model.json",
        "run.json",
        "pictures",
        "tensorboard",
    }
    assert [path.name for path in sorted((whole / "pictures").iterdir())] == ["batch-1.png", "batch-2.png"]
    record = json.loads((whole / "run.json").read_text())
    assert record["course"]["recipe"]["batch"] == 4
    assert record["begun"][0]["step"] == 0


def test_tensorboard_has_the_epochs_means(whole: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = EventAccumulator(str(whole / "tensorboard" / "train"))
    board.Reload()
    points = board.Scalars("Loss/total")
    assert [point.step for point in points] == [1, 2, 3]
    expected = [float(row["Loss/total"]) for row in rows(whole / "epochs.csv")]
    assert [point.value for point in points] == pytest.approx(expected)
    measured = EventAccumulator(str(whole / "tensorboard" / "val"))
    measured.Reload()
    assert [point.step for point in measured.Scalars("Loss/total")] == [2, 3]


def test_a_checkpoint_is_plain_data_with_configuration_and_data_list(whole: Path) -> None:
    content = torch.load(whole / LAST, weights_only=True)
    assert content["step"] == STEPS
    assert content["about"]["course"]["recipe"]["optimisation"]["groups"][1] == {"path": "head", "lr": 0.02}
    assert content["about"]["data"] == [{"dataset": "toys", "split": None, "weight": 1.0}]
    assert content["about"]["trained"]["model"] == "still"


def test_the_weights_are_the_moving_average(whole: Path) -> None:
    content, weights = read_training(whole / LAST), load_file(whole / "model.safetensors")
    assert weights.keys() == content["average"].keys()
    assert all(torch.equal(weights[name], value) for name, value in content["average"].items())
    assert not torch.equal(weights["head.weight"], content["task"]["network.head.weight"])


@pytest.mark.parametrize(
    ("last", "every"),
    [
        (1, 3),  # before the first checkpoint
        (5, 3),  # inside of an epoch, two steps behind a checkpoint
        (4, 3),  # behind the last step of an epoch, before its end
        (9, 1),  # right behind a checkpoint
        (12, 5),  # behind the very last step
    ],
)
def test_broken_off_and_started_again_it_cannot_be_told_from_a_whole_one(
    whole: Path, tmp_path: Path, last: int, every: int
) -> None:
    plan = toy_plan(tmp_path / "out", rhythm=Rhythm(checkpoint_steps=every))
    with pytest.raises(Broken):
        fit(plan, Breaker(last))
    log = Log()
    fit(plan, log)
    assert log.begun[0][0] <= last
    for table in TABLES:
        assert (plan.out / table).read_text() == (whole / table).read_text()
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (plan.out, whole))
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())
    mine, other = (read_training(folder / LAST)["optimizer"]["state"] for folder in (plan.out, whole))
    assert all(torch.equal(mine[place]["exp_avg_sq"], state["exp_avg_sq"]) for place, state in other.items())
    assert len(json.loads((plan.out / "run.json").read_text())["begun"]) == 2


def test_an_epoch_that_was_broken_off_while_it_was_measured_is_ended(whole: Path, tmp_path: Path) -> None:
    plan = toy_plan(tmp_path)

    def dies(weights: Path, epoch: int) -> dict[str, float]:
        raise Broken

    with pytest.raises(Broken):
        fit(plan, Log(), dies)
    assert [row["epoch"] for row in rows(tmp_path / "epochs.csv")] == ["1"]
    log = Log()
    fit(plan, log)
    assert (log.begun, log.steps[0], list(log.epochs)) == ([(8, STEPS)], 9, [2, 3])
    assert (tmp_path / "epochs.csv").read_text() == (whole / "epochs.csv").read_text()


def test_a_finished_training_has_nothing_left_to_do(whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    shutil.copytree(whole, out)
    log = Log()
    assert fit(toy_plan(out), log).steps == STEPS
    assert (log.begun, log.steps, log.epochs) == ([(STEPS, STEPS)], [], {})
    assert (out / "steps.csv").read_text() == (whole / "steps.csv").read_text()


def test_tracking_decides_which_checkpoint_is_best(tmp_path: Path) -> None:
    scores = {1: 40.0, 2: 60.0, 3: 50.0}
    judged: list[tuple[str, int]] = []

    def judge(weights: Path, epoch: int) -> dict[str, float]:
        judged.append((weights.name, epoch))
        return {"AUC/real": scores[epoch]}

    plan = toy_plan(tmp_path, rhythm=Rhythm(validate_every=1, keep_every=2))
    fitted = fit(plan, Log(), judge)
    assert judged == [("model.safetensors", epoch) for epoch in scores]
    assert [row["AUC/real"] for row in rows(tmp_path / "epochs.csv")] == ["40.0", "60.0", "50.0"]
    assert read_training(tmp_path / BEST)["step"] == 2 * EPOCH
    assert read_training(tmp_path / "epoch-0002.ckpt")["step"] == 2 * EPOCH
    assert fitted.scores["AUC/real"] == 50.0


def test_a_score_that_is_no_number_is_not_the_best(tmp_path: Path) -> None:
    scores = {1: 40.0, 2: math.nan, 3: 30.0}
    fit(
        toy_plan(tmp_path, rhythm=Rhythm(validate_every=1)),
        Log(),
        lambda _, epoch: {"AUC/real": scores[epoch]},
    )
    assert read_training(tmp_path / BEST)["step"] == EPOCH


def test_the_best_is_kept_though_a_kill_came_before_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = toy_plan(tmp_path, rhythm=Rhythm(validate_every=1, keep_every=1))
    scores = {1: 60.0, 2: 50.0, 3: 40.0}

    def dies(*_: Any) -> None:
        raise Broken

    with monkeypatch.context() as patched, pytest.raises(Broken):
        patched.setattr("saccade.training.loop.keep_checkpoint", dies)
        fit(plan, Log(), lambda _, epoch: {"AUC/real": scores[epoch]})
    assert not (tmp_path / BEST).exists()
    fit(plan, Log(), lambda _, epoch: {"AUC/real": scores[epoch]})
    assert read_training(tmp_path / BEST)["step"] == EPOCH
    kept = [read_training(path)["step"] for path in sorted(tmp_path.glob("epoch-*.ckpt"))]
    assert kept == [EPOCH, 2 * EPOCH, 3 * EPOCH]


def test_the_label_of_the_weights_has_the_checksum_of_the_checkpoint(whole: Path) -> None:
    label = read_label(whole / "model.safetensors")
    assert label is not None
    assert (label.file, label.sha256) == (LAST, sha256_of(whole / LAST))


def test_pieces_of_a_step_count_as_one(tmp_path: Path) -> None:
    machines = Machines(device="cpu", workers=0, accumulate=2)
    fit(toy_plan(tmp_path, machines=machines), Log())
    assert len(rows(tmp_path / "steps.csv")) == STEPS


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recipe": toy_recipe(batch=2)}, "recipe.batch was 4, now 2"),
        ({"recipe": toy_recipe(name="other")}, "recipe toy, now other"),
        ({"seed": 1}, "seed was 0, now 1"),
        ({"data": [{"dataset": "toys", "split": None, "weight": 2.0}]}, r"data\[0\].weight was 1.0, now 2.0"),
    ],
)
def test_the_folder_of_another_training_is_refused_with_what_differs(
    whole: Path, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=f"holds another training: .*{named}.*--init .*last.ckpt"):
        fit(toy_plan(whole, **change), Log())


def test_a_folder_without_a_checkpoint_is_free_for_another_training(tmp_path: Path) -> None:
    broken = toy_recipe(task=ToyConfig(poisoned=("toys/0",)))
    with pytest.raises(TrainingError, match=r"begin more slowly: --set optimisation\.lr_factor"):
        fit(toy_plan(tmp_path, broken), Log())
    assert fit(toy_plan(tmp_path), Log()).steps == STEPS
    assert len(rows(tmp_path / "steps.csv")) == STEPS
    assert len(json.loads((tmp_path / "run.json").read_text())["begun"]) == 1


def test_two_trainings_are_not_at_work_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saccade.training.record.PATIENCE", 0.0)

    class Second(Log):
        def on_step(self, step: int, values: Any) -> None:
            if step == 2:
                with pytest.raises(ConfigError, match=r"--out .*: another training is at work in it"):
                    fit(toy_plan(tmp_path), Log())

    assert fit(toy_plan(tmp_path), Second()).steps == STEPS
    assert not (tmp_path / "run.lock").exists()
    assert len(json.loads((tmp_path / "run.json").read_text())["begun"]) == 1


def test_a_training_that_ended_while_another_waited_is_not_taken_back(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Broken):
        fit(toy_plan(tmp_path), Breaker(6))

    @contextmanager
    def after_the_other(out: Path) -> Iterator[None]:
        shutil.copy(whole / LAST, out / LAST)
        yield

    monkeypatch.setattr("saccade.training.fit.only_one", after_the_other)
    with pytest.raises(ConfigError, match="another training was at work in it until just now"):
        fit(toy_plan(tmp_path), Log())
    assert read_training(tmp_path / LAST)["step"] == STEPS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"batch": "0"}, "'batch': expected 1 or more, got 0"),
        ({"epochs": "-1"}, "'epochs': expected 1 or more"),
        ({"ema": "2"}, "'ema': expected between 0 and 1"),
        ({"optimisation.lr_factor": "nan"}, "'optimisation.lr_factor': expected more than 0, got nan"),
        ({"optimisation.clip": "0"}, "'optimisation.clip': expected more than 0, or none"),
    ],
)
def test_values_that_make_no_training_are_refused(change: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        override(toy_recipe(), change)


def test_machines_may_change_on_the_way(whole: Path, tmp_path: Path) -> None:
    plan = toy_plan(tmp_path)
    with pytest.raises(Broken):
        fit(plan, Breaker(6))
    machines = Machines(device="cpu", workers=0, precision="bfloat16")
    assert fit(replace(plan, machines=machines), Log()).steps == STEPS


def test_bfloat16_learns_too(tmp_path: Path) -> None:
    plan = toy_plan(tmp_path, machines=Machines(device="cpu", workers=0, precision="bfloat16"))
    fit(plan, Log())
    assert float(rows(tmp_path / "steps.csv")[-1]["Loss/total"]) < 0.1


def test_a_loss_that_is_no_number_stops_with_its_batch_kept(tmp_path: Path) -> None:
    recipe = toy_recipe(task=ToyConfig(poisoned=("toys/21",)))
    with pytest.raises(
        TrainingError, match=r"step 6: the loss is not finite \(Loss/total nan.*batch.png.*lr_factor"
    ):
        fit(toy_plan(tmp_path, recipe), Log())
    kept = torch.load(tmp_path / "stopped" / "batch.pt", weights_only=True)
    assert kept["origins"] == [f"toys/{number}" for number in range(20, 24)]
    assert kept["test"]["images"].shape == (2, 4, 3, 16, 16)
    assert (tmp_path / "stopped" / "batch.png").stat().st_size > 100
    # what had been learned before is not spoiled
    before = read_training(tmp_path / LAST)
    assert before["step"] == 5
    assert all(bool(value.isfinite().all()) for value in before["task"].values())


def test_a_batch_without_sense_is_kept_too(tmp_path: Path) -> None:
    class Senseless(ToySamples):
        def __getitem__(self, index: int) -> Sample:
            sample = super().__getitem__(index)
            sample.test.boxes.fill_(math.nan)
            return sample

    class SenselessFeed(ToyFeed):
        def train(self, start: int, count: int) -> Senseless:
            return Senseless(self.seed, start, count)

    recipe = toy_recipe(task=ToyConfig(poisoned=("toys/2",)))
    with pytest.raises(TrainingError, match="step 1: the loss is not finite"):
        fit(toy_plan(tmp_path, recipe, feed=SenselessFeed()), Log())
    kept = torch.load(tmp_path / "stopped" / "batch.pt", weights_only=True)
    assert kept["test"]["boxes"].isnan().all()


def test_a_batch_that_the_disk_does_not_take_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise RuntimeError("[enforce fail at inline_container.cc] . PytorchStreamWriter failed writing file")

    monkeypatch.setattr("saccade.training.stopped.torch.save", full)
    recipe = toy_recipe(task=ToyConfig(poisoned=("toys/0",)))
    with pytest.raises(OutputError, match=r"batch.pt: the batch cannot be kept .*free space"):
        fit(toy_plan(tmp_path, recipe), Log())


def test_batch_norms_that_have_nothing_to_compare_are_told_of(tmp_path: Path) -> None:
    task = ToyConfig(fewest_samples=2)
    machines = Machines(device="cpu", workers=0, accumulate=4)
    with pytest.raises(
        ConfigError, match=r"with 1 samples at a time; use fewer --devices or a smaller --acc"
    ):
        fit(toy_plan(tmp_path, toy_recipe(task=task), machines=machines), Log())
    # nor is a batch recommended that could not be normalised
    with pytest.raises(TrainingError, match="2 would fit"):
        fit(toy_plan(tmp_path, toy_recipe(task=replace(task, most_samples=2))), Log())
    with pytest.raises(TrainingError, match="even with the fewest samples"):
        fit(toy_plan(tmp_path, toy_recipe(task=replace(task, most_samples=1))), Log())


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)",
        "MPS backend out of memory",
    ],
)
def test_want_of_memory_is_known_in_all_its_words(tmp_path: Path, said: str) -> None:
    recipe = toy_recipe(task=ToyConfig(most_samples=2, refusal=said))
    with pytest.raises(TrainingError, match="2 would fit: --accumulate 2"):
        fit(toy_plan(tmp_path, recipe), Log())


def test_parameters_that_gradients_have_spoiled_are_not_kept(tmp_path: Path) -> None:
    recipe = toy_recipe(task=ToyConfig(steep=("toys/21",)))
    recipe = replace(recipe, optimisation=replace(recipe.optimisation, clip=None))
    with pytest.raises(TrainingError, match=r"step 6: parameters have become infinite.*--init .*last.ckpt"):
        fit(toy_plan(tmp_path, recipe), Log())
    before = read_training(tmp_path / LAST)
    assert before["step"] == 5
    assert all(bool(value.isfinite().all()) for value in before["task"].values())


class _Killed(ToySamples):
    def __getitem__(self, index: int) -> Sample:
        if get_worker_info() is not None:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


@dataclass(frozen=True)
class _KilledFeed(ToyFeed):
    def train(self, start: int, count: int) -> _Killed:
        return _Killed(self.seed, start, count)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_worker_that_is_killed_is_told_of(tmp_path: Path) -> None:
    machines = Machines(device="cpu", workers=1)
    with pytest.raises(TrainingError, match=r"makes samples was killed.*fewer than --workers 1"):
        fit(toy_plan(tmp_path, feed=_KilledFeed(), machines=machines), Log())


@pytest.mark.parametrize(
    ("most", "said"),
    [
        (2, "with 4 samples at a time; 2 would fit: --accumulate 2 makes the same batch of 4 in 2 pieces"),
        (1, "with 4 samples at a time; 1 would fit: --accumulate 4 makes"),
        (0, "even with the fewest samples at a time; take smaller crops"),
    ],
)
def test_a_batch_that_does_not_fit_is_answered_with_one_that_does(
    tmp_path: Path, most: int, said: str
) -> None:
    recipe = toy_recipe(task=ToyConfig(most_samples=most))
    with pytest.raises(TrainingError, match=said) as caught:
        fit(toy_plan(tmp_path, recipe), Log())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("writes", [0, 1000])
def test_a_full_disk_leaves_the_last_good_checkpoint(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    plan = toy_plan(tmp_path)
    save = torch.save

    def save_on_a_full_disk(content: dict[str, Any], file: Any) -> None:
        if content["step"] < 6:
            save(content, file)
        else:
            file.write(b"x" * writes)
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.torch, "save", save_on_a_full_disk)
    with pytest.raises(
        OutputError, match=r"cannot be written \(No space left.*last.ckpt is the last good one"
    ):
        fit(plan, Log())
    assert read_training(tmp_path / LAST)["step"] == 5
    assert not list(tmp_path.glob("*.part"))
    monkeypatch.setattr(checkpoints.torch, "save", save)
    fit(plan, Log())
    assert (tmp_path / "steps.csv").read_text() == (whole / "steps.csv").read_text()


def test_a_damaged_checkpoint_is_refused_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / LAST).write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(WeightsError, match="cut short"):
        fit(toy_plan(tmp_path), Log())
    torch.save({"weight": torch.zeros(1)}, tmp_path / LAST)
    with pytest.raises(WeightsError, match="no checkpoint of saccade train"):
        fit(toy_plan(tmp_path), Log())


def _of(**changes: Any) -> Any:
    return lambda plan: replace(plan, recipe=toy_recipe(**changes))


def _with(**machines: Any) -> Any:
    return lambda plan: replace(plan, machines=Machines(workers=0, **machines))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_of(samples=3), "3 samples an epoch make no batch of 4"),
        (_of(validation_samples=3), "3 validation samples make no batch of 4"),
        (_with(device="cpu", accumulate=3), "batch of 4 cannot be shared out"),
        (_with(device="abacus"), "--device abacus"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_refused(tmp_path: Path, change: Any, said: str) -> None:
    plan: Plan = change(toy_plan(tmp_path))
    with pytest.raises(SaccadeError, match=said):
        fit(plan, Log())


def test_without_validation_nothing_is_measured(tmp_path: Path) -> None:
    fit(toy_plan(tmp_path, feed=ToyFeed(has_validation=False)), Log())
    assert "Validation/Loss/total" not in rows(tmp_path / "epochs.csv")[-1]
    assert not (tmp_path / BEST).exists()


def test_global_random_numbers_are_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    fit(toy_plan(tmp_path), Log())
    assert torch.equal(torch.rand(3), expected)
