"""A detector and an association over the sequences of a data set, and detections that are given for these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError, Frame, Instances, ModelError
from saccade.core.instances import NOBODY
from saccade.data import open_dataset
from saccade.deploy.over_sequences import OverSequences, detection_file
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout

pytest.importorskip("trackers", reason="the extra 'mot' is not installed")

DETECTIONS = "".join(f"{number},-1,{number},3,10,8,0.9,-1,-1,-1\n" for number in range(1, 5))
"""one box, a pixel further in each of four frames"""


@dataclass(frozen=True)
class Network:
    """What a detector knows."""

    classes: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """The settings of a detector."""

    network: Network
    threshold: float = 0.1


@dataclass(frozen=True)
class Finder:
    """Finds one of each class that it knows, at the same places in every frame."""

    config: Any
    name: str = "finder"

    def __call__(self, frames: list[Frame]) -> list[Instances]:
        classes = self.config.network.classes
        boxes = np.array([[20.0 * place, 5, 20.0 * place + 10, 15] for place in range(len(classes))])
        scores = np.full(len(classes), 0.9)
        return [
            Instances(boxes=boxes, scores=scores, names=np.array(classes), frame=frame.index)
            for frame in frames
        ]


def finder(*classes: str) -> Finder:
    return Finder(Config(Network(classes)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two videos of four frames, with detections."""
    layout = Layout(tmp_path / "root")
    layouts.mot(layout, ".", ["square", "street"])
    for name in ("square", "street"):
        layout.text(f"{name}/det/det.txt", DETECTIONS)
    info = layout.root / "square" / "seqinfo.ini"
    info.write_text(info.read_text().replace("frameRate=25", "frameRate=14"))
    return layout.root


@pytest.mark.parametrize(
    ("classes", "followed"),
    [
        (("car", "person", "pedestrian"), ["person", "pedestrian"]),
        # whatever one finds who was trained on people alone calls them
        (("passer-by",), ["passer-by"]),
    ],
)
def test_people_are_followed_at_each_videos_own_pace(
    root: Path, classes: tuple[str, ...], followed: list[str]
) -> None:
    model = OverSequences.of(finder(*classes), "bytetrack", {})
    assert model.name == "finder+bytetrack"
    for sequence, fps in zip(open_dataset("mot", root).sequences, (14, 25), strict=True):
        ready = model.of_sequence(sequence)
        assert ready.config.association.fps == fps
        run = ready.start()
        for frame in sequence:
            found = run.step(frame)
        assert found.names.tolist() == followed
        assert found.ids.tolist() == list(range(len(followed)))


def test_what_finds_no_people_is_refused() -> None:
    with pytest.raises(ConfigError, match="'finder' finds no person and no pedestrian, but car, dog; tracks"):
        OverSequences.of(finder("car", "dog"), "sort", {})


@pytest.mark.parametrize("split", [None, "val_half"])
@pytest.mark.parametrize("lies", ["beside each video", "in a folder of their own"])
def test_given_detections_are_those_of_the_frames(
    root: Path, tmp_path: Path, split: str | None, lies: str
) -> None:
    file = Path("det/det.txt")
    if lies != "beside each video":
        file = tmp_path / "given"
        file.mkdir()
        for name in ("square", "street"):
            (file / f"{name}.txt").write_text(DETECTIONS)
    model = OverSequences.of(None, "sort", {"minimum_consecutive_frames": 1}, file)
    for sequence in open_dataset("mot", root, split).sequences:
        run = model.of_sequence(sequence).start()
        found = [run.step(frame) for frame in sequence]
        first = 0 if split is None else 2
        assert [each.boxes[:, 0].tolist() for each in found] == [[x] for x in range(first, 4)]
        assert [each.frame for each in found] == list(range(4 - first))
        assert found[-1].ids.tolist() == [0]
        assert NOBODY not in found[-1].ids


def test_given_detections_are_of_sequences_alone() -> None:
    with pytest.raises(ModelError, match="says what is in the sequences of a data set, not in other videos"):
        OverSequences.of(None, "sort", {}, Path("det/det.txt")).start()


def test_missing_detections_are_named(root: Path, tmp_path: Path) -> None:
    (sequence, _) = open_dataset("mot", root).sequences
    with pytest.raises(DatasetError, match=r"square/det/other\.txt: no detections of sequence 'square'"):
        detection_file(sequence, Path("det/other.txt"))
    with pytest.raises(DatasetError, match=r"square\.txt: no detections of sequence 'square' there; give a"):
        detection_file(sequence, tmp_path)
