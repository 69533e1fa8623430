"""Data sets of single pictures: in their authors' layout, and with everything wrong that can be."""

import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import open_dataset
from saccade.data.check_stills import check_stills
from saccade.data.datasets import STILLS, find_any, open_stills
from saccade.data.datasets.entry import StillsEntry
from saccade.data.stills import Stills
from tests.unit.data import layouts, still_layouts
from tests.unit.data.layouts import Layout
from tests.unit.data.still_layouts import BOX, block, real_pictures


@pytest.fixture
def pictures(shared_data: Path) -> list[Path]:
    return real_pictures(shared_data)


def opened(name: str, root: Path, split: str | None = None) -> Stills:
    entry = find_any(name)
    assert isinstance(entry, StillsEntry)
    return open_stills(entry, root, entry.split(split))


def coco_of(year: str, folder: str) -> Callable[[Path, Sequence[Path]], object]:
    return lambda root, pictures: still_layouts.coco(
        root, pictures, folder=folder, file=f"instances_train{year}.json"
    )


CASES: dict[str, tuple[str, Callable[[Path, Sequence[Path]], object], int, int, str, bool]] = {
    "COCO 2014": ("coco2014", coco_of("2014", "images/train2014"), 3, 2, "000000000007#11", True),
    "COCO 2017, as unpacked": ("coco2017", coco_of("2017", "train2017"), 3, 2, "000000000007#11", True),
    "LVIS": ("lvis", still_layouts.lvis, 3, 2, "000000000007#11", True),
    "SBD": ("sbd", still_layouts.sbd, 3, 2, "2008_000002#1", False),
    "MSRA10K": ("msra10k", still_layouts.msra10k, 2, 2, "1", False),
    "ECSSD": ("ecssd", still_layouts.ecssd, 1000, 1000, "0001", False),
    "HKU-IS": ("hkuis", still_layouts.hkuis, 2, 2, "0004", False),
}
"""name, what lays it out, targets, pictures, name of the first target, whether it has a box of its own"""


@pytest.mark.parametrize("case", CASES)
def test_targets_are_found_in_the_authors_layout(case: str, tmp_path: Path, pictures: list[Path]) -> None:
    name, build, targets, count, first, has_box = CASES[case]
    build(tmp_path / "root", pictures)
    stills = opened(name, tmp_path / "root")
    assert (len(stills), stills.num_pictures, stills.name(0)) == (targets, count, first)
    assert all(stills.picture(index).is_file() for index in range(len(stills)))
    np.testing.assert_array_equal(stills.mask(0, (240, 360)), block())
    assert stills.mask(0, (240, 360)).dtype == np.uint8
    box = stills.box(0)
    assert (box is not None) == has_box
    assert box is None or box.tolist() == list(BOX)
    assert len(pickle.dumps(stills)) < 20_000
    with pytest.raises(DatasetError, match="10x10"):
        stills.mask(len(stills) - 1, (10, 10))


@pytest.mark.parametrize("case", CASES)
def test_check_finds_nothing_but_the_number_of_pictures(
    case: str, tmp_path: Path, pictures: list[Path]
) -> None:
    name, build, targets, count, _, _ = CASES[case]
    build(tmp_path / "root", pictures)
    seen: list[int] = []
    findings = check_stills(opened(name, tmp_path / "root"), count, lambda: seen.append(1))
    assert (findings.expected, findings.sequences, findings.frames) == (targets, targets, count)
    assert findings.faults == ()
    assert len(seen) == targets
    (fault,) = check_stills(opened(name, tmp_path / "root"), count + 1).faults
    assert fault.message == f"{count} pictures, but {count + 1} expected"


