"""Whether a data set is whole: every fault is found, named and counted, and none where there is none."""

from pathlib import Path

import pytest

from saccade.data import open_dataset
from saccade.data.check import Findings, check_dataset
from saccade.data.splits import read_text_list
from saccade.ops.masks import write_palette_png
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout
from tests.unit.data.test_label_pictures import labelled


def check(name: str, root: Path, split: str | None = None) -> Findings:
    return check_dataset(open_dataset(name, root, split, lazy=True))


@pytest.fixture
def extension(tmp_path: Path) -> Layout:
    """LaSOT's extension, whole."""
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, read_text_list("lasot_ext"))
    return layout


def test_a_whole_data_set_has_no_fault(extension: Layout) -> None:
    seen: list[int] = []
    dataset = open_dataset("lasot_ext", extension.root, lazy=True)
    findings = check_dataset(dataset, lambda: seen.append(1))
    assert findings == Findings(expected=150, sequences=150, frames=450, objects=150, faults=())
    assert len(seen) == 150


def test_every_fault_is_found_at_once(extension: Layout) -> None:
    atv = extension.root / "atv"
    (atv / "atv-1" / "img").rename(atv / "atv-1" / "images")
    (atv / "atv-2" / "groundtruth.txt").write_text("1,2,3\n" * 3)
    for name in ("groundtruth", "full_occlusion", "out_of_view"):
        (atv / "atv-3" / f"{name}.txt").write_text("1,2,3,4\n" * 2 if name == "groundtruth" else "0,0")
    (atv / "atv-4" / "groundtruth.txt").write_text("900,900,30,30\n" * 3)
    (atv / "atv-5" / "img" / "00000001.jpg").unlink()
    (atv / "atv-5" / "img" / "00000001.jpg").write_bytes(b"no picture")
    (atv / "atv-6" / "groundtruth.txt").unlink()
    findings = check("lasot_ext", extension.root)
    assert [(fault.sequence, fault.kind) for fault in findings.faults] == [
        ("atv-1", "missing"),
        ("atv-2", "truth"),
        ("atv-3", "number"),
        ("atv-4", "size"),
        ("atv-5", "size"),
        ("atv-6", "truth"),
    ]
    messages = [fault.message for fault in findings.faults]
    assert "no frames in" in messages[0]
    assert "groundtruth.txt, line 1: got 3 numbers" in messages[1]
    assert "img has 3 frames, but" in messages[2]
    assert messages[3] == "2 of 2 boxes lie outside of the frames, which are 48x32 pixels large"
    assert "cannot be read as a picture" in messages[4]
    assert "groundtruth.txt: cannot be read" in messages[5]
    assert (findings.expected, findings.sequences, findings.frames) == (150, 144, 447)


def test_gaps_among_frames_are_found(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.davis(layout, "2017", "val")
    sequences = open_dataset("mot20", layout.root, lazy=True).sequences
    layouts.mot(layout, "train", [sequence.name for sequence in sequences])
    (layout.root / "train" / "MOT20-02" / "img1" / "000003.jpg").unlink()
    (fault,) = check("mot20", layout.root).faults
    assert (fault.sequence, fault.kind) == ("MOT20-02", "missing")
    assert fault.message.startswith("1 of 4 frames are missing, first ")
    assert fault.message.endswith("000003.jpg")


def test_a_size_that_the_annotation_states_is_compared(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.mot(layout, "train", ["MOT20-01", "MOT20-02", "MOT20-03", "MOT20-05"])
    file = layout.root / "train" / "MOT20-01" / "seqinfo.ini"
    file.write_text(file.read_text().replace("imWidth=48", "imWidth=96"))
    (fault,) = check("mot20", layout.root).faults
    assert (fault.sequence, fault.kind) == ("MOT20-01", "size")
    assert fault.message.endswith("is 48x32 pixels large, but the annotation says 96x32")


def test_masks_of_another_size_are_found(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    names = layouts.davis(layout, "2016", "val")
    file = layout.root / "Annotations" / "480p" / names[3] / "00001.png"
    write_palette_png(file, labelled(1))
    (fault,) = check("davis2016", layout.root).faults
    assert (fault.sequence, fault.kind) == (names[3], "size")
    assert fault.message.startswith(f"{file}: is 8x6 pixels large, but its frame")


def test_fewer_sequences_than_there_should_be_are_counted(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.mose(layout, "valid", ["ab"])
    findings = check("mose", layout.root)
    assert [(fault.sequence, fault.message) for fault in findings.faults] == [
        ("", "1 sequences, but 311 expected")
    ]
    assert (findings.sequences, findings.objects) == (1, 2)


def test_several_objects_are_looked_at(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lagot(layout)
    assert check("lagot", layout.root) == Findings(None, 1, 7, 2, ())
    (layout.root / "fox" / "fox-1" / "img" / "00000004.jpg").unlink()
    (fault,) = check("lagot", layout.root).faults
    assert fault.message.startswith("1 of 7 frames are missing")
