"""`saccade track --box --detections`: a lost target is found again among what somebody else has found."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from saccade import follow, load
from saccade.cli import main
from saccade.core import ConfigError, ModelError
from saccade.deploy.given_detections import read_detections
from saccade.media import read_boxes_csv
from tests.unit.online.test_recovery import BACK, END, SIZE, left_and_came_back, overlap, shown

BOX = f"40,40,{SIZE[0]:g},{SIZE[1]:g}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of a card that leaves and comes back beside another one, and where both are."""
    folder = tmp_path_factory.mktemp("cards")
    rows = ["frame,name,score,x,y,w,h"]
    (folder / "frames").mkdir()
    for index in range(END):
        places = left_and_came_back(index)
        picture = shown(index, places).image[..., ::-1]
        cv2.imwrite(str(folder / "frames" / f"{index:03d}.png"), picture)
        for name, place in places.items():
            if place is not None:
                rows.append(f"{index},{name},0.8,{place[0]},{place[1]},{SIZE[0]},{SIZE[1]}")
    (folder / "detections.csv").write_text("\n".join(rows) + "\n")
    return folder


def track(folder: Path, capsys: Any, *words: str) -> tuple[int, Any]:
    source, out = folder / "frames", folder / "out"
    found = ("--detections", folder / "detections.csv")
    code = main(["track", *map(str, (source, "--box", BOX, *found, "--out", out)), *words])
    said = capsys.readouterr()
    return code, json.loads(said.out) if code == 0 else " ".join(said.err.split())


def test_it_is_found_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, answer = track(folder, capsys, "--tracker", "dimp_nano", "--json")
    assert code == 0 and len(answer["recovered"]) == 1
    last = list(read_boxes_csv(folder / "out" / "boxes.csv"))[-1]
    place = left_and_came_back(END - 1)["a"]
    assert place is not None and overlap(last.xywh[0], (*place, *SIZE)) > 0.6
    noted = json.loads((folder / "out" / "run.json").read_text())
    (again,) = noted["recovered"]
    assert again == answer["recovered"][0] and BACK <= again["frame"] < END and again["target"] == 0
    assert noted["recovery"]["lost_for"] == 3 and noted["detections"].endswith("detections.csv")
    assert noted["ms_per_frame"]["recovery"] > 0
    # in Python, the same
    frames = follow(
        load("dimp_nano"),
        str(folder / "frames"),
        boxes=[[float(value) for value in BOX.split(",")]],
        detector=read_detections(folder / "detections.csv"),
    )
    *_, (_, found) = frames
    assert (found.xywh.round(2) == last.xywh.round(2)).all()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--associate", "sort"], "--associate is for following everything"),
        (["--line", "0,0,9,9"], "--line is for following everything"),
        (["--detector", "yolox_nano"], "--detections takes the place of a detector"),
        (["--classes", "dog"], "--classes dog: the model knows no such class"),
        (["--tracker", "still"], "'still' cannot tell its targets"),
    ],
)
def test_what_cannot_be_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    code, said = track(folder, capsys, *words)
    assert code == 2 and reason in said


def test_classes_and_thresholds_leave_candidates_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["--classes", "other"], ["--threshold", "0.9"]):
        code, answer = track(folder, capsys, "--tracker", "eco", "--json", *words)
        assert code == 0 and answer["recovered"] == []


def test_a_detector_is_not_for_what_is_found_anyway() -> None:
    def find(frames: Any) -> Any:
        raise AssertionError

    with pytest.raises(ConfigError, match="associate"):
        next(follow(find, "clip.mp4", associate="sort", detector=find))
    with pytest.raises(ModelError, match="still"):
        next(follow(load("still"), [shown(0, {}).image], boxes=[(1, 2, 9, 9)], detector=find))