def test_instances_of_sbd_are_told_apart(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.sbd(tmp_path, pictures)
    stills = opened("sbd", tmp_path)
    assert [stills.name(i) for i in range(3)] == ["2008_000002#1", "2008_000002#2", "2008_000003#1"]
    np.testing.assert_array_equal(stills.mask(1, (240, 360)), block(box=(200, 200, 10, 10)))


def test_only_white_belongs_to_a_salient_target(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.msra10k(tmp_path, pictures)
    # the border of this mask has a corner of grey
    np.testing.assert_array_equal(opened("msra10k", tmp_path).mask(0, (240, 360)), block())


def test_check_counts_what_is_never_drawn(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.coco(tmp_path, pictures)
    assert check_stills(opened("coco2017", tmp_path), None).notes == (
        "1 crowds are never drawn",
        "2 objects whose box has no area are never drawn",
    )


def test_check_names_every_fault_once(tmp_path: Path, pictures: list[Path]) -> None:
    rows = [
        *(still_layouts.annotation(number, 7) for number in (1, 2)),
        *(still_layouts.annotation(number, 9) for number in (3, 4)),
    ]
    rows[3]["segmentation"] = [[1, 2]]
    still_layouts.coco(tmp_path, pictures, rows=rows)
    (tmp_path / "images" / "train2017" / "000000000007.jpg").unlink()
    findings = check_stills(opened("coco2017", tmp_path), None)
    assert [(fault.sequence, fault.kind) for fault in findings.faults] == [
        ("000000000007#1", "missing"),
        ("000000000009#4", "truth"),
    ]
    assert (findings.sequences, findings.frames, findings.objects) == (1, 1, 4)


def test_check_names_masks_that_are_empty_broken_or_of_another_size(
    tmp_path: Path, pictures: list[Path]
) -> None:
    still_layouts.msra10k(tmp_path, pictures)
    folder = tmp_path / "Imgs"
    for stem in ("3", "4", "5"):
        shutil.copy(pictures[0], folder / f"{stem}.jpg")
    still_layouts.mask_picture(folder / "1.png", np.zeros((240, 360), bool))
    still_layouts.mask_picture(folder / "22.png", np.zeros((24, 32), bool))
    (folder / "3.png").write_bytes(b"no picture")
    still_layouts.mask_picture(folder / "5.png")
    (folder / "5.jpg").write_bytes(b"no picture")
    faults = check_stills(opened("msra10k", tmp_path), None).faults
    assert [(fault.sequence, fault.kind) for fault in faults] == [
        ("1", "truth"),
        ("3", "truth"),
        ("4", "truth"),
        ("5", "size"),
        ("22", "truth"),
    ]
    messages = "\n".join(fault.message for fault in faults)
    for part in ("nothing is in the mask", "is 32x24 large, but its picture 360x240", "no such file"):
        assert part in messages


def test_a_broken_matlab_file_is_named(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.sbd(tmp_path, pictures)
    file = tmp_path / "inst" / "2008_000003.mat"
    whole = file.read_bytes()
    for content in (b"", b"no matlab file", whole[:150], whole[: len(whole) // 2]):
        file.write_bytes(content)
        with pytest.raises(DatasetError, match=r"2008_000003.mat: cannot be read as a MATLAB file"):
            opened("sbd", tmp_path)
    file.unlink()
    with pytest.raises(DatasetError, match="no such file"):
        opened("sbd", tmp_path)


@pytest.mark.parametrize("name", STILLS)
def test_another_data_set_is_recognised(name: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, ["airplane-1"])
    with pytest.raises(DatasetError, match=r"expected as ROOT/.*; what lies there looks like lasot"):
        opened(name, layout.root)
    with pytest.raises(DatasetError, match="no such folder"):
        opened(name, tmp_path / "nowhere")


def test_pictures_given_for_videos_are_recognised(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.coco(tmp_path, pictures)
    with pytest.raises(DatasetError, match="what lies there looks like coco2017"):
        open_dataset("lasot", tmp_path)
    # a split that is missing is no other data set
    with pytest.raises(
        DatasetError, match=r"instances_val2017.json: cannot be read \(No such file or directory\)$"
    ):
        opened("coco2017", tmp_path, "val")


@pytest.mark.parametrize("name", STILLS)
def test_nothing_is_tracked_in_single_pictures(name: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=f"'{name}' is a data set of single pictures, .*saccade train"):
        open_dataset(name, tmp_path)
