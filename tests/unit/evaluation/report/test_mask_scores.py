"""Scores of masks: DAVIS' and YouTube-VOS', from label pictures to numbers."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError
from saccade.data import Dataset, LabelAnnotation, Sequence, open_dataset
from saccade.evaluation import board_of
from tests.unit.evaluation.report.conftest import results_of_others, row_of


def test_masks_are_scored_as_davis_does(shared_data: Path, tmp_path: Path) -> None:
    name, vos = "car-shadow", shared_data / "vos"
    for kind in ("JPEGImages", "Annotations"):
        shutil.copytree(vos / kind / name, tmp_path / "data" / kind / name)
    results = results_of_others(tmp_path, "first-mask")
    shutil.copytree(vos / "results_osvos" / name, results.of("osvos").folder / name)
    board = board_of(open_dataset("folder", tmp_path / "data"), results, dialect="pytracking")
    reference = json.loads((vos / "reference_davis_eval.json").read_text())["sequences"][name]
    values = board.rows[0].summary.values
    assert values["j"] == pytest.approx(100 * reference["J_mean_no_first_last"], abs=1e-6)
    assert values["f"] == pytest.approx(100 * reference["F_mean_no_first_last"], abs=1e-6)
    playback = board.sequences[0].playback
    assert playback is not None
    np.testing.assert_allclose(playback.scores["osvos"], reference["J_per_frame"], atol=1e-6)
    # outlines, not boxes
    assert all(len(shape) >= 6 for shapes in playback.models["osvos"] for shape in shapes)


def masks_of(folder: Path, frames: list[np.ndarray]) -> None:
    folder.mkdir(parents=True)
    for index, labels in enumerate(frames):
        Image.fromarray(labels.astype(np.uint8)).save(folder / f"{index:05d}.png")


def labelled(folder: Path, frames: list[np.ndarray], **facts: object) -> Sequence:
    """A video `car` with these label pictures as its truth."""
    masks_of(folder / "truth", frames)
    files = tuple(sorted((folder / "truth").iterdir()))
    images = []
    for index, labels in enumerate(frames):
        images.append(folder / "frames" / f"{index:05d}.png")
        images[-1].parent.mkdir(exist_ok=True)
        Image.fromarray(np.zeros((*labels.shape, 3), np.uint8)).save(images[-1])
    return Sequence("car", images, LabelAnnotation(images, files, **facts))


def squares(*values: int) -> np.ndarray:
    """A picture of squares side by side, each of a value."""
    labels = np.zeros((24, 20 * len(values)), dtype=np.uint8)
    for place, value in enumerate(values):
        labels[6:18, 20 * place + 4 : 20 * place + 16] = value
    return labels


def test_youtube_vos_tells_seen_from_unseen_categories(tmp_path: Path) -> None:
    categories = {1: "sedan", 2: "dinosaur"}
    video = labelled(tmp_path, [squares(1, 2)] * 3, starts={1: 0, 2: 0}, categories=categories)
    results = results_of_others(tmp_path, "first-mask")
    masks_of(results.of("osvos").folder / "car", [squares(1, 2), squares(1, 0), squares(1, 2)])
    values = row_of(Dataset("youtubevos2019", tmp_path, (video,)), results).summary.values
    # the first frame is given; the last one counts
    assert (values["j_seen"], values["f_seen"], values["j_unseen"], values["f_unseen"]) == (100, 100, 50, 50)
    assert values["overall"] == values["jf"] == 75
    row = row_of(Dataset("davis2017", tmp_path, (video,)), results)
    assert "overall" not in row.summary.values


def test_without_unseen_objects_the_report_leads_with_j_and_f(tmp_path: Path) -> None:
    video = labelled(tmp_path, [squares(1)] * 3, starts={1: 0}, categories={1: "zebra"})
    results = results_of_others(tmp_path, "first-mask")
    masks_of(results.of("osvos").folder / "car", [squares(1)] * 3)
    board = board_of(Dataset("youtubevos2018", tmp_path, (video,)), results, dialect="pytracking")
    assert board.main.key == "jf"
    assert board.rows[0].summary.values["j_seen"] == 100
    assert board.rows[0].summary.values["j_unseen"] is None


def test_masks_of_0_and_255_are_read_where_there_is_one_object(tmp_path: Path) -> None:
    video = labelled(tmp_path, [squares(255)] * 4, starts={1: 0}, is_binary=True)
    results = results_of_others(tmp_path, "first-mask")
    masks_of(results.of("osvos").folder / "car", [squares(255)] * 4)
    assert row_of(Dataset("davis2016", tmp_path, (video,)), results).summary.values["jf"] == 100


@pytest.mark.parametrize("place", ["truth", "result"])
def test_a_picture_that_cannot_be_used_is_blamed_by_its_own_name(tmp_path: Path, place: str) -> None:
    video = labelled(tmp_path, [squares(1)] * 4, starts={1: 0})
    results = results_of_others(tmp_path, "first-mask")
    folders = {"truth": tmp_path / "truth", "result": results.of("osvos").folder / "car"}
    masks_of(folders["result"], [squares(1)] * 4)
    file = folders[place] / "00002.png"
    file.write_bytes(file.read_bytes()[:-30])
    with pytest.raises(DatasetError) as caught:
        row_of(Dataset("davis2017", tmp_path, (video,)), results)
    assert str(caught.value).startswith(f"{file}: cannot be read as a label picture")
    assert "delete" not in str(caught.value)


def test_what_is_drawn_over_undecided_pixels_is_wrong(tmp_path: Path) -> None:
    """Only DAVIS' unsupervised task takes them out."""
    video = labelled(tmp_path, [squares(1, 255)] * 4, starts={1: 0})
    results = results_of_others(tmp_path, "first-mask")
    masks_of(results.of("osvos").folder / "car", [squares(1, 1)] * 4)
    assert row_of(Dataset("davis2017", tmp_path, (video,)), results).summary.values["j"] == 50
