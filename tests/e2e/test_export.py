"""`saccade export`: what it leaves, what it refuses, its files in `saccade detect`; runtimes in `bench`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch

from saccade.cli import main
from saccade.deploy.export.formats import METADATA, trace, write_onnx
from tests.unit.deploy.export.toy import ABOUT, toy

SHORT = ("--num-frames", "3")
RUNTIMES = ("torch", "torch-compile", "onnxruntime")


def run(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dimp_nano's features with their shipped weights."""
    out = tmp_path_factory.mktemp("export") / "nano.onnx"
    assert run("export", "dimp_nano", "--out", out, "--int8", "static", *SHORT) == 0
    return out


def test_a_file_comes_with_its_report(exported: Path) -> None:
    report = json.loads(exported.with_name("nano.onnx.json").read_text())
    assert report["agrees"] and report["bound"] == 1e-4 and report["frames"] == 3
    assert 0 <= report["against_the_model"]["largest_difference"] <= 1e-4
    assert 0 < report["int8_against_float"]["largest_difference"] < 1
    assert list(report["latency_ms"]) == ["torch", "onnxruntime", "onnxruntime int8 static"]


def test_a_file_says_what_it_is(exported: Path) -> None:
    properties = {each.key: each.value for each in onnx.load(exported).metadata_props}
    about = json.loads(properties[METADATA])
    assert about["model"] == "dimp_nano" and about["part"] == "features" and about["precision"] == "static"
    assert about["weights"]["licence"] == "Apache-2.0" and about["weights"]["file"] == "dimp_nano.safetensors"
    assert about["input"].keys() == {"crops"} and "config" in about and "torch" in about["versions"]
    assert sorted(path.name for path in exported.parent.iterdir()) == ["nano.onnx", "nano.onnx.json"]


def test_for_machines_it_is_one_object(tmp_path: Path, capsys: Any) -> None:
    words = ("--format", "torch-export", "--json", *SHORT)
    assert run("export", "dimp_nano", "--out", tmp_path / "n.pt2", *words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["model"] == "dimp_nano" and said["files"][0]["path"] == str(tmp_path / "n.pt2")
    with (tmp_path / "n.pt2").open("rb") as file:
        assert torch.export.load(file) is not None


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["eco", "--out", "F.onnx"], "'eco' cannot be exported: it has no network; detectors"),
        (["still", "--out", "F.onnx"], "'still' cannot be exported"),
        (["dimp_nano", "--out", "F.pt"], "ends in .onnx; name it so"),
        (["dimp_nano", "--out", "F.onnx", "--format", "tflite"], "'tflite' is not one of"),
        (["dimp_nano", "--out", "F.onnx", "--part", "box"], "has no part 'box'; it has: features"),
        (["dimp_nano", "--out", "F.pt2", "--format", "torch-export", "--int8", "static"], "leave it out"),
        (["dimp_nano", "--out", "F.onnx", "--frames", "nowhere.mp4"], "nowhere.mp4"),
        (["yolox_nano", "--out", "F.onnx"], "needs the weights yolox_nano.pth"),
        (["nonesuch", "--out", "F.onnx"], "no model 'nonesuch'"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("export", *words, *SHORT) == 2
    assert complaint in " ".join(capsys.readouterr().err.split())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file_is_our_failure_to_write(tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "file").write_text("")
    assert run("export", "dimp_nano", "--out", tmp_path / "file" / "F.onnx", *SHORT) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("toy") / "toy.onnx"
    write_onnx(trace(toy()), toy(), path, ABOUT, 18)
    return path


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import cv2

    from tests.unit.deploy.export.toy import shaded

    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(3):
        picture = (255 * shaded(seed)).byte().permute(1, 2, 0).numpy()
        cv2.imwrite(str(folder / f"{seed:03d}.png"), picture)
    return folder


def test_a_file_detects(toy_file: Path, pictures: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    words = ("--model", toy_file, "--threshold", "0.6", "--batch", "3", "--out", out, "--json")
    assert run("detect", pictures, *words) == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    assert said["model"] == "toy" and said["frames"] == 3 and set(said["counts"]) == {"dark", "light"}
    about = json.loads((out / "run.json").read_text())
    assert about["config"]["network"]["classes"] == ["dark", "light"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--threshold", "0.1"], "was exported with a threshold of 0.2"),
        (["--weights", "w.pth"], "leave --weights and --set out"),
        (["--set", "nms=0.3"], "leave --weights and --set out"),
        (["--classes", "cat"], "the model knows no such class"),
    ],
)
def test_a_file_that_cannot_do_it_says_so(
    toy_file: Path, pictures: Path, tmp_path: Path, words: list[str], complaint: str, capsys: Any
) -> None:
    assert run("detect", pictures, "--model", toy_file, "--out", tmp_path / "out", *words) == 2
    assert complaint in " ".join(capsys.readouterr().err.split())


def test_a_file_of_a_stage_is_no_detector(
    exported: Path, pictures: Path, tmp_path: Path, capsys: Any
) -> None:
    assert run("detect", pictures, "--model", exported, "--out", tmp_path / "out") == 2
    assert "holds the part 'features' of a model" in " ".join(capsys.readouterr().err.split())


def test_the_networks_alone_are_timed(capsys: Any) -> None:
    assert run("bench", "dimp_nano", "--runtime", "torch", "--frames", "3", "--json") == 0
    [row] = json.loads(capsys.readouterr().out)["runtimes"]
    assert row["part"] == "features" and row["median_ms"] > 0 and row["difference"] == 0


@pytest.mark.slow
def test_runtimes_are_one_table() -> None:
    words = [word for each in RUNTIMES for word in ("--runtime", each)]
    command = [sys.executable, "-m", "saccade", "bench", "dimp_nano", *words, "--frames", "3", "--json"]
    # PyTorch's compiler does not compile the checks of shapes that tests have
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = json.loads(said)["runtimes"]
    assert [row["runtime"] for row in rows] == list(RUNTIMES)
    assert all(row["median_ms"] > 0 and row["difference"] < 1e-4 for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_eight_bits_of_trained_features_stay_close(how: str, tmp_path: Path, shared_data: Path) -> None:
    clip = shared_data / "video" / "sam2_01_dog.mp4"
    out = tmp_path / "nano.onnx"
    assert run("export", "dimp_nano", "--out", out, "--int8", how, "--frames", clip, *SHORT) == 0
    report = json.loads(out.with_name("nano.onnx.json").read_text())
    assert report["int8_against_float"]["largest_difference"] < 0.5
