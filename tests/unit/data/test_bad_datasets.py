"""Data sets that are spoilt in every way: each is refused with file, line and remedy."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import open_dataset
from saccade.data.splits import read_text_list
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
        pytest.param("youtubevos2019", {}, "meta.json: cannot be read", id="YouTube-VOS, not there"),
        pytest.param("mose", {}, "no sequence in it; expected ROOT/valid", id="MOSE, not there"),
        pytest.param("davis2017", {}, "30 of 30 sequences of davis2017 are missing: .*expected", id="DAVIS"),
        pytest.param(
            "got10k",
            {"val/GOT-10k_Val_000001/meta_info.ini": "[METAINFO]\nresolution: large\n"},
            "meta_info.ini: resolution: large is not",
            id="GOT-10k, resolution",
        ),
        pytest.param(
            "got10k",
            {"val/GOT-10k_Val_000001/meta_info.ini": "resolution: large\n"},
            r"meta_info.ini: expected a section \[METAINFO\]",
            id="GOT-10k, no section",
        ),
        pytest.param(
            "mot20",
            {"train/MOT20-01/seqinfo.ini": "[Sequence]\nseqLength=many\n"},
            "seqinfo.ini: seqlength=many is no number",
            id="MOT20",
        ),
        pytest.param(
            "vot2022_lt",
            {"a/groundtruth.txt": "1,2,3,4\n", "a/sequence": "fps=fast\n"},
            "sequence: fps=fast is no number",
            id="VOT",
        ),
    ],
)
def test_what_cannot_be_used_is_named(name: str, files: dict[str, str], message: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    for file, content in files.items():
        layout.text(file, content)
    with pytest.raises(DatasetError, match=message):
        open_dataset(name, layout.root)


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
