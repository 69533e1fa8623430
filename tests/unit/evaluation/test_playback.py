"""Playback: what is drawn on the frames of a run, and what the legend says."""

from itertools import cycle
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import GroundTruth, LabelAnnotation, Sequence
from saccade.data.datasets.mot import mot_sequence
from saccade.data.readers import LabelReader
from saccade.draw.overlay import COLORS
from saccade.evaluation import PROTOCOLS, ModelResults, Track
from saccade.evaluation.playback import Playback, _rgb
from saccade.evaluation.tracks import Code, track_files
from saccade.ops.masks import write_palette_png

SIZE_WH = (240, 100)
SCALE = 2
"""frames of 240 pixels are doubled"""
FRAMES = 4
GRAY = 90
FIRST, SECOND = _rgb(COLORS[0]), _rgb(COLORS[1])
WHITE = (255, 255, 255)


def frames(folder: Path, pattern: str = "%04d.png", size_wh: tuple[int, int] = SIZE_WH) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / (pattern % number) for number in range(1, FRAMES + 1)]
    for path in paths:
        cv2.imwrite(str(path), np.full((*size_wh[::-1], 3), GRAY, np.uint8))
    return paths


def truth(**more) -> GroundTruth:
    """A box that moves to the right by 10 pixels a frame."""
    boxes = np.array([[20.0 + 10 * i, 20.0, 40.0, 30.0] for i in range(FRAMES)])
    return GroundTruth(boxes, np.zeros(FRAMES, dtype=np.int8), **more)


def track(shift: float = 0.0) -> Track:
    found = Track.blank(FRAMES)
    found.boxes[:] = truth().boxes + np.array([0, shift, 0, 0])
    return found


def results(folder: Path, stem: str, found: Track) -> ModelResults:
    model = ModelResults(folder)
    model.save(stem, track_files({stem: found}, stem))
    return model


def play(sequence: Sequence, models: dict[str, ModelResults], protocol: str = "one-pass") -> Playback:
    (job,) = PROTOCOLS[protocol].jobs(sequence)
    return Playback(job, PROTOCOLS[protocol], models, dict(zip(models, cycle(COLORS))))


def color(picture: np.ndarray, x: float, y: float) -> tuple[int, int, int]:
    """The colour of a place in frame pixels."""
    red, green, blue = picture[round(y * SCALE), round(x * SCALE)].tolist()
    return red, green, blue


