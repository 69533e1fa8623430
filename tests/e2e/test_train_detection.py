"""From pictures with boxes to a detector, through the command line: train, evaluate and detect."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.cli import main
from saccade.training.checkpoints import LAST, read_training

Told = Callable[..., tuple[int, str, str]]
COLORS = {"red": (0, 0, 230), "blue": (230, 60, 0)}
TINY = [
    "--device=cpu",
    "--workers=0",
    "--init=none",
    "--set=task.size=64",
    "--set=batch=4",
    "--set=augmentation.scales=0",
    "--set=augmentation.plain_epochs=1",
]


def write_set(root: Path, split: str, count: int, seed: int) -> None:
    """Rectangles of two colours in VOC's form; the first picture has none."""
    rng = np.random.default_rng(seed)
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    names = [f"{split}_{number:02d}" for number in range(count)]
    for number, name in enumerate(names):
        pixels = rng.integers(90, 130, (64, 80, 3)).astype(np.uint8)
        tree = ElementTree.Element("annotation")
        ElementTree.SubElement(tree, "filename").text = f"{name}.jpg"
        size = ElementTree.SubElement(tree, "size")
        for key, value in (("width", 80), ("height", 64), ("depth", 3)):
            ElementTree.SubElement(size, key).text = str(value)
        for place in range(0 if number == 0 else 2):
            color = list(COLORS)[place]
            x, y = int(rng.integers(1 + 40 * place, 12 + 40 * place)), int(rng.integers(1, 30))
            w, h = int(rng.integers(18, 26)), int(rng.integers(18, 30))
            pixels[y : y + h, x : x + w] = COLORS[color]
            thing = ElementTree.SubElement(tree, "object")
            ElementTree.SubElement(thing, "name").text = color
            box = ElementTree.SubElement(thing, "bndbox")
            corners = {"xmin": x + 1, "ymin": y + 1, "xmax": x + w, "ymax": y + h}
            for key, value in corners.items():
                ElementTree.SubElement(box, key).text = str(value)
        cv2.imwrite(str(root / "JPEGImages" / f"{name}.jpg"), pixels)
        ElementTree.ElementTree(tree).write(root / "Annotations" / f"{name}.xml")
    (root / "ImageSets" / "Main" / f"{split}.txt").write_text("\n".join(names) + "\n")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("voc")
    write_set(root, "train", 8, seed=0)
    write_set(root, "val", 4, seed=1)
    return root


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `saccade`; returns its exit code and what it says on standard output and standard error."""

    def tell(*words: object) -> tuple[int, str, str]:
        torch.set_num_threads(1)
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, " ".join(said.err.split())

    return tell


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of a few steps."""
    out = tmp_path_factory.mktemp("runs") / "mine"
    assert main(["train", "yolox_nano", f"--data=voc={root}", f"--out={out}", *TINY, "--set=epochs=2"]) == 0
    return out


def test_it_leaves_losses_by_part_scores_pictures_and_the_best(trained: Path) -> None:
    with (trained / "epochs.csv").open() as file:
        first, last = csv.DictReader(file)
    assert {"Loss/total", "Loss/box", "Loss/objectness", "Loss/class"} <= set(last)
    assert (first["Loss/l1"], bool(last["Loss/l1"])) == ("", True)  # in the epochs at the end alone
    assert 0 <= float(last["mAP/voc:val"]) <= float(last["mAP50/voc:val"]) <= 1
    assert (trained / "best.ckpt").is_file()
    assert cv2.imread(str(trained / "pictures" / "batch-1.png")).shape[1] == 4 * 320


@pytest.mark.parametrize("name", ["best.ckpt", "model.safetensors"])
def test_what_it_leaves_knows_its_classes_and_its_size(trained: Path, name: str) -> None:
    detector = saccade.load(str(trained / name), device="cpu")
    assert detector.config.network.classes == ("blue", "red")
    assert detector.config.size == 64
    found = detector(np.zeros((48, 64, 3), np.uint8))
    assert found.boxes.shape[1] == 4


