"""`saccade detect` from pictures and videos to files, and what it refuses."""

import csv
import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch

import saccade
from saccade.cli import main
from saccade.data.classes import COCO, COCO_NUMBERS
from saccade.deploy.bench_pictures import WARM_UP
from tests.unit.detectors.torchvision.alive import liven

MODEL = "ssdlite320_mobilenet_v3_large"
NUM_FRAMES = 3


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones that find different things in different pictures."""
    torch.manual_seed(0)
    model: Any = saccade.load(MODEL, weights=None)
    path = tmp_path_factory.mktemp("weights") / "w.pth"
    torch.save(liven(model.network).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    noise = np.random.default_rng(0).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    ground = cv2.resize(noise, (160, 120), interpolation=cv2.INTER_CUBIC)
    return [np.roll(ground, 7 * t, axis=1) for t in range(NUM_FRAMES)]


@pytest.fixture
def clip(frames: list[np.ndarray], tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (160, 120))
    for frame in frames:
        video.write(frame)
    video.release()
    return path


@pytest.fixture
def pictures(frames: list[np.ndarray], tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(folder / f"{139 + number:012d}.png"), frame)
    return folder


def detect(source: object, weights: Path, out: Path, *words: object) -> int:
    # drawing hundreds of boxes would take longer than finding them
    few = ["--set", "max_detections=20"]
    command = ["detect", source, "--model", MODEL, "--weights", weights, "--out", out, *few, *words]
    return main([str(word) for word in command])


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "detections.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_video_leaves_every_file(clip: Path, weights: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "out"
    assert detect(clip, weights, out, "--threshold", "0.02", "--json") == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    files = ["detections.csv", "detections.json", "run.json", "video.mp4"]
    assert said["files"] == files == sorted(path.name for path in out.iterdir())
    assert said["model"] == MODEL and said["frames"] == NUM_FRAMES and set(said["ms_per_frame"]) == {
        "pre", "network", "post",
    }  # fmt: skip
    lines, results = rows(out), json.loads((out / "detections.json").read_text())
    assert len(lines) == len(results) == said["found"] == sum(said["counts"].values()) > 0
    for line, result in zip(lines, results, strict=True):
        assert COCO[int(line["label"])] == line["name"]
        assert result["category_id"] == COCO_NUMBERS[int(line["label"])]
        assert result["image_id"] == int(line["frame"])
        assert result["bbox"] == pytest.approx([float(line[key]) for key in "xywh"], abs=0.01)
        assert 0.02 <= float(line["score"]) <= 1
    with av.open(str(out / "video.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) == NUM_FRAMES
    run = json.loads((out / "run.json").read_text())
    assert (
        run["finished"] and run["config"]["threshold"] == 0.02 and run["command"].startswith("saccade detect")
    )


def test_pictures_leave_pictures(pictures: Path, weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert detect(pictures, weights, out, "--threshold", "0.02", "--end", "3", "--batch", "2") == 0
    assert sorted(path.name for path in (out / "pictures").iterdir()) == [
        f"{139 + number:012d}.jpg" for number in range(3)
    ]
    assert not (out / "video.mp4").exists()
    drawn = cv2.imread(str(out / "pictures" / "000000000139.jpg"))
    assert drawn is not None and drawn.shape == (120, 160, 3)
    # the numbers that COCO's pictures are called by are their ids
    assert {row["image_id"] for row in json.loads((out / "detections.json").read_text())} <= {139, 140, 141}
    # a shorter run into the same folder leaves nothing of the longer one
    assert detect(pictures, weights, out, "--threshold", "0.02", "--end", "1") == 0
    assert [path.name for path in (out / "pictures").iterdir()] == ["000000000139.jpg"]


def test_pictures_whose_numbers_are_the_same_keep_their_names(
    pictures: Path, weights: Path, tmp_path: Path
) -> None:
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    for source, name in zip(sorted(pictures.iterdir()), ("7.png", "007.png"), strict=False):
        source.rename(chosen / name)
    assert detect(chosen, weights, tmp_path / "out", "--threshold", "0.02") == 0
    found = json.loads((tmp_path / "out" / "detections.json").read_text())
    assert {row["image_id"] for row in found} == {"7.png", "007.png"}


def test_batches_find_what_single_frames_do(pictures: Path, weights: Path, tmp_path: Path) -> None:
    for batch in (1, 3):
        words = ["--threshold", "0.02", "--batch", batch, "--precision", "float32"]
        assert detect(pictures, weights, tmp_path / str(batch), *words) == 0
    one, three = (rows(tmp_path / str(batch)) for batch in (1, 3))
    assert [row["frame"] for row in one] == [row["frame"] for row in three]
    np.testing.assert_allclose(
        [float(row["score"]) for row in one], [float(row["score"]) for row in three], atol=2e-3
    )


def test_other_classes_are_left_out(pictures: Path, weights: Path, tmp_path: Path) -> None:
    assert detect(pictures, weights, tmp_path / "all", "--threshold", "0.02") == 0
    names = sorted({row["name"] for row in rows(tmp_path / "all")})
    wanted = names[:2]
    words = ["--threshold", "0.02", "--classes", ", ".join(wanted)]
    assert detect(pictures, weights, tmp_path / "some", *words) == 0
    assert sorted({row["name"] for row in rows(tmp_path / "some")}) == wanted


def test_nothing_found_is_a_result(pictures: Path, weights: Path, tmp_path: Path, capsys: Any) -> None:
    assert detect(pictures, weights, tmp_path / "out", "--threshold", "1") == 0
    assert "nothing" in capsys.readouterr().out
    assert rows(tmp_path / "out") == []
    assert json.loads((tmp_path / "out" / "detections.json").read_text()) == []


def test_a_picture_that_cannot_be_read_may_be_skipped(
    pictures: Path, weights: Path, tmp_path: Path, capsys: Any
) -> None:
    (pictures / "000000000140.png").write_bytes(b"no picture")
    assert detect(pictures, weights, tmp_path / "out", "--threshold", "0.02") == 2
    said = capsys.readouterr().err
    assert "frame 1 cannot be read" in said and "the 1 frame before that are kept" in said
    assert not json.loads((tmp_path / "out" / "run.json").read_text())["finished"]
    assert detect(pictures, weights, tmp_path / "out", "--on-bad-frame", "skip") == 0
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert run["frames"] == NUM_FRAMES - 1 and len(run["skipped"]) == 1


def empty_video(folder: Path) -> Path:
    path = folder / "empty.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
    return path


def test_a_video_without_frames_is_refused(weights: Path, tmp_path: Path, capsys: Any) -> None:
    assert detect(empty_video(tmp_path), weights, tmp_path / "out") == 2
    said = capsys.readouterr().err
    assert "empty.mp4" in said and "frame" in said and said.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--threshold", "1.5"], "Invalid value for '--threshold': Input should be less than or equal to 1"),
        (["--threshold", "-0.1"], "Input should be greater than or equal to 0"),
        (["--classes", "persn"], "--classes persn: the model knows no such class; did you mean 'person'?"),
        (["--classes", ""], "--classes names none; the model knows person, bicycle"),
        (["--batch", "0"], "Input should be greater than or equal to 1"),
        (
            ["--model", "eco"],
            "'eco' is no detector; use saccade track --tracker eco --box X,Y,W,H, or take one, such as ss",
        ),
        (["--model", "yolox_nanoo"], "did you mean 'yolox_nano'?"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], message: str, pictures: Path, weights: Path, tmp_path: Path, capsys: Any
) -> None:
    assert detect(pictures, weights, tmp_path / "out", *words) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_bench_tells_the_stages_and_torchvisions_time(weights: Path, pictures: Path, capsys: Any) -> None:
    words = ["bench", MODEL, "--weights", str(weights), "--source", str(pictures), "--frames", "1"]
    assert main(words) == 2
    assert f"needs at least {WARM_UP + 1} frames, got {NUM_FRAMES}" in capsys.readouterr().err
    words = ["bench", MODEL, "--weights", str(weights), "--frames", "2", "--json"]
    assert main(words) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result["stages_ms"]) == ["pre", "network", "post"]
    assert result["frames"] == 2 and result["torchvision_ms"] > 0 and result["speedup"] > 0
    assert main(["bench", "yolox_nano", "--weights", "none", "--frames", "1"]) == 0
    said = capsys.readouterr().out
    assert "pre-processing" in said and "post-processing" in said and "torchvision" not in said
