"""Data sets that are spoilt in every way: each is refused with file, line and remedy."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import open_dataset
from saccade.data.splits import read_table, read_text_list
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout

LAGOT = "LaGOT_multiple_object_per_sequence_annotations_final.json"


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        pytest.param(
            "oxuva", {"annotations/dev.csv": "vid,obj\n"}, r"dev.csv, line 1: expected 12", id="OxUvA"
        ),
        pytest.param("lagot", {LAGOT: "[]"}, "json: expected {sequence", id="LaGOT"),
        pytest.param("lagot", {LAGOT: '{"a": {"frames": 3}}'}, "json: expected {seq", id="LaGOT, no frames"),
        pytest.param("lagot", {LAGOT: "{"}, "json, line 1: not JSON", id="LaGOT, cut"),
        pytest.param("youtubevos2019", {"valid/meta.json": "[]"}, "meta.json: expected", id="YouTube-VOS"),
        pytest.param(
            "youtubevos2019",
            {"valid/meta.json": '{"videos": {"a": {"objects": {"1": {"frames": []}}}}}'},
            "meta.json: video a: expected",
            id="YouTube-VOS, an object without frames",
        ),
        pytest.param(
            "youtubevos2019",
            {"valid/meta.json": '{"videos": {"/etc": {"objects": {"1": {"frames": ["1"]}}}}}'},
            "meta.json: video '/etc': no folder is called so",
            id="YouTube-VOS, another place",
        ),
        pytest.param(
            "youtubevos2019",
            {"valid/meta.json": '{"videos": {"": {"objects": {"1": {"frames": ["1"]}}}}}'},
            "meta.json: video '': no folder is called so",
            id="YouTube-VOS, a video without a name",
        ),
        pytest.param("youtubevos2019", {}, "meta.json: cannot be read", id="YouTube-VOS, not there"),
        pytest.param("mose", {}, "no sequence in it; expected ROOT/valid", id="MOSE, not there"),
        pytest.param("davis2017", {}, "30 of 30 sequences of davis2017 are missing: .*expected", id="DAVIS"),
        pytest.param(
            "mot20",
            {"train/MOT20-01/seqinfo.ini": "[Sequence]\nseqLength=many\n"},
            "seqinfo.ini: seqlength=many is no number",
            id="MOT20",
        ),
        pytest.param(
            "vot2018",
            {"list.txt": "ants1\nbag\nants1\n"},
            "sequence 'ants1' is there 2 times",
            id="VOT, a name twice",
        ),
    ],
)
def test_what_cannot_be_used_is_named(name: str, files: dict[str, str], message: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    for file, content in files.items():
        layout.text(file, content)
    with pytest.raises(DatasetError, match=message):
        open_dataset(name, layout.root)


META = "val/GOT-10k_Val_000001/meta_info.ini"
SEQUENCE = "ants1/sequence"
INFO = "train/MOT20-01/seqinfo.ini"


@pytest.mark.parametrize(
    ("name", "file", "content", "message"),
    [
        ("got10k", META, "[METAINFO]\nresolution: large\n", "resolution: large is not"),
        ("got10k", META, "resolution: (1, 2)\n", r"expected a section \[METAINFO\]"),
        ("got10k", META, "\0\1", r"expected a section \[METAINFO\]"),
        ("mot20", INFO, "[Sequence]\nseqLength=nan\n", "seqlength=nan is no number above 0"),
        ("mot20", INFO, "[Sequence]\nseqLength=-4\n", "seqlength=-4 is no number above 0"),
        ("mot20", INFO, "[Sequence]\nseqLength=inf\n", "seqlength=inf is no number above 0"),
        ("mot20", INFO, "[Sequence]\nimWidth=0\nimHeight=9\n", "imwidth=0 is no number above 0"),
        ("vot2018", SEQUENCE, "fps=fast\n", "fps=fast is no number above 0"),
        ("vot2018", SEQUENCE, "fps=nan\n", "fps=nan is no number above 0"),
        (
            "vot2018",
            SEQUENCE,
            "channels.color=color\n",
            "channels.color=color has not the place of one number",
        ),
        ("vot2018", SEQUENCE, "channels.color=color/%08d_%02d.jpg\n", "channels.color=.* has not the place"),
    ],
)
def test_a_head_file_that_cannot_be_used_is_named(
    name: str, file: str, content: str, message: str, tmp_path: Path
) -> None:
    Layout(tmp_path / "root").text(file, content)
    sequences = {s.name: s for s in open_dataset(name, tmp_path / "root", lazy=True).sequences}
    sequence = sequences[Path(file).parent.name]
    with pytest.raises(DatasetError, match=f"{Path(file).name}: {message}"):
        _ = len(sequence), sequence.facts


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            lambda folder: (folder / "groundtruth.txt").write_text("1,2,3,4\n" * 2),
            "full_occlusion.txt speaks of 3 frames, but .*groundtruth.txt of 2",
            id="a line too few",
        ),
        pytest.param(
            lambda folder: [
                (folder / "groundtruth.txt").write_text("1,2,3,4\n" * 4),
                *(
                    (folder / f"{kind}.txt").write_text("0,0,0,0")
                    for kind in ("full_occlusion", "out_of_view")
                ),
            ],
            "img has 3 frames, but .*groundtruth.txt has 4 lines; give one line a frame",
            id="a line too many",
        ),
        pytest.param(
            lambda folder: (folder / "img" / "00000002.jpg").unlink(),
            "img has 1 frames, but .*has 3 lines",
            id="a frame in the middle is missing",
        ),
        pytest.param(
            lambda folder: (folder / "groundtruth.txt").write_text("1;2;3;4\n" * 3),
            "line 1: '1;2;3;4' is not all numbers",
            id="wrong separator",
        ),
        pytest.param(
            lambda folder: (folder / "groundtruth.txt").write_bytes(b"1,2,3,4\n1,2,3,\xe9\n"),
            "groundtruth.txt: byte 14 is not UTF-8",
            id="not UTF-8",
        ),
        pytest.param(
            lambda folder: (folder / "groundtruth.txt").write_text("NaN,NaN,NaN,NaN\n" + "1,2,3,4\n" * 2),
            "line 1: a tracker starts from the first box",
            id="no first box",
        ),
        pytest.param(
            lambda folder: (folder / "out_of_view.txt").write_text("0,2,0"),
            "out_of_view.txt, line 1: '2' is neither 0 nor 1",
            id="a flag that is none",
        ),
        pytest.param(
            lambda folder: (folder / "out_of_view.txt").unlink(),
            "out_of_view.txt: cannot be read",
            id="no flags",
        ),
    ],
)
def test_a_spoilt_sequence_is_refused(spoil: Callable[[Path], object], message: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, ["atv-1"])
    spoil(layout.root / "atv" / "atv-1")
    sequence = open_dataset("lasot_ext", layout.root, lazy=True).sequences[0]
    with pytest.raises(DatasetError, match=message):
        sequence.verify()


@pytest.mark.parametrize("cover", ["nan", "-3", "99", "4.5"])
def test_what_is_no_number_of_eighths_is_refused(cover: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    for file, rows in {
        "groundtruth.txt": "1,2,3,4\n" * 3,
        "absence.label": "0\n" * 3,
        "cover.label": f"8\n{cover}\n4\n",
    }.items():
        layout.text(f"val/GOT-10k_Val_000001/{file}", rows)
    sequence = open_dataset("got10k", layout.root, lazy=True).sequences[0]
    with pytest.raises(DatasetError, match=rf"cover.label, line 2: {cover} is no number of eighths"):
        sequence.read()


@pytest.mark.parametrize("box", ["nan,0.5,0.1,0.2", "0.1,inf,0.1,0.2", "0.5,0.1,0.1,0.2", "-inf,inf,0.1,0.2"])
def test_a_present_target_of_oxuva_has_a_box(box: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.text("annotations/dev.csv", f"vid0029,obj0000,19,bus,false,true,30,present,{box}\n")
    with pytest.raises(DatasetError, match=rf"dev.csv, line 1: the target is present, but {box} is no box"):
        open_dataset("oxuva", layout.root, lazy=True)


def test_a_track_of_lagot_that_is_too_short_is_refused(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lagot(layout)
    content = json.loads((layout.root / LAGOT).read_text())
    content["fox-1"]["xywh"]["4"].pop()
    layout.text(LAGOT, json.dumps(content))
    with pytest.raises(DatasetError, match=f"{LAGOT}: object 4 has 6 rows, another has 7"):
        open_dataset("lagot", layout.root)


def test_of_several_region_files_the_one_too_long_is_named(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.vot(layout, ["ants1"])
    (layout.root / "ants1" / "groundtruth.txt").rename(layout.root / "ants1" / "groundtruth_1.txt")
    layout.text("ants1/groundtruth_2.txt", "1,2,3,4\n" * 4)
    layout.text("list.txt", "ants1\n")
    with pytest.raises(DatasetError, match=r"groundtruth_2.txt has 4 lines, but the sequence only 3 frames"):
        open_dataset("vot2018", layout.root)


def test_frames_that_meta_json_names_must_be_there(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.youtubevos(layout, "2019", "train", ["a"])
    (layout.root / "2019" / "train" / "JPEGImages" / "a" / "00015.jpg").unlink()
    with pytest.raises(DatasetError, match=r"a: 1 of 3 frames that meta.json names are missing, first 00015"):
        open_dataset("youtubevos2019", layout.root, "train")


def test_hidden_files_are_no_masks(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("JPEGImages/judo", "%05d.jpg", range(2))
    layout.text("Annotations/judo/._00000.png", "")
    with pytest.raises(DatasetError, match=r"judo: no masks in it; put one PNG a frame there"):
        open_dataset("folder", layout.root)


@pytest.mark.parametrize("file", ["nlp.txt", "language.txt"])
def test_a_sentence_that_is_not_utf8_is_named(file: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    if file == "nlp.txt":
        layouts.lasot(layout, ["atv-1"])
        sequence = open_dataset("lasot_ext", layout.root, lazy=True).sequences[0]
    else:
        layouts.tnl2k(layout, [row["name"] for row in read_table("tnl2k_test")][:1])
        sequence = open_dataset("tnl2k", layout.root, lazy=True).sequences[0]
    assert sequence.language_file is not None
    sequence.language_file.write_bytes(b"caf\xe9")
    with pytest.raises(DatasetError, match=rf"{file}: byte 3 is not UTF-8"):
        _ = sequence.language


def test_lines_are_counted_as_in_the_file(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    # the first five lines of Tiger1 are left out
    layout.text("Tiger1/groundtruth_rect.txt", "1,2,3,4\n" * 6 + "1,2,-3,4\n")
    otb = {sequence.name: sequence for sequence in open_dataset("otb100", layout.root, lazy=True).sequences}
    with pytest.raises(DatasetError, match=r"groundtruth_rect.txt, line 7: the box has negative"):
        otb["Tiger1"].read()
    # seven lines of eight are left out here
    layout.frames("Gymnastics/30/Gymnastics", "%05d.jpg", range(1, 3))
    lines = [f'0 9 9 {6 if row == 8 else 12} 12 {row} 0 0 0 "x"\n' for row in range(16)]
    layout.text("Gymnastics/30/Gymnastics.txt", "".join(lines))
    nfs = open_dataset("nfs30", layout.root, lazy=True).sequences[0]
    with pytest.raises(DatasetError, match=r"Gymnastics.txt, line 9: the box has negative"):
        nfs.read()


def test_missing_sequences_are_named(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, read_text_list("lasot_ext"))
    (layout.root / "atv" / "atv-1" / "img").rename(tmp_path / "lost")
    message = (
        "1 of 150 sequences of lasot_ext are missing: atv-1; expected ROOT/.*saccade data check lasot_ext"
    )
    with pytest.raises(DatasetError, match=message):
        open_dataset("lasot_ext", layout.root)


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, ["atv-1"])
    kept = open_dataset("lasot_ext", layout.root, lazy=True).sequences[0].truth.boxes
    file = layout.root / "atv" / "atv-1" / "groundtruth.txt"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    again = open_dataset("lasot_ext", layout.root, lazy=True).sequences[0].truth.boxes
    np.testing.assert_array_equal(again, kept)


def test_two_data_sets_in_one_root_are_kept_apart(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.otb(layout, "otb100")
    layouts.tc128(layout, "all")
    layouts.uav(layout, "uav123")
    assert len(open_dataset("otb100", layout.root).sequences) == 100
    assert len(open_dataset("tc128", layout.root).sequences) == 129
    assert len(open_dataset("uav123", layout.root).sequences) == 123


def test_a_split_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="data set 'lasot' has no split 'tset'; did you mean 'test'"):
        open_dataset("lasot", tmp_path, "tset")


def test_the_usual_split_goes_without_saying(tmp_path: Path) -> None:
    assert open_dataset("lasot", tmp_path, "test", lazy=True).label == "lasot"
    assert open_dataset("lasot", tmp_path, "train", lazy=True).label == "lasot-train"