def test_what_it_leaves_is_evaluated(trained: Path, root: Path, tmp_path: Path, told: Told) -> None:
    place = ["--dataset=voc", f"--root={root}", "--split=val", f"--out={tmp_path}", "--device=cpu", "--json"]
    code, said, complaints = told("eval", trained / "best.ckpt", *place)
    assert code == 0, complaints
    report = json.loads(said)
    with (trained / "epochs.csv").open() as file:
        last = list(csv.DictReader(file))[-1]
    assert report["map"] == pytest.approx(float(last["mAP/voc:val"]), abs=1e-6)


def test_a_finished_training_says_again_what_came_of_it(trained: Path, root: Path, told: Told) -> None:
    words = ["train", "yolox_nano", f"--data=voc={root}", f"--out={trained}", *TINY, "--set=epochs=2"]
    code, said, complaints = told(*words)
    assert (code, "the last; a longer training needs" in complaints) == (0, True)
    said = " ".join(said.split())
    assert "mAP/voc:val" in said
    assert f"--dataset voc --root {root} --split val" in said


def test_a_rehearsal_tells_and_leaves_nothing(root: Path, tmp_path: Path, told: Told) -> None:
    words = ["train", "yolox_nano", f"--data=voc={root}", f"--out={tmp_path / 'out'}", *TINY]
    code, said, complaints = told(*words, "--set=epochs=3", "--dry-run", "--json")
    assert code == 0, complaints
    found = json.loads(said)
    assert found["shapes"]["images"] == [4, 3, 64, 64]
    assert found["steps_left"] == 6
    assert not (tmp_path / "out").exists()


def test_one_class_is_enough_and_several_sets_are_put_together(
    root: Path, tmp_path: Path, told: Told
) -> None:
    one = tmp_path / "one"
    write_set(one, "train", 4, seed=3)
    for file in (one / "Annotations").iterdir():
        tree = ElementTree.parse(file)
        for thing in [each for each in tree.getroot().iter("object") if each.findtext("name") == "blue"]:
            tree.getroot().remove(thing)
        tree.write(file)
    out = tmp_path / "out"
    code, _, said = told("train", "ssdlite320", f"--data=voc={one}", f"--out={out}", *TINY[:3],
                         "--set=epochs=1", "--set=batch=2")  # fmt: skip
    assert code == 0, said
    assert "nothing is measured" in said
    assert saccade.load(str(out / LAST), device="cpu").config.network.classes == ("red",)

    both = [
        "train",
        "yolox_nano",
        f"--data=voc={one}",
        f"--data=voc:train@0.5={root}",
        *TINY,
        "--set=epochs=1",
    ]
    code, _, said = told(*both, f"--out={tmp_path / 'both'}")
    assert code == 2
    assert "--classes NAME,NAME" in said
    code, _, said = told(*both, f"--out={tmp_path / 'both'}", "--classes=red,blue")
    assert code == 0, said
    assert saccade.load(str(tmp_path / "both" / LAST), device="cpu").config.network.classes == ("red", "blue")


def test_it_is_not_judged_by_what_it_is_trained_on(root: Path, tmp_path: Path, told: Told) -> None:
    for split in ("train", "val"):
        write_set(tmp_path / "voc", split, 4, seed=5)
    lists = tmp_path / "voc" / "ImageSets" / "Main"
    (lists / "trainval.txt").write_text((lists / "train.txt").read_text() + (lists / "val.txt").read_text())
    words = [*TINY, "--set=epochs=2", "--dry-run", f"--out={tmp_path / 'out'}"]
    code, _, said = told("train", "yolox_nano", f"--data=voc:trainval={tmp_path / 'voc'}", *words)
    assert code == 0, said
    assert "voc:val has pictures that it is trained on, and is not judged by" in said
    assert "nothing is measured" in said
    code, _, said = told("train", "yolox_nano", f"--data=voc={tmp_path / 'voc'}", *words)
    assert code == 0, said
    assert "judged by voc:val, on which it is not trained" in said


def test_data_without_any_box_is_said_to_have_none(tmp_path: Path, told: Told) -> None:
    write_set(tmp_path / "voc", "train", 1, seed=0)
    code, _, said = told("train", "ssdlite320", f"--data=voc={tmp_path / 'voc'}", f"--out={tmp_path / 'out'}")
    assert (code, "no picture has a box, so there is nothing to learn" in said) == (2, True), said