def said(playback: Playback, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the legend says in each frame."""
    texts: list[list[str]] = []

    def keep(entries, width):
        texts.append([f"{name} {remark}".strip() for name, remark, _ in entries])
        return np.zeros((1, width, 3), np.uint8)

    monkeypatch.setattr("saccade.evaluation.playback._legend", keep)
    list(playback)
    return texts


@pytest.fixture
def sequence(tmp_path: Path) -> Sequence:
    return Sequence("car", frames(tmp_path / "car"), truth())


def test_every_model_has_its_colour_and_the_truth_is_white(sequence, tmp_path):
    models = {name: results(tmp_path / name, "car", track(shift)) for name, shift in (("a", 10), ("b", 20))}
    playback = play(sequence, models)
    pictures = list(playback)
    assert len(playback) == len(pictures) == FRAMES
    for i, picture in enumerate(pictures):
        middle = 40 + 10 * i
        assert picture.shape[1] == SCALE * SIZE_WH[0]
        assert picture.shape[0] > SCALE * SIZE_WH[1], "the legend is below the frame"
        assert [color(picture, middle, y) for y in (20, 30, 40)] == [WHITE, FIRST, SECOND]
        assert color(picture, middle, 26) == (GRAY,) * 3


def test_the_legend_tells_the_overlap_and_the_frame(sequence, tmp_path, monkeypatch):
    lost = track(15)
    lost.scores[:] = 0.5
    lost.is_lost[2] = True
    models = {"a": results(tmp_path / "a", "car", track()), "b": results(tmp_path / "b", "car", lost)}
    texts = said(play(sequence, models), monkeypatch)
    # moved by half of its height: a third
    assert texts[0] == ["truth", "a 1.00", "b 0.33", "frame 0"]
    assert texts[2] == ["truth", "a 1.00", "b 0.33 lost", "frame 2"]


def test_what_is_not_known_is_not_drawn(tmp_path, monkeypatch):
    unknown = truth()
    unknown.presence[1:] = 2
    sequence = Sequence("car", frames(tmp_path / "car"), unknown)
    playback = play(sequence, {"a": results(tmp_path / "a", "car", track(10))})
    pictures = list(playback)
    assert color(pictures[0], 40, 20) == WHITE
    assert color(pictures[1], 50, 20) == (GRAY,) * 3
    assert color(pictures[1], 50, 30) == FIRST
    assert said(playback, monkeypatch)[1] == ["truth", "a", "frame 1"]


def test_failures_and_frames_that_were_not_seen(sequence, tmp_path, monkeypatch):
    codes = np.array([Code.START, Code.FOLLOWED, Code.FAILURE, Code.SKIPPED], dtype=np.int8)
    found = Track.blank(FRAMES, codes)
    found.boxes[1] = truth().boxes[1]
    playback = play(sequence, {"a": results(tmp_path / "a", "car", found)}, "resets")
    remarks = [texts[1] for texts in said(playback, monkeypatch)]
    assert remarks == ["a", "a 1.00", "a failed", "a"]


def test_frames_come_in_the_order_in_which_they_were_seen(sequence, tmp_path, monkeypatch):
    backwards = track()
    backwards.boxes[:] = truth().boxes[::-1]
    playback = play(sequence, {"a": results(tmp_path / "a", "car", backwards)}, "one-pass-backwards")
    assert [texts[1:] for texts in said(playback, monkeypatch)] == [
        ["a 1.00", f"frame {index}"] for index in (3, 2, 1, 0)
    ]


def test_polygons_are_drawn_as_they_are(tmp_path):
    corners = np.array([[30.0, 20.0], [60.0, 50.0], [30.0, 80.0], [10.0, 50.0]])
    sequence = Sequence("car", frames(tmp_path / "car"), truth(polygons=np.stack([corners] * FRAMES)))
    picture = next(iter(play(sequence, {})))
    assert color(picture, 45, 35) == WHITE
    assert color(picture, 40, 20) == (GRAY,) * 3


@pytest.fixture
def labelled(tmp_path: Path) -> Sequence:
    """Two objects, of which the second appears in the second frame."""
    images, folder = frames(tmp_path / "images" / "dogs"), tmp_path / "labels"
    folder.mkdir()
    for number, image in enumerate(images):
        write_palette_png(folder / f"{image.stem}.png", labels(0, second=number > 0))
    return Sequence("dogs", images, LabelReader(folder=folder, images=images))


def labels(shift: int, *, second: bool) -> np.ndarray:
    picture = np.zeros(SIZE_WH[::-1], np.uint8)
    picture[20:60, 20 + shift : 60 + shift] = 1
    if second:
        picture[20:60, 120 + shift : 160 + shift] = 2
    return picture


def test_masks_are_filled_and_the_truth_is_an_outline(labelled, tmp_path, monkeypatch):
    assert isinstance(labelled.annotation, LabelAnnotation)
    folder = tmp_path / "lwl" / "dogs"
    folder.mkdir(parents=True)
    for number, image in enumerate(labelled.images):
        write_palette_png(folder / f"{image.stem}.png", labels(20, second=number > 0))
    playback = play(labelled, {"lwl": ModelResults(tmp_path / "lwl")}, "first-mask")
    first, second = list(playback)[:2]
    mixed = tuple(int(0.6 * GRAY + 0.4 * value) for value in FIRST)
    assert [color(first, x, 40) for x in (30, 50, 70, 150)] == [(GRAY,) * 3, mixed, mixed, (GRAY,) * 3]
    assert (color(first, 20, 40), color(first, 40, 40)) == (WHITE, FIRST)
    assert color(second, 150, 40) == mixed
    # moved by half of its width
    assert said(playback, monkeypatch)[1] == ["truth", "lwl 0.33", "frame 1"]


def test_where_the_truth_knows_no_ids_all_that_is_drawn_is_the_one_object(labelled, tmp_path, monkeypatch):
    truth = LabelReader(folder=tmp_path / "labels", images=labelled.images, is_binary=True)
    for number, image in enumerate(labelled.images):
        (tmp_path / "osvos" / "dogs").mkdir(parents=True, exist_ok=True)
        # as in DAVIS 2016: 0 and 255
        picture = np.where(labels(0, second=number > 0) > 0, 255, 0).astype(np.uint8)
        write_palette_png(tmp_path / "osvos" / "dogs" / f"{image.stem}.png", picture)
    binary = Sequence("dogs", labelled.images, truth)
    playback = play(binary, {"osvos": ModelResults(tmp_path / "osvos")}, "first-mask")
    assert said(playback, monkeypatch)[1] == ["truth", "osvos 1.00", "frame 1"]


def test_tracks_are_drawn_with_their_ids(tmp_path, monkeypatch):
    folder = tmp_path / "walk"
    frames(folder / "img1", "%06d.jpg")
    (folder / "gt").mkdir()
    # pixels are counted from 1; what does not count is not drawn
    (folder / "gt" / "gt.txt").write_text("1,7,21,21,40,30,1,1,1\n1,8,121,21,40,30,0,1,1\n")
    found = tmp_path / "sort"
    found.mkdir()
    rows = "".join(f"{i},3,21,31,40,30,0.9,-1,-1,-1\n" for i in (1, 2))
    (found / "walk.txt").write_text(rows)
    playback = play(mot_sequence(folder), {"sort": ModelResults(found)}, "mot")
    picture = next(iter(playback))
    assert (color(picture, 40, 20), color(picture, 40, 30)) == (WHITE, FIRST)
    assert color(picture, 140, 20) == (GRAY,) * 3
    assert [texts[1] for texts in said(playback, monkeypatch)] == ["sort 1 found"] * 2 + ["sort 0 found"] * 2


def test_a_missing_result_is_named(labelled, sequence, tmp_path):
    nobody = {"a": ModelResults(tmp_path / "nobody")}
    for item, protocol in ((sequence, "one-pass"), (labelled, "first-mask")):
        with pytest.raises(DatasetError, match=rf"no result.*saccade eval|{item.name}.*no result"):
            play(item, nobody, protocol)


def test_many_models_make_a_legend_of_several_rows(sequence, tmp_path):
    models = {f"model-{i}": results(tmp_path / f"model-{i}", "car", track(i)) for i in range(14)}
    few, many = (next(iter(play(sequence, chosen))) for chosen in ({}, models))
    assert many.shape[0] > few.shape[0]
    assert many.shape[1] == few.shape[1]


def test_wide_frames_keep_their_size(tmp_path):
    sequence = Sequence("car", frames(tmp_path / "car", size_wh=(640, 60)), truth())
    assert next(iter(play(sequence, {}))).shape[1] == 640
