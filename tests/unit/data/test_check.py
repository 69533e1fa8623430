"""Whether a data set is whole: every fault is found, named and counted, and none where there is none."""

from pathlib import Path

import pytest
from PIL import Image

from saccade.data import open_dataset
from saccade.data.check import Findings, check_dataset
from saccade.data.formats.tracks import TrackReader
from saccade.data.readers import BoxReader
from saccade.data.splits import read_text_list
from saccade.ops.masks import write_palette_png
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout
from tests.unit.data.test_label_pictures import labelled

BOXES = "1,2,3,4\n2,3,3,4\n"


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


@pytest.mark.parametrize("hole", [1, 2, 3, 4, 5, 7, 9])
@pytest.mark.parametrize("name", ["got10k", "trackingnet", "lasot_ext", "dancetrack"])
def test_a_hole_is_found_wherever_it_is(name: str, hole: int, tmp_path: Path) -> None:
    """Ten frames: counting them by asking for some steps over 3, and ends at the others."""
    layout = Layout(tmp_path / "root")
    split = {"dancetrack": "val", "lasot_ext": None}.get(name, "test")
    sequence = open_dataset(name, layout.root, split, lazy=True).sequences[0]
    source = sequence.source
    assert isinstance(source, BoxReader | TrackReader)
    assert source.file is not None
    file = str(source.file.relative_to(layout.root))
    layout.text(file, "1,1,1,2,3,4\n" if name == "dancetrack" else "1,2,3,4\n" * (10 if split is None else 1))
    if name == "lasot_ext":
        for flags in ("full_occlusion", "out_of_view"):
            layout.text(str(Path(file).with_name(f"{flags}.txt")), ",".join("0" * 10))
    first, pattern = (0, "%d.jpg") if name == "trackingnet" else (1, "%08d.jpg")
    place = {
        "got10k": Path(file).parent,
        "lasot_ext": Path(file).parent / "img",
        "dancetrack": Path(file).parents[1] / "img1",
        "trackingnet": Path("TEST", "frames", Path(file).stem),
    }[name]
    layout.frames(str(place), pattern, (n for n in range(first, first + 10) if n != first + hole - 1))
    (found,) = [fault for fault in check(name, layout.root, split).faults if fault.sequence == sequence.name]
    missing = layout.root / place / (pattern % (first + hole - 1))
    assert (found.kind, found.message) == ("missing", f"1 of 10 frames are missing, first {missing}")


