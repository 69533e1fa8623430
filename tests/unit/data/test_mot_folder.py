"""Anybody's videos laid out as in the MOTChallenge: their splits, and each video once."""

from pathlib import Path

import pytest

from saccade.core import DatasetError
from saccade.data import open_dataset
from saccade.data.datasets.mot_folder import mot_splits
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout

MOT17 = [f"MOT17-{number}-{detector}" for number in ("02", "04") for detector in ("DPM", "FRCNN", "SDP")]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "root")


def names(root: Path, split: str | None = None) -> list[str]:
    return [sequence.name for sequence in open_dataset("mot", root, split).sequences]


def test_videos_right_below_the_root(layout: Layout) -> None:
    layouts.mot(layout, ".", ["street", "square"])
    assert names(layout.root) == names(layout.root, "all") == ["square", "street"]
    assert names(layout.root, "street") == ["street"]
    assert names(layout.root, "street, square,street") == ["street", "square"]
    assert mot_splits(layout.root) == ("train_half", "val_half")


def test_one_video_alone(layout: Layout) -> None:
    layouts.mot(layout, ".", ["street"])
    assert names(layout.root / "street") == ["street"]
    (half,) = open_dataset("mot", layout.root / "street", "val_half").sequences
    assert [image.name for image in half.images] == ["000003.jpg", "000004.jpg"]
    assert (half.fps, dict(half.starts)) == (25, {7: 1})


def test_of_mot17_each_video_comes_once_unless_it_is_named(layout: Layout) -> None:
    layouts.mot(layout, "train", MOT17)
    layouts.mot(layout, "test", ["MOT17-01-DPM"])
    assert names(layout.root) == names(layout.root, "train") == ["MOT17-02-FRCNN", "MOT17-04-FRCNN"]
    assert names(layout.root, "train_half") == names(layout.root, "val_half") == names(layout.root)
    assert names(layout.root, "test") == ["MOT17-01-DPM"]
    assert names(layout.root, "MOT17-04-SDP") == ["MOT17-04-SDP"]
    # nobody has the truth of its test set
    assert mot_splits(layout.root) == ("train_half", "val_half")


def test_what_is_put_aside_is_no_half(layout: Layout) -> None:
    for part in ("train", "val"):
        layouts.mot(layout, part, [f"{part}-street"])
    assert mot_splits(layout.root) == ("train", "val")
    assert names(layout.root) == ["train-street", "val-street"]
    assert names(layout.root, "val") == ["val-street"]
    assert names(layout.root, "train_half") == ["train-street"]


def test_without_a_head_file_the_pictures_tell(layout: Layout) -> None:
    layouts.mot(layout, ".", ["street"])
    (layout.root / "street" / "seqinfo.ini").unlink()
    (sequence,) = open_dataset("mot", layout.root).sequences
    assert (len(sequence), sequence.fps, sequence.size_wh) == (4, None, layouts.SIZE_WH)


def test_pictures_need_not_be_jpeg(layout: Layout) -> None:
    layouts.mot(layout, ".", ["street"])
    (layout.root / "street" / "seqinfo.ini").unlink()
    for path in (layout.root / "street" / "img1").iterdir():
        path.rename(path.with_suffix(".PNG"))
    (sequence,) = open_dataset("mot", layout.root).sequences
    assert [path.name for path in sequence.images] == [f"{number:06d}.PNG" for number in range(1, 5)]


def test_pictures_that_count_from_0_would_be_a_frame_off(layout: Layout) -> None:
    layouts.mot(layout, ".", ["street"])
    pictures = layout.root / "street" / "img1"
    (pictures / "000004.jpg").rename(pictures / "000000.jpg")
    with pytest.raises(DatasetError, match=r"img1: has a picture of number 0; frames count from 1"):
        open_dataset("mot", layout.root)


@pytest.mark.parametrize("split", ["val_haf", "test", "street,nowhere", " , "])
def test_no_such_split(layout: Layout, split: str) -> None:
    layouts.mot(layout, ".", ["street"])
    with pytest.raises(DatasetError, match=r"has no split and no sequence '.*'; (did you mean|there are)"):
        open_dataset("mot", layout.root, split)


def test_an_empty_folder_says_what_is_expected(layout: Layout) -> None:
    with pytest.raises(DatasetError, match=r"no sequence in it; expected ROOT/<sequence>/img1/000001.jpg"):
        open_dataset("mot", layout.root)
