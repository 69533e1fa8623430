"""Tracks of the MOTChallenge as boxes in pictures: whom a detector learns from, and what is refused."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from saccade.core import DatasetError
from saccade.data.detection import DETECTION, open_detection, recognise
from saccade.data.detection.check import check_detection
from tests.unit.data import layouts
from tests.unit.data.layouts import SIZE_WH, Layout

WIDTH, HEIGHT = SIZE_WH
ROWS = [
    "1,1,1,1,10,8,1,1,1",  # from the first pixel on
    f"1,2,{WIDTH - 3},5,10,8,1,1,0.5",  # reaches beyond the frame
    f"1,3,{WIDTH + 1},5,10,8,1,1,0",  # is wholly outside
    "1,4,5,5,6,7,0,1,1",  # is to be ignored
    "1,5,5,6,6,7,0,8,1",  # a distractor
    "1,6,5,7,6,7,1,3,1",  # a car
    "3,1,2,1,10,8,1,1,1",
]


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """A video of four frames."""
    layout = Layout(tmp_path / "root")
    layouts.mot(layout, ".", ["street"])
    (layout.root / "street" / "gt" / "gt.txt").write_text("\n".join(ROWS) + "\n")
    return layout.root / "street"


def test_who_counts_is_a_person_and_who_does_no_harm_a_crowd(street: Path) -> None:
    dataset = open_detection("mot", street)
    assert (dataset.classes, len(dataset)) == (("person",), 4)
    assert dataset.notes == (
        "people who stand still or are mirrored, neither learned from nor counted: 1 boxes",
    )
    first, second, third, _ = dataset.images
    assert (first.name, first.size_wh) == ("street/000001", SIZE_WH)
    assert first.boxes.tolist() == [[0, 0, 10, 8], [WIDTH - 4, 4, WIDTH, 12], [4, 5, 10, 12]]
    assert first.is_crowd.tolist() == [False, False, True]
    assert first.labels.tolist() == [0, 0, 0]
    assert (len(second), len(third)) == (0, 1)
    assert first.annotation == street / "gt" / "gt.txt"


def test_splits_are_read(street: Path) -> None:
    first, second = (open_detection("mot", street, split) for split in ("train_half", "val_half"))
    assert [image.name for image in first.images] == ["street/000001", "street/000002"]
    assert [(image.name, len(image)) for image in second.images] == [
        ("street/000003", 1),
        ("street/000004", 0),
    ]
    assert len(open_detection("mot", street.parent, "street")) == 4


def test_rows_without_a_class_are_people(street: Path) -> None:
    (street / "gt" / "gt.txt").write_text("1,1,1,1,10,8,1,-1,-1,-1\n2,1,1,1,10,8,0,-1,-1,-1\n")
    assert [len(image) for image in open_detection("mot", street).images] == [1, 0, 0, 0]


def test_it_is_recognised_and_can_be_checked(street: Path) -> None:
    assert recognise(street).name == recognise(street.parent).name == "mot"
    # frames of one video may look alike, and so may those on both sides of its middle
    findings = check_detection(DETECTION["mot"], street.parent)
    assert findings.faults == findings.remarks == ()
    # two videos may not
    shutil.copytree(street, street.parent / "avenue")
    kinds = {fault.kind for fault in check_detection(DETECTION["mot"], street.parent).faults}
    assert kinds == {"duplicate_picture", "leak"}


def test_without_a_head_file_the_pictures_tell_their_size(street: Path) -> None:
    (street / "seqinfo.ini").unlink()
    assert open_detection("mot", street).images[0].size_wh == SIZE_WH


def test_classes_that_are_given_have_to_name_people(street: Path) -> None:
    assert open_detection("mot", street, classes=["cat", "person"]).images[0].labels.tolist() == [1, 1, 1]
    with pytest.raises(DatasetError, match="'person' is none of the classes given"):
        open_detection("mot", street, classes=["cat"])


def test_it_is_not_written(street: Path, tmp_path: Path) -> None:
    splits = DETECTION["mot"].read(street, [None], None)
    with pytest.raises(
        DatasetError, match="cannot be written as tracks; write them with saccade data convert"
    ):
        DETECTION["mot"].write(splits, tmp_path / "new", lambda image, path: None)


def lines(*rows: str) -> Callable[[Path], None]:
    """Writes another ground truth."""
    return lambda street: (street / "gt" / "gt.txt").write_text("\n".join(rows) + "\n") and None


def without_frames(street: Path) -> None:
    """A video of which there are no pictures, and nothing says how many there were."""
    (street / "seqinfo.ini").unlink()
    for file in (street / "img1").iterdir():
        file.unlink()


def without_the_last(street: Path) -> None:
    """A video whose last picture was lost."""
    (street / "img1" / "000004.jpg").unlink()


def without_truth(street: Path) -> None:
    """A video that nobody has annotated."""
    (street / "gt" / "gt.txt").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lines("1,1,2,3,4"), r"gt\.txt, line 1: got 5 numbers; expected at least 6"),
        (lines(ROWS[0], "1,2,a,3,4,5,1,1,1"), r"gt\.txt, line 2"),
        (lines(ROWS[0], "2,2,3,3,-4,5,1,1,1"), r"gt\.txt, line 2: the box has negative width"),
        (lines(ROWS[0], "2,2,3,3,4,5,1,1.5,1"), r"gt\.txt, line 2: the class must be a whole number"),
        (lines(ROWS[0], "0,2,3,3,4,5,1,1,1"), r"gt\.txt, line 2: frame and id must be whole numbers"),
        (lines(ROWS[0], "1,1,9,9,4,5,1,1,1"), r"gt\.txt, line 2: the id occurs twice in this frame"),
        (lines(ROWS[0], "5,1,9,9,4,5,1,1,1"), r"gt\.txt, line 2: the video has only 4 frames"),
        (lines("1,4,5,5,6,7,0,1,1", "1,5,5,5,6,7,1,3,1"), "nobody in it counts"),
        (without_frames, r"img1: no frames in it; put them there"),
        (without_the_last, r"its picture .*000004\.jpg is missing"),
        (without_truth, r"gt\.txt"),
    ],
)
def test_what_is_wrong_is_named(street: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(street)
    with pytest.raises(DatasetError, match=message):
        open_detection("mot", street)


@pytest.mark.parametrize("split", ["val", "streets"])
def test_no_such_split(street: Path, split: str) -> None:
    with pytest.raises(DatasetError, match=f"has no split and no sequence '{split}'"):
        open_detection("mot", street.parent, split)
