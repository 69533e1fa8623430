"""Masks from the command line: from a first mask to label pictures, a video and scores."""

import csv
import json
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from saccade.cli import main
from saccade.ops.masks import davis_palette, read_palette_png, write_palette_png

NUM_FRAMES, WH = 5, (96, 64)
LIGHT = ["--weights", "none", "--device", "cpu"]
for _setting in ("search.width=64", "search.height=48", "memory.size=4", "learning.first_steps=2"):
    LIGHT += ["--set", _setting]


def labels(index: int, *, late: bool = False) -> np.ndarray:
    """Two squares that move apart; the second comes in frame 2 where it is late."""
    drawn = np.zeros(WH[::-1], np.uint8)
    drawn[10:30, 10 + index : 34 + index] = 1
    if index >= 2 or not late:
        drawn[34:58, 50 - index : 70 - index] = 3
    return drawn


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A sequence as in DAVIS."""
    for index in range(NUM_FRAMES):
        for folder in ("JPEGImages", "Annotations"):
            (tmp_path / "data" / folder / "toy").mkdir(parents=True, exist_ok=True)
        shades = np.array([40, 220, 0, 130], np.uint8)[labels(index, late=True)]
        cv2.imwrite(str(tmp_path / "data" / "JPEGImages" / "toy" / f"{index:05d}.jpg"), shades)
        write_palette_png(
            tmp_path / "data" / "Annotations" / "toy" / f"{index:05d}.png", labels(index, late=True)
        )
    write_palette_png(tmp_path / "first.png", labels(0))
    return tmp_path / "data"


def track(root: Path, *words: str) -> int:
    return main(["track", str(root / "JPEGImages" / "toy"), "--out", str(root / "out"), *LIGHT, *words])


def test_a_first_mask_becomes_masks_of_all_frames(root: Path, tmp_path: Path) -> None:
    assert track(root, "--mask", str(tmp_path / "first.png"), "--tracker", "lwl") == 0
    files = sorted((root / "out" / "masks").iterdir())
    assert [file.name for file in files] == [f"{index:05d}.png" for index in range(NUM_FRAMES)]
    for file in files:
        # as DAVIS' toolkit reads results: indices of the palette are ids
        with Image.open(file) as picture:
            assert (picture.mode, picture.size) == ("P", WH)
            assert np.array_equal(np.array(picture.getpalette()).reshape(-1, 3), davis_palette())
            assert set(np.unique(np.array(picture))) <= {0, 1, 3}
    with Image.open(files[0]) as picture:
        assert np.array_equal(np.array(picture), labels(0))
    rows = list(csv.DictReader((root / "out" / "boxes.csv").read_text().splitlines()))
    assert [(int(row["frame"]), row["target"]) for row in rows] == [
        (index, target) for index in range(NUM_FRAMES) for target in ("1", "3")
    ]
    assert [float(rows[0][side]) for side in "xywh"] == [10, 10, 24, 20]
    with av.open(root / "out" / "video.mp4") as video:
        first, *others = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(others) == NUM_FRAMES - 1
    # frames are grey, masks are not
    spread = first.max(axis=2).astype(int) - first.min(axis=2)
    assert spread[40:50, 55:60].min() > 20 > spread[4:8, 80:90].max()


def test_a_box_becomes_masks_where_the_model_guesses(root: Path) -> None:
    assert track(root, "--box", "10,10,24,20", "--box", "50,34,20,24", "--tracker", "lwl_box") == 0
    assert len(list((root / "out" / "masks").iterdir())) == NUM_FRAMES


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--box", "10,10,24,20"],
            "frame 0: this model learns targets from masks, and was given a box alone",
        ),
        (["--mask", "first.png", "--box", "1,2,3,4"], "give --box or --mask, not both"),
        (
            ["--mask", "small.png"],
            "frame 0: the mask of target 1 has shape (6, 8), the frame (64, 96) (H, W)",
        ),
        (["--mask", "colours.png"], "colours.png: is a picture of colours (RGB)"),
    ],
)
def test_what_points_at_nothing_ends_with_2_and_leaves_nothing(
    root: Path,
    tmp_path: Path,
    words: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_palette_png(tmp_path / "small.png", np.ones((6, 8), np.uint8))
    Image.fromarray(davis_palette()[labels(0)]).save(tmp_path / "colours.png")
    assert track(root, *words, "--tracker", "lwl") == 2
    assert said in capsys.readouterr().err
    assert not (root / "out").exists()


def evaluate(root: Path, out: Path, *words: str) -> int:
    return main(["eval", *words, *LIGHT, "--root", str(root), "--out", str(out), "--json"])


def youtube(root: Path, folder: Path) -> Path:
    """The same sequence as in YouTube-VOS, which says when an object comes."""
    for kind in ("JPEGImages", "Annotations"):
        (folder / "valid" / kind).mkdir(parents=True)
        (folder / "valid" / kind / "toy").symlink_to(root / kind / "toy")
    frames = {"1": range(NUM_FRAMES), "3": range(2, NUM_FRAMES)}
    objects = {
        key: {"category": "sign", "frames": [f"{i:05d}" for i in some]} for key, some in frames.items()
    }
    (folder / "valid" / "meta.json").write_text(json.dumps({"videos": {"toy": {"objects": objects}}}))
    return folder


@pytest.mark.parametrize(("dataset", "label"), [("folder", "folder"), ("youtubevos18", "youtubevos2018")])
def test_first_masks_become_scores(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], dataset: str, label: str
) -> None:
    place = root if dataset == "folder" else youtube(root, tmp_path / "ytvos")
    assert evaluate(place, tmp_path / "out", "lwl", "--dataset", dataset) == 0
    scores = json.loads(capsys.readouterr().out)["models"]["lwl"]
    assert scores["jf"] == pytest.approx((scores["j"] + scores["f"]) / 2)
    assert 0 <= scores["j"] <= 100
    answers = sorted((tmp_path / "out" / "results" / f"{label}-first-mask" / "lwl" / "toy").iterdir())
    assert [file.name for file in answers] == [f"{index:05d}.png" for index in range(NUM_FRAMES)]
    shown = [read_palette_png(file) for file in answers]
    # an object is there from the frame on in which its mask is given
    assert np.array_equal(shown[0], labels(0, late=True))
    assert not (shown[1] == 3).any()
    assert np.array_equal(shown[2] == 3, labels(2) == 3)


def boxes(root: Path) -> Path:
    """The same frames with boxes."""
    (root / "boxes" / "toy").mkdir(parents=True)
    (root / "boxes" / "toy" / "img").symlink_to(root / "JPEGImages" / "toy")
    rows = [f"{11 + index},11,24,20\n" for index in range(NUM_FRAMES)]
    (root / "boxes" / "toy" / "groundtruth_rect.txt").write_text("".join(rows))
    return root / "boxes"


def test_a_model_that_needs_masks_is_refused_where_there_are_boxes(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(boxes(root), tmp_path / "out", "lwl", "--dataset", "folder") == 2
    said = capsys.readouterr().err
    assert "protocol one-pass gives a box alone on sequence 'toy' of folder" in said
    assert said.rstrip().endswith("'lwl' learns targets from masks; take lwl_box")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("model", "kind"), [("lwl_box", "boxes"), ("lwl", "masks"), ("still", "masks")])
def test_boxes_are_answered_where_there_are_boxes_or_masks(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], model: str, kind: str
) -> None:
    """Of masks, a tracker gets the boxes, and one that needs masks these as well."""
    place = boxes(root) if kind == "boxes" else root
    chosen = LIGHT if model != "still" else []
    words = ["eval", model, *chosen, "--dataset", "folder", "--protocol", "one-pass", "--root", str(place)]
    assert main([*words, "--out", str(tmp_path / "out"), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)["models"][model]
    assert 0 <= scores["auc"] <= 100
    files = sorted(path.name for path in (tmp_path / "out" / "results").rglob("toy*.txt"))
    wanted = ["toy.txt"] if kind == "boxes" else ["toy@1.txt", "toy@3.txt"]
    assert set(wanted) <= set(files)


def test_a_tracker_of_boxes_is_refused_where_masks_are_scored(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["eval", "still", "--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "a model that takes and answers masks, and 'still' does not" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
