"""Trainings that are killed: the same command goes on, and its curve is that of one that was left alone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from saccade.training.checkpoints import LAST, read_training
from saccade.training.fit import fit
from saccade.training.loop import Rhythm
from tests.unit.training.toys import Log, toy_plan, toy_recipe

REPOSITORY = Path(__file__).resolve().parents[2]
TABLES = ("steps.csv", "epochs.csv")
LEFT = {"step 2": 0, "writing 6": 4, "judging 2": 8}
"""steps in the checkpoint that a death at a moment leaves"""

TRAINING = r"""
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, os.environ["REPOSITORY"])

import torch

from saccade.training import checkpoints
from saccade.training.fit import Machines, fit
from saccade.training.loop import Rhythm
from tests.unit.training.toys import Log, ToyConfig, toy_plan, toy_recipe


def here(moment):
    # whoever waits for this moment kills us in it
    print(moment, flush=True)
    if os.environ.get("DIES") == moment:
        time.sleep(60)


class Teller(Log):
    def on_step(self, step, values):
        here(f"step {step}")


def judge(weights, epoch):
    here(f"judging {epoch}")
    return {"AUC/toys": 10.0 * epoch}


save = torch.save


def save_in_halves(content, file):
    save(content, file)
    if os.environ.get("DIES") == f"writing {content['step']}":
        file.truncate(file.tell() // 2)
        here(f"writing {content['step']}")


if __name__ == "__main__":
    torch.set_num_threads(1)
    checkpoints.torch.save = save_in_halves
    devices = int(os.environ.get("DEVICES", 1))
    recipe = toy_recipe(task=ToyConfig(is_normalised=devices == 1))
    machines = Machines(device="cpu", workers=0, devices=devices)
    plan = toy_plan(Path(sys.argv[1]), recipe, machines=machines, rhythm=Rhythm(checkpoint_steps=3))
    fit(plan, Teller(), judge)
"""


def begin(out: Path, **environment: str) -> subprocess.Popen[str]:
    """A training in a process of its own."""
    script = out.parent / "training.py"
    script.write_text(TRAINING)
    return subprocess.Popen(
        [sys.executable, str(script), str(out)],
        env={**os.environ, "REPOSITORY": str(REPOSITORY), "OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_at(out: Path, moment: str) -> None:
    """Begins or goes on with a training, and kills it at a moment."""
    process = begin(out, DIES=moment)
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line.strip())
        if line.strip() == moment:
            break
    else:
        raise AssertionError(f"never came to '{moment}', only to {seen}: {process.communicate()[1]}")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(["writing 6"], id="while it writes"),
        pytest.param(["step 2", "writing 6", "judging 2"], id="again and again"),
    ],
)
def test_killed_its_curve_is_that_of_one_left_alone(tmp_path: Path, moments: list[str]) -> None:
    out, whole = tmp_path / "out", tmp_path / "whole"
    fit(
        toy_plan(whole, rhythm=Rhythm(checkpoint_steps=3)), Log(), lambda _, epoch: {"AUC/toys": 10.0 * epoch}
    )

    for moment in moments:
        kill_at(out, moment)
        assert (out / LAST).exists() == (LEFT[moment] > 0)
        if LEFT[moment]:
            assert read_training(out / LAST)["step"] == LEFT[moment]
        # the half that was written lies beside the last good one
        assert (out / f"{LAST}.part").exists() == moment.startswith("writing")

    last = begin(out)
    said, complaints = last.communicate(timeout=120)
    assert last.returncode == 0, complaints
    lines = said.splitlines()
    assert lines[: lines.index(f"step {LEFT[moments[-1]] + 1}")] == (
        ["judging 2"] if moments[-1] == "judging 2" else []
    )
    for table in TABLES:
        assert (out / table).read_text() == (whole / table).read_text()
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (out, whole))
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())
    assert not list(out.glob("*.part"))


@pytest.mark.slow
def test_two_processes_learn_what_one_does(tmp_path: Path) -> None:
    from tests.unit.training.toys import ToyConfig

    recipe = toy_recipe(task=ToyConfig(is_normalised=False))
    fit(toy_plan(tmp_path / "one", recipe), Log(), lambda _, epoch: {"AUC/toys": 10.0 * epoch})
    both = begin(tmp_path / "two", DEVICES="2")
    _, complaints = both.communicate(timeout=300)
    assert both.returncode == 0, complaints
    one, two = (
        [row.split(",") for row in (tmp_path / name / "steps.csv").read_text().splitlines()]
        for name in ("one", "two")
    )
    assert one[0] == two[0]
    for ours, theirs in zip(one[1:], two[1:], strict=True):
        assert float(ours[1]) == pytest.approx(float(theirs[1]), abs=1e-5)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_ends_the_step_and_writes_a_checkpoint(tmp_path: Path, number: int) -> None:
    class Asked(Log):
        def on_step(self, step: int, values: object) -> None:
            if step == 5:
                os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt):
        fit(toy_plan(tmp_path, rhythm=Rhythm()), Asked())
    assert read_training(tmp_path / LAST)["step"] == 5
    assert signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL)
