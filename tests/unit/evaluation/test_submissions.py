"""Submission archives: the layout and the numbers that each server takes."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError
from saccade.data import Dataset, GroundTruth, Presence, Sequence
from saccade.data.frames import ListedFrames, NumberedFrames
from saccade.data.readers import LabelReader
from saccade.evaluation import PROTOCOLS, DatasetResults, Track
from saccade.evaluation.submissions import pack_submission
from saccade.evaluation.tracks import track_files
from saccade.ops.masks import write_palette_png

FRAMES = 3
SIZE_WH = (40, 20)


def sequence(root: Path, name: str, pattern: str = "%08d.jpg", first: int = 1) -> Sequence:
    """Three frames, of which only the first is annotated, as in test splits."""
    folder = root / name
    folder.mkdir(parents=True)
    for number in range(first, first + FRAMES):
        cv2.imwrite(str(folder / (pattern % number)), np.zeros((*SIZE_WH[::-1], 3), np.uint8))
    boxes = np.array([[4.0, 2.0, 8.0, 6.0], *[[np.nan] * 4] * (FRAMES - 1)])
    presence = np.array([Presence.PRESENT, Presence.UNKNOWN, Presence.UNKNOWN], dtype=np.int8)
    images = NumberedFrames(folder, pattern, first=first, count=FRAMES)
    return Sequence(name, images, GroundTruth(boxes, presence))


def answered(name: str, results: DatasetResults, model: str, shift: float = 0.0) -> None:
    """A result: the target moves, and is lost in the last frame."""
    track = Track.blank(FRAMES)
    for place in range(FRAMES):
        track.boxes[place] = (4 + place + shift, 2.125, 8.3336, 6)
        track.seconds[place] = 0.25 / (place + 1)
        track.scores[place] = 1 - place / 4
    track.is_lost[-1] = True
    results.of(model).begin({"model": model}, {})
    results.of(model).save(name, track_files({name: track}, name))


def content(file: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode().splitlines() for name in archive.namelist()}


@pytest.fixture
def one(tmp_path: Path):
    """Makes a data set of two sequences, with the results of one model."""

    def make(name: str, split: str | None, sequences: tuple[Sequence, ...]) -> tuple[Dataset, DatasetResults]:
        dataset = Dataset(name, tmp_path, sequences, split)
        results = DatasetResults.begin(tmp_path / "out", dataset)
        for item in sequences:
            answered(item.name, results, "eco")
        return dataset, results

    return make


def test_got10k_takes_a_folder_a_sequence_with_up_to_three_runs(one, tmp_path):
    names = ("GOT-10k_Test_000001", "GOT-10k_Test_000002")
    dataset, results = one("got10k", "test", tuple(sequence(tmp_path, name) for name in names))
    for number in (1, 2, 10, 3):
        for name in names:
            answered(name, results, f"eco@{number}", shift=number)
    submission = pack_submission(results, dataset, "eco", tmp_path / "x" / "eco.zip")
    assert (submission.sequences, submission.files, submission.repetitions) == (2, 8, 3)
    files = content(tmp_path / "x" / "eco.zip")
    ends = ("001.txt", "002.txt", "003.txt", "time.txt")
    assert sorted(files) == [f"{name}/{name}_{end}" for name in names for end in ends]
    first = files["GOT-10k_Test_000001/GOT-10k_Test_000001_001.txt"]
    assert first == ["4.000,2.125,8.334,6.000", "5.000,2.125,8.334,6.000", "6.000,2.125,8.334,6.000"]
    # the runs in the order of their seeds
    assert files["GOT-10k_Test_000001/GOT-10k_Test_000001_003.txt"][0].startswith("6.000,")
    times = files["GOT-10k_Test_000002/GOT-10k_Test_000002_time.txt"]
    assert times[0] == "0.25000000,0.25000000,0.25000000"


def test_trackingnet_takes_a_file_a_sequence(one, tmp_path):
    dataset, results = one("trackingnet", None, (sequence(tmp_path, "-3TI_0", "%d.jpg", first=0),))
    pack_submission(results, dataset, "eco", tmp_path / "eco.zip")
    assert content(tmp_path / "eco.zip") == {
        "-3TI_0.txt": ["4.00,2.12,8.33,6.00", "5.00,2.12,8.33,6.00", "6.00,2.12,8.33,6.00"]
    }


@pytest.mark.parametrize("split", [None, "test"])
def test_oxuva_takes_parts_of_the_frame_and_presence(one, tmp_path, split):
    dataset, results = one("oxuva", split, (sequence(tmp_path, "vid0001_obj0002", "%06d.jpg", first=30),))
    pack_submission(results, dataset, "eco", tmp_path / "eco.zip")
    assert content(tmp_path / "eco.zip") == {
        "vid0001_obj0002.csv": [
            "vid0001,obj0002,31,true,0.750000,0.125000,0.333340,0.106250,0.406250",
            "vid0001,obj0002,32,false,0.500000,,,,",
        ]
    }


def test_oxuva_without_scores_says_what_is_there(one, tmp_path):
    dataset, results = one("oxuva", None, (sequence(tmp_path, "vid0001_obj0002"),))
    (results.of("eco").folder / "vid0001_obj0002_score.txt").unlink()
    pack_submission(results, dataset, "eco", tmp_path / "eco.zip")
    rows = content(tmp_path / "eco.zip")["vid0001_obj0002.csv"]
    assert [row.split(",")[3:5] for row in rows] == [["true", "1.000000"], ["true", "1.000000"]]


@pytest.fixture
def youtube(tmp_path: Path) -> tuple[Dataset, DatasetResults]:
    """A video in whose second frame the only object appears, and its result."""
    folder, masks = tmp_path / "JPEGImages" / "0a1b2c3d4e", tmp_path / "Annotations" / "0a1b2c3d4e"
    folder.mkdir(parents=True)
    masks.mkdir(parents=True)
    labels = np.zeros(SIZE_WH[::-1], np.uint8)
    labels[2:8, 4:12] = 3
    for number in (0, 5, 10):
        cv2.imwrite(str(folder / f"{number:05d}.jpg"), np.zeros((*SIZE_WH[::-1], 3), np.uint8))
    write_palette_png(masks / "00005.png", labels)
    images = ListedFrames(folder)
    video = Sequence(folder.name, images, LabelReader(folder=masks, images=images, starts={3: 1}))
    dataset = Dataset("youtubevos2019", tmp_path, (video,))
    results = DatasetResults.begin(tmp_path / "out", dataset, "first-mask")
    results.of("lwl").begin({}, {})
    (job,) = PROTOCOLS["first-mask"].jobs(video)
    for name in PROTOCOLS["first-mask"].files(job):
        (results.of("lwl").folder / name).parent.mkdir(exist_ok=True)
        write_palette_png(results.of("lwl").folder / name, labels)
    return dataset, results


def test_youtube_vos_takes_label_pictures(youtube, tmp_path):
    dataset, results = youtube
    pack_submission(results, dataset, "lwl", tmp_path / "lwl.zip")
    with zipfile.ZipFile(tmp_path / "lwl.zip") as archive:
        assert archive.namelist() == [f"Annotations/0a1b2c3d4e/{frame}.png" for frame in ("00005", "00010")]
        with archive.open("Annotations/0a1b2c3d4e/00010.png") as file, Image.open(file) as picture:
            assert (picture.mode, picture.size) == ("P", SIZE_WH)
            assert set(np.unique(np.array(picture))) == {0, 3}


def test_a_missing_picture_is_named(youtube, tmp_path):
    dataset, results = youtube
    (results.of("lwl").folder / "0a1b2c3d4e" / "00010.png").unlink()
    with pytest.raises(DatasetError, match="1 of 1 sequences have no result: 0a1b2c3d4e; saccade eval"):
        pack_submission(results, dataset, "lwl", tmp_path / "lwl.zip")


def test_the_same_results_make_the_same_archive(one, tmp_path):
    dataset, results = one("trackingnet", None, (sequence(tmp_path, "a"),))
    for name in ("first.zip", "second.zip"):
        pack_submission(results, dataset, "eco", tmp_path / name)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_incomplete_results_are_refused_by_name(one, tmp_path):
    sequences = tuple(sequence(tmp_path, f"s{number}") for number in range(8))
    dataset, results = one("trackingnet", None, sequences)
    for number in range(1, 8):
        (results.of("eco").folder / f"s{number}.txt").unlink()
    with pytest.raises(DatasetError, match="7 of 8 sequences have no result: s1, s2, s3, s4, s5 …; saccade"):
        pack_submission(results, dataset, "eco", tmp_path / "eco.zip")
    assert not (tmp_path / "eco.zip").exists()


def test_a_result_that_does_not_fit_leaves_no_archive(one, tmp_path):
    dataset, results = one("trackingnet", None, (sequence(tmp_path, "a"),))
    (results.of("eco").folder / "a.txt").write_text("1,2,3,4\n")
    with pytest.raises(DatasetError, match=r"a\.txt has 1 lines, but 'a' has 3 frames"):
        pack_submission(results, dataset, "eco", tmp_path / "eco.zip")
    assert sorted(tmp_path.glob("*.zip*")) == []


@pytest.mark.parametrize(
    ("name", "split", "message"),
    [
        ("otb100", None, "are handed in nowhere that we know; there are servers for got10k, oxuva,"),
        ("got10k", None, "takes results on its split test, not on val; evaluate with --split test"),
        ("trackingnet", "train_3", "takes results on its split test, not on train_3"),
    ],
)
def test_splits_that_nobody_takes(one, tmp_path, name, split, message):
    dataset, results = one(name, split, (sequence(tmp_path, "a"),))
    with pytest.raises(DatasetError, match=message):
        pack_submission(results, dataset, "eco", tmp_path / "eco.zip")


def test_results_of_another_protocol(one, tmp_path):
    dataset, _ = one("trackingnet", None, (sequence(tmp_path, "a"),))
    results = DatasetResults.begin(tmp_path / "tre", dataset, "tre")
    with pytest.raises(DatasetError, match="by protocol tre, but the server of trackingnet takes"):
        pack_submission(results, dataset, "eco", tmp_path / "eco.zip")


def test_a_model_without_results(one, tmp_path):
    dataset, results = one("trackingnet", None, (sequence(tmp_path, "a"),))
    with pytest.raises(DatasetError, match="no results of 'dimp'; there are: eco"):
        pack_submission(results, dataset, "dimp", tmp_path / "eco.zip")
