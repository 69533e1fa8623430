"""What the data sets say beyond boxes: presence, masks, tracks, several objects, tags, categories."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import DATASETS, BoxAnnotation, LabelAnnotation, Presence, Sequence, Tracks, open_dataset
from saccade.data.splits import read_text_list
from tests.unit.data import layouts
from tests.unit.data.layouts import SHORT, SIZE_WH, Layout


def only(name: str, root: Path, split: str | None = None) -> Sequence:
    """The first sequence of a data set."""
    return open_dataset(name, root, split, lazy=True).sequences[0]


def test_nan_of_uav123_is_out_of_view(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.uav(layout, "uav123")
    sequence = only("uav123", layout.root)
    assert sequence.truth.presence[:3].tolist() == [Presence.PRESENT, Presence.ABSENT, Presence.PRESENT]
    assert (sequence.category, sequence.aliases) == ("vehicle", ("uav_bike1",))
    assert "VC" in sequence.attributes
    assert DATASETS["uav123"].attributes["VC"] == "Viewpoint Change"


def test_flags_of_lasot_make_a_target_absent(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, ["airplane-1"])
    sequence = only("lasot", layout.root)
    assert sequence.truth.is_present.tolist() == [True, False, True]
    assert sequence.truth.boxes[1, 2] > 0
    annotation = sequence.annotation
    assert isinstance(annotation, BoxAnnotation)
    assert annotation.tags["full_occlusion"].tolist() == [False, True, False]
    assert (sequence.category, sequence.language) == ("airplane", "the thing")


def test_cover_of_got10k_is_visibility(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.got10k(layout, "val")
    sequence = only("got10k", layout.root)
    assert sequence.truth.visibility is not None
    assert sequence.truth.visibility.tolist() == [1, 0, 0.5]
    assert sequence.truth.is_present.tolist() == [True, False, True]
    assert (sequence.category, sequence.size_wh) == ("fox", (48, 32))


def test_unpublished_truth_is_unknown(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.got10k(layout, "test")
    sequence = only("got10k", layout.root, "test")
    assert sequence.truth.presence.tolist() == [Presence.PRESENT] + [Presence.UNKNOWN] * 2


@pytest.mark.parametrize(
    ("rows", "frames", "presence"),
    [
        pytest.param(24, 3, "PPP", id="eight rows a frame"),
        pytest.param(17, 3, "PPP", id="no rows after the last frame"),
        pytest.param(4, 3, "PPP", id="a row too many"),
        pytest.param(2, 3, "PP", id="a row too few"),
        pytest.param(15, 3, "PP", id="the last frame has none of eight rows"),
    ],
)
def test_rows_of_nfs_may_be_one_more_or_less(rows: int, frames: int, presence: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("Gymnastics/30/Gymnastics", "%05d.jpg", range(1, frames + 1))
    lines = [f'0 {row} 2 {row + 9} 8 {row} 0 {row % 2} 0 "x"\n' for row in range(rows)]
    layout.text("Gymnastics/30/Gymnastics.txt", "".join(lines))
    sequence = only("nfs30", layout.root)
    assert "".join("PAU"[value] for value in sequence.truth.presence) == presence
    step = 8 if rows > 8 else 1
    assert sequence.truth.boxes[:2, 0].tolist() == [0, step]
    annotation = sequence.annotation
    assert isinstance(annotation, BoxAnnotation)
    assert len(annotation.tags["occluded"]) == len(sequence) == len(presence)


def test_labels_of_oxuva_are_sparse(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.oxuva(layout, "dev")
    sequence = only("oxuva", layout.root)
    known = np.flatnonzero(sequence.truth.presence != Presence.UNKNOWN)
    assert known.tolist() == [0, 30]
    assert sequence.truth.presence[30] == Presence.ABSENT
    assert sequence.aliases == ("vid0029_obj0000_frames[000000:002791]",)


def test_vot_keeps_polygons_tags_and_anchors(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.vot(layout, ["ants1"])
    sequence = only("vot2018", layout.root)
    assert sequence.truth.polygons is not None
    assert sequence.truth.polygons.shape == (SHORT, 4, 2)
    annotation = sequence.annotation
    assert isinstance(annotation, BoxAnnotation)
    assert annotation.tags["occlusion"].tolist() == [False, True, False]
    assert annotation.values["anchor"].tolist() == [1, 0, -1]
    assert sequence.fps == 25


def test_vot_goes_by_the_list_beside_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.vot(layout, ["ants1", "other"])
    layout.text("list.txt", "ants1\nother\n")
    assert [s.name for s in open_dataset("vot2018", layout.root).sequences] == ["ants1", "other"]


def test_vot_has_several_objects_and_masks(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.vot(layout, ["ants1"])
    (layout.root / "ants1" / "groundtruth.txt").unlink()
    layout.text("ants1/groundtruth_2.txt", "m3,4,5,2,2,3,2,3\n0\n")
    layout.text("ants1/groundtruth_10.txt", "0\n1,2,3,4\n1,2,3,4\n")
    layout.text("list.txt", "ants1\n")
    (sequence,) = open_dataset("vot2022", layout.root).sequences
    assert dict(sequence.starts) == {"2": 0, "10": 1}
    truth = sequence.objects["2"]
    assert truth.presence.tolist() == [Presence.PRESENT] + [Presence.UNKNOWN] * 2
    assert truth.boxes[0].tolist() == [5, 4, 3, 2]
    assert truth.masks is not None
    mask = truth.masks[0]
    assert mask is not None
    assert np.argwhere(mask).tolist() == [[4, 5], [4, 6], [4, 7], [5, 5], [5, 6], [5, 7]]
    assert mask.shape == (32, 48)
    assert truth.masks[1] is None
    with pytest.raises(DatasetError, match="'ants1' has 2 objects"):
        _ = sequence.truth


def test_lagot_has_several_objects(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lagot(layout)
    (sequence,) = open_dataset("lagot", layout.root).sequences
    assert dict(sequence.starts) == {"1": 0, "4": 0}
    presence = sequence.objects["4"].presence.tolist()
    assert [presence[i] for i in (0, 3, 6)] == [Presence.PRESENT, Presence.ABSENT, Presence.PRESENT]
    assert presence[1] == Presence.UNKNOWN, "only every third frame is annotated"
    assert sequence[6].size_wh == SIZE_WH


@pytest.mark.parametrize(
    ("year", "split", "count"),
    [("2016", "val", 20), ("2016", "train", 30), ("2017", "val", 30), ("2017", "test-dev", 30)],
)
def test_davis(year: str, split: str, count: int, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    names = layouts.davis(layout, year, split)
    dataset = open_dataset(f"davis{year}", layout.root, split)
    assert [sequence.name for sequence in dataset.sequences] == names
    assert len(names) == count
    sequence = dataset.sequences[0]
    assert dict(sequence.starts) == ({1: 0} if year == "2016" else {1: 0, 2: 0})
    truth = sequence.objects[1]
    assert truth.presence.tolist() == [Presence.PRESENT] + [Presence.UNKNOWN] * 2
    # in 2016 everything marked is one object
    assert truth.boxes[0].tolist() == ([6, 4, 34, 20] if year == "2016" else [6, 4, 10, 6])
    assert truth.masks is not None
    assert truth.masks[0] is not None
    assert truth.masks[0].sum() == (100 if year == "2016" else 60)
    assert truth.masks[1] is None


def test_the_davis_challenge_goes_by_the_list_in_the_download(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.frames("JPEGImages/480p/secret", "%05d.jpg", range(SHORT))
    layout.masks("Annotations/480p/secret", ["00000"])
    layout.text("ImageSets/2017/test-challenge.txt", "secret\n")
    assert only("davis2017", layout.root, "test-challenge").name == "secret"


@pytest.mark.parametrize(("year", "split", "part"), [("2018", "valid", "valid"), ("2019", "jj_val", "train")])
def test_youtubevos(year: str, split: str, part: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    held_out = list(read_text_list("youtubevos_jjvalid"))[:2]
    layouts.youtubevos(layout, year, part, [*held_out, "zzzzzzzzzz"])
    sequences = open_dataset(f"youtubevos{year}", layout.root, split).sequences
    assert [sequence.name for sequence in sequences] == held_out + ["zzzzzzzzzz"] * (split == "valid")
    sequence = sequences[0]
    assert dict(sequence.starts) == {1: 0, 2: 1}
    annotation = sequence.annotation
    assert isinstance(annotation, LabelAnnotation)
    assert annotation.categories == {1: "fox", 2: "owl"}
    first, second = annotation.labels(0), annotation.labels(1)
    assert first is not None
    assert second is not None
    assert set(np.unique(first)) == {0, 1}, "object 2 has not begun"
    assert set(np.unique(second)) == {0, 1, 2}
    assert annotation.labels(2) is None
    assert sequence.objects[2].presence.tolist() == [Presence.UNKNOWN, Presence.PRESENT, Presence.UNKNOWN]


def test_wrong_first_masks_of_youtubevos_are_passed_over(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.youtubevos(layout, "2019", "train", ["c73c8e747f"])
    layout.frames("2019/train/JPEGImages/c73c8e747f", "%05d.jpg", [40])
    layout.masks("2019/train/Annotations/c73c8e747f", ["00040"])
    (sequence,) = open_dataset("youtubevos2019", layout.root, "train").sequences
    assert dict(sequence.starts) == {1: 0, 2: 3}


@pytest.mark.parametrize("part", ["valid", "train"])
def test_mose(part: str, tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layouts.mose(layout, part, ["ab", "cd"])
    sequences = open_dataset("mose", layout.root, part).sequences
    assert [(sequence.name, dict(sequence.starts)) for sequence in sequences] == [
        ("ab", {1: 0, 2: 0}),
        ("cd", {1: 0, 2: 0}),
    ]


MOT: dict[str, tuple[str, str, int, int]] = {
    "MOT16": ("mot16", "train", 7, 6),
    "MOT17": ("mot17", "train", 21, 6),
    "MOT17 test": ("mot17", "test", 21, 6),
    "MOT20": ("mot20", "train", 4, 6),
    "DanceTrack": ("dancetrack", "val", 25, 8),
}


@pytest.mark.parametrize("case", MOT)
def test_mot(case: str, tmp_path: Path) -> None:
    name, split, count, digits = MOT[case]
    listed = [sequence.name for sequence in open_dataset(name, tmp_path, split, lazy=True).sequences]
    layout = Layout(tmp_path / "root")
    layouts.mot(layout, split, listed, digits)
    dataset = open_dataset(name, layout.root, split)
    assert len(dataset.sequences) == count
    sequence = dataset.sequences[-1]
    assert (len(sequence), sequence.fps, sequence.size_wh) == (4, 25, SIZE_WH)
    assert sequence[3].size_wh == SIZE_WH
    tracks = sequence.annotation
    assert isinstance(tracks, Tracks)
    if split == "test":
        assert (len(tracks), dict(sequence.starts)) == (4, {})
        return
    assert dict(sequence.starts) == {1: 0, 7: 1}
    assert tracks.ids[tracks.at(1)].tolist() == [1, 7]
    assert tracks.counts[tracks.at(1)].tolist() == [True, False]
    truth = sequence.objects[7]
    assert truth.is_present.tolist() == [False, True, False, True]
    assert truth.boxes[3].tolist() == [21, 5, 6, 6]


def test_halves_of_mot17_are_halves(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    listed = [s.name for s in open_dataset("mot17", tmp_path, "train", lazy=True).sequences]
    layouts.mot(layout, "train", listed)
    first, second = (
        open_dataset("mot17", layout.root, f"{half}_half").sequences[0] for half in ("train", "val")
    )
    assert (len(first), len(second)) == (2, 2)
    assert dict(first.starts) == {1: 0, 7: 1}
    assert dict(second.starts) == {7: 1}
    assert second.images[0].name == "000003.jpg"


@pytest.mark.usefixtures("unchecked_shapes")
def test_opening_does_not_look_at_every_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout(tmp_path / "root")
    layouts.lasot(layout, ["airplane-1"])
    layout.frames("airplane/airplane-1/img", "%08d.jpg", range(1, 1001))
    layout.text("airplane/airplane-1/groundtruth.txt", layouts.rows([(1, 2, 3, 4)] * 1000))
    for flags in ("full_occlusion", "out_of_view"):
        layout.text(f"airplane/airplane-1/{flags}.txt", ",".join("0" * 1000))
    looked = []
    stat = Path.stat
    monkeypatch.setattr(Path, "stat", lambda path, **more: looked.append(path) or stat(path, **more))
    sequence = only("lasot", layout.root)
    sequence.verify()
    assert len(sequence) == 1000
    assert len([path for path in looked if path.suffix == ".jpg"]) < 30
