"""From pictures with key points to a pose estimator, through the command line: train, evaluate and load."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.cli import main
from saccade.data.pose.writing import to_coco
from saccade.training.checkpoints import LAST
from tests.unit.training.pose_toys import STICK, sticks

Told = Callable[..., tuple[int, str, str]]
TINY = [
    "--device=cpu",
    "--workers=0",
    "--init=none",
    "--set=task.network.features=16",
    "--set=task.network.stem=8,16",
    "--set=task.network.order=3",
    "--set=task.size=64,64",
    "--set=samples=0",
    "--set=batch=2",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of one's own: people of three joints, seven to train on and three to judge by."""
    root = tmp_path_factory.mktemp("sticks")
    for split, count in (("train", 7), ("val", 3)):
        dataset = sticks(root / "images" / split, count, split=split)
        (root / f"{split}.json").write_text(json.dumps(to_coco(dataset)))
    return root


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `saccade`; returns its exit code and what it says on standard output and standard error."""

    def tell(*words: object) -> tuple[int, str, str]:
        torch.set_num_threads(1)
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, " ".join(said.out.split()), " ".join(said.err.split())

    return tell


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of a few steps."""
    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("runs") / "mine"
    words = [f"--data=pose-folder={root}", f"--out={out}", *TINY, "--set=epochs=2"]
    assert main(["train", "hourglass2", *words]) == 0
    return out


def rows(trained: Path) -> list[dict[str, str]]:
    with (trained / "epochs.csv").open() as file:
        return list(csv.DictReader(file))


def test_it_leaves_losses_by_stack_scores_pictures_and_the_best(trained: Path) -> None:
    _, last = rows(trained)
    assert {"Loss/total", "Loss/heatmaps1", "Loss/heatmaps2", "Stats/right"} <= set(last)
    assert 0 <= float(last["OKS_AP/pose-folder:val"]) <= 1
    assert 0 <= float(last["PCK10/pose-folder:val"]) <= 1
    assert (trained / "best.ckpt").is_file()
    assert cv2.imread(str(trained / "pictures" / "batch-1.png")).shape == (320, 2 * 320, 3)
    with (trained / "steps.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2 * 3  # seven people make three batches of two


@pytest.mark.parametrize("name", ["best.ckpt", "model.safetensors"])
def test_what_it_leaves_knows_its_points_and_its_size(trained: Path, name: str) -> None:
    pose = saccade.load(str(trained / name), device="cpu", detector=None)
    assert pose.config.network.skeleton == STICK
    assert (pose.config.size, pose.config.network.stacks) == ((64, 64), 2)
    found = pose(np.zeros((48, 64, 3), np.uint8), boxes=[(4, 4, 30, 30)])
    assert found.keypoints.shape == (1, 3, 2)


def test_what_it_leaves_is_evaluated_as_it_was_judged(
    trained: Path, root: Path, tmp_path: Path, told: Told
) -> None:
    words = [f"--root={root}", "--split=val", "--boxes=truth", f"--out={tmp_path}", "--device=cpu", "--json"]
    code, said, complaints = told("eval", trained / LAST, "--dataset=pose-folder", *words)
    assert code == 0, complaints
    report, last = json.loads(said), rows(trained)[-1]
    assert report["oks_ap"] == pytest.approx(float(last["OKS_AP/pose-folder:val"]), abs=1e-6)
    assert report["pck10"] == pytest.approx(float(last["PCK10/pose-folder:val"]), abs=1e-6)


def test_a_finished_training_says_again_what_came_of_it(trained: Path, root: Path, told: Told) -> None:
    words = [f"--data=pose-folder={root}", f"--out={trained}", *TINY, "--set=epochs=2"]
    code, said, _ = told("train", "hourglass2", *words)
    assert code == 0
    assert "OKS_AP/pose-folder:val" in said
    assert f"--dataset pose-folder --root {root} --split val" in said
    code, _, said = told("train", "hourglass2", *words, "--seed=1")
    assert (code, "holds another training: seed was 0, now 1" in said) == (2, True), said


def test_weights_of_other_points_are_gone_on_from(
    trained: Path, root: Path, tmp_path: Path, told: Told
) -> None:
    other = {"name": "fan", "points": ("hub", "left_rib", "right_rib", "handle")}
    file = tmp_path / "fans.json"
    content = json.loads((root / "train.json").read_text())
    content["categories"] = [{"id": 1, "name": "fan", "keypoints": list(other["points"])}]
    for each in content["annotations"]:
        each["keypoints"] += [20, 20, 1]
    file.write_text(json.dumps(content))
    (tmp_path / "images").symlink_to(root / "images" / "train")
    tiny = [word for word in TINY if not word.startswith("--init")]
    words = [f"--data=pose-folder={file}", f"--init={trained / 'best.ckpt'}", *tiny, "--set=epochs=1"]
    code, _, said = told("train", "hourglass2", *words, f"--out={tmp_path / 'out'}")
    assert (code, "nothing is measured" in said) == (0, True), said
    loaded = saccade.load(str(tmp_path / "out" / LAST), device="cpu", detector=None)
    assert loaded.config.network.skeleton.points == other["points"]


def test_a_rehearsal_tells_and_leaves_nothing(root: Path, tmp_path: Path, told: Told) -> None:
    words = ["--device=cpu", "--workers=0", "--dry-run", "--json", f"--out={tmp_path / 'out'}"]
    small = ["--set=task.network.width=0.125", "--set=side=64", "--set=batch=2"]
    code, said, complaints = told("train", "openpose_light", f"--data=pose-folder={root}", *small, *words)
    assert code == 0, complaints
    found = json.loads(said)
    # two limbs, and three joints with what is none
    assert found["shapes"] == {
        "images": [2, 3, 64, 64],
        "fields": [2, 4, 8, 8],
        "heatmaps": [2, 4, 8, 8],
        "masks": [2, 1, 8, 8],
    }
    assert found["steps_left"] == 280 * 3
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hourglass2"], "say where they lie with --data coco-keypoints=DIR"),
        (["hourglas2", "--data=lsp={root}"], "did you mean 'hourglass2'"),
        (["hourglass2", "--data=pose-foldr={root}"], "did you mean 'pose-folder'"),
        (["hourglass2", "--data=pose-folder"], "expected NAME=DIR, as in mpii=/data/MPII"),
        (["hourglass2", "--data=pose-folder={root}/nowhere"], "no such folder"),
        (["hourglass2", "--data=pose-folder:tset={root}"], "no split 'tset'"),
        (["hourglass2", "--data=pose-folder={root}", "--classes=a"], "--classes: hourglass2 finds people"),
        (["hourglass2", "--data=pose-folder={root}", "--validate=pose-folder@2={root}"], "takes no weight"),
        (["hourglass2", "--data=coco-keypoints={root}"], "no key points of COCO in it"),
        (
            ["hourglass2", "--data=pose-folder={root}", "--init=imagenet"],
            "no ImageNet weights for StackedHourglass",
        ),
        (
            ["simplebaseline", "--data=pose-folder={root}", "--init=none"],
            "7 samples an epoch make no batch of 128",
        ),
    ],
)
def test_mistakes_are_said_in_a_line(
    root: Path, tmp_path: Path, told: Told, words: list[str], said: str
) -> None:
    place = [f"--out={tmp_path}", "--device=cpu", "--workers=0"]
    code, _, complaint = told("train", *(word.format(root=root) for word in words), *place)
    assert (code, said in complaint) == (2, True), complaint