def test_a_hole_beyond_the_lines_of_vot_is_found(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("ants1/color", "%08d.jpg", (n for n in range(1, 11) if n != 5))
    layout.text("ants1/groundtruth.txt", "1,2,3,4\n" * 2)
    layout.text("list.txt", "ants1\n")
    (fault,) = [fault for fault in check("vot2018", layout.root).faults if fault.sequence]
    assert fault.message.startswith("1 of 10 frames are missing, first ")


def test_a_test_sequence_with_a_hole_keeps_its_length(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("test/GOT-10k_Test_000001", "%08d.jpg", (n for n in range(1, 101) if n != 5))
    layout.text("test/GOT-10k_Test_000001/groundtruth.txt", "1,2,3,4\n")
    sequence = open_dataset("got10k", layout.root, "test", lazy=True).sequences[0]
    assert len(sequence) == len(sequence.truth) == 100


def test_frames_without_numbers_are_as_many_as_were_published(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    names = layouts.davis(layout, "2016", "val", is_whole=True)
    assert not check("davis2016", layout.root).faults
    folder = layout.root / "JPEGImages" / "480p" / names[2]
    frames = len(list(folder.iterdir()))
    (folder / "00007.jpg").unlink()
    (fault,) = check("davis2016", layout.root).faults
    assert (fault.sequence, fault.kind) == (names[2], "number")
    assert fault.message == f"{folder} has {frames - 1} frames, but {frames} were published"


def test_lengths_of_mot20_are_those_published(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.mot(layout, "train", ["MOT20-01", "MOT20-02", "MOT20-03", "MOT20-05"])
    faults = check("mot20", layout.root).faults
    assert [fault.message.partition(" has ")[2] for fault in faults] == [
        f"4 frames, but {frames} were published" for frames in (429, 2782, 2405, 3315)
    ]


def test_a_size_that_the_annotation_states_is_compared(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    name = layouts.dancetrack(layout)[3]
    file = layout.root / "val" / name / "seqinfo.ini"
    file.write_text(file.read_text().replace("imWidth=48", "imWidth=96"))
    (fault,) = check("dancetrack", layout.root).faults
    assert (fault.sequence, fault.kind) == (name, "size")
    assert fault.message.endswith("is 48x32 pixels large, but the annotation says 96x32 pixels")


def test_head_files_are_all_looked_at(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    names = layouts.dancetrack(layout)
    for name in names[2:4]:
        (layout.root / "val" / name / "seqinfo.ini").write_text("junk")
    findings = check("dancetrack", layout.root)
    assert [(fault.sequence, fault.kind) for fault in findings.faults] == [(n, "truth") for n in names[2:4]]
    assert (findings.sequences, findings.frames) == (23, 92)
    layouts.got10k(layout, "val")
    for index in (1, 7):
        (layout.root / "val" / f"GOT-10k_Val_{index:06d}" / "meta_info.ini").write_text("junk")
    assert [fault.sequence for fault in check("got10k", layout.root).faults] == [
        "GOT-10k_Val_000001",
        "GOT-10k_Val_000007",
    ]


def test_folders_without_frames_or_truth_are_all_looked_at(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.text("a/groundtruth.txt", "1,2,3,4\n")
    layout.frames("b/img", "%04d.jpg", range(2))
    for name in "cd":
        layout.frames(f"{name}/img", "%04d.jpg", range(2))
        layout.text(f"{name}/groundtruth_rect.txt", "NaN,NaN,NaN,NaN\n1,2,3,4\n" if name == "d" else BOXES)
    findings = check("folder", layout.root)
    kinds = [(fault.sequence, fault.kind) for fault in findings.faults]
    assert kinds == [("a", "truth"), ("b", "truth"), ("d", "truth")]
    messages = [fault.message for fault in findings.faults]
    assert "a: no frames; put the pictures into" in messages[0]
    assert "b: no ground truth; put it into" in messages[1]
    assert "line 1: a tracker starts from the first box" in messages[2], "as opening refuses it"
    assert (findings.sequences, findings.frames) == (1, 6)


def test_every_mask_is_looked_at(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    names = layouts.davis(layout, "2016", "val", is_whole=True)
    masks = layout.root / "Annotations" / "480p" / names[3]
    write_palette_png(masks / "00001.png", labelled(1))
    (masks / "00002.png").write_bytes(b"")
    (masks / "00003.png").write_bytes((masks / "00000.png").read_bytes()[:-30])
    Image.new("RGB", layouts.SIZE_WH, (9, 0, 0)).save(masks / "00004.png")
    faults = check("davis2016", layout.root).faults
    assert {fault.sequence for fault in faults} == {names[3]}
    assert [fault.kind for fault in faults] == ["size", "truth", "truth", "truth"]
    messages = [fault.message for fault in faults]
    assert messages[0].startswith(f"{masks / '00001.png'}: is 8x6 pixels large, but its frame")
    for name, message in zip(("00002", "00003"), messages[1:], strict=False):
        assert message.startswith(f"{masks / name}.png: cannot be read as a label picture")
    assert messages[3].startswith(f"{masks / '00004.png'}: is a picture of colours")


def test_a_sentence_that_cannot_be_read_is_found(extension: Layout) -> None:
    (extension.root / "atv" / "atv-7" / "nlp.txt").write_bytes(b"caf\xe9")
    (fault,) = check("lasot_ext", extension.root).faults
    assert (fault.sequence, fault.kind) == ("atv-7", "truth")
    assert fault.message.endswith("nlp.txt: byte 3 is not UTF-8; save it as plain UTF-8 text")


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


@pytest.mark.parametrize("first", ["500,500,20,20", "1e30,1e30,9,9", "-30,4,30,9"])
def test_a_first_box_that_no_model_can_see_is_found(extension: Layout, first: str) -> None:
    folder = extension.root / "atv" / "atv-7"
    (folder / "groundtruth.txt").write_text(f"{first}\n" + "1,2,3,4\n" * 2)
    (fault,) = check("lasot_ext", extension.root).faults
    assert (fault.sequence, fault.kind) == ("atv-7", "truth")
    place = folder / "img" / "00000001.jpg"
    assert fault.message.startswith(f"{folder / 'groundtruth.txt'}: the first box of target 0, ")
    assert fault.message.endswith(f"lies wholly outside of its frame {place}, which is 48x32 pixels large")