def test_too_few_epochs_for_the_schedule_are_said(root: Path, tmp_path: Path, told: Told) -> None:
    words = ["train", "yolox_nano", f"--data=voc={root}", *TINY, "--dry-run", f"--out={tmp_path / 'out'}"]
    code, _, said = told(*words, "--set=epochs=20")
    assert (code, "rise for 5 epochs and stay low for the last 15, and there are only 20" in said) == (
        0,
        True,
    )
    code, _, said = told(*words, "--set=epochs=21")
    assert (code, "the rates rise" in said) == (0, False)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["yolox_nano"], "say where they lie with --data voc=DIR"),
        (["yolox_nan", "--data=voc={root}"], "did you mean 'yolox_nano'"),
        (["yolox_nano", "--data=vok={root}"], "did you mean 'voc'"),
        (["yolox_nano", "--data=voc"], "expected NAME=DIR, as in voc=/data/VOC"),
        (["yolox_nano", "--data=voc={root}/nowhere"], "no such folder"),
        (["yolox_nano", "--data=voc:tset={root}"], "no split 'tset'"),
        (["yolox_nano", "--data=voc={root}", "--classes=red,red"], "expected names that differ"),
        (["yolox_nano", "--data=voc={root}", "--classes=red"], "blue"),
        (["yolox_nano", "--data=voc={root}", "--validate=voc@2={root}"], "takes no weight"),
        (["yolox_nano", "--data=voc={root}", "--set=batch=16"], "8 samples an epoch make no batch of 16"),
        (
            ["yolox_nano", "--data=voc={root}", "--init=imagenet", "--set=batch=4"],
            "no ImageNet weights for YOLOX",
        ),
        (
            ["dimp18", "--data=folder={root}", "--classes=red"],
            "--classes: dimp18 follows what it is pointed at",
        ),
    ],
)
def test_mistakes_are_said_in_a_line(
    root: Path, tmp_path: Path, told: Told, words: list[str], said: str
) -> None:
    code, _, complaint = told(
        "train",
        *(word.format(root=root) for word in words),
        f"--out={tmp_path}",
        "--device=cpu",
        "--workers=0",
    )
    assert (code, said in complaint) == (2, True), complaint


def test_weights_of_other_classes_are_gone_on_from(
    trained: Path, root: Path, tmp_path: Path, told: Told
) -> None:
    words = ["train", "yolox_nano", f"--data=voc={root}", f"--out={tmp_path}", *TINY[:2], *TINY[3:]]
    code, _, said = told(
        *words, "--set=epochs=1", f"--init={trained / 'best.ckpt'}", "--classes=red,blue,green"
    )
    assert code == 0, said
    assert saccade.load(str(tmp_path / LAST), device="cpu").config.network.classes == ("red", "blue", "green")


@pytest.mark.slow
def test_killed_it_goes_on_as_if_nothing_had_been(root: Path, tmp_path: Path) -> None:
    words = ["train", "yolox_nano", f"--data=voc={root}", *TINY, "--set=epochs=5", "--checkpoint-steps=1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}

    def begin(out: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "saccade", *words, f"--out={out}"]
        return subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    assert begin(tmp_path / "whole").wait() == 0
    process = begin(tmp_path / "killed")
    log = tmp_path / "killed" / "steps.csv"
    until = time.monotonic() + 120
    while not log.is_file() or len(log.read_text().splitlines()) < 5:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert begin(tmp_path / "killed").wait() == 0
    for name in ("steps.csv", "epochs.csv"):
        assert (tmp_path / "killed" / name).read_text() == (tmp_path / "whole" / name).read_text()
    one, other = (read_training(tmp_path / each / LAST)["task"] for each in ("whole", "killed"))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_it_learns_what_it_is_shown(root: Path, tmp_path: Path, told: Told) -> None:
    learning = [
        "--set=epochs=300", "--set=optimisation.method=adamw", "--set=optimisation.lr_factor=1",
        "--set=optimisation.flat=2", "--set=optimisation.warmup_epochs=2", "--set=ema=0.9",
        "--set=augmentation.mosaic.probability=0", "--validate-every=300",
    ]  # fmt: skip
    words = ["train", "yolox_nano", f"--data=voc={root}", f"--validate=voc:train={root}", *TINY, *learning]
    code, said, complaints = told(*words, f"--out={tmp_path}", "--json")
    assert code == 0, complaints
    assert json.loads(said)["scores"]["mAP50/voc:train"] > 0.9
