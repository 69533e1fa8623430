"""ImageNet VID: tracklets end at the first gap, and are read from a million files but once."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.core.errors import SaccadeWarning
from saccade.data import Sequence, open_dataset
from saccade.data.datasets.imagenet_vid import KEPT
from tests.unit.data import still_layouts
from tests.unit.data.still_layouts import VID, real_pictures

VIDEO = "ILSVRC2015_train_00000000"


@pytest.fixture
def root(tmp_path: Path, shared_data: Path) -> Path:
    still_layouts.imagenet_vid(tmp_path, real_pictures(shared_data))
    return tmp_path


def opened(root: Path) -> dict[str, Sequence]:
    return {sequence.name: sequence for sequence in open_dataset("imagenet_vid", root).sequences}


def test_a_tracklet_ends_at_its_first_gap(root: Path) -> None:
    with pytest.warns(SaccadeWarning, match="reading the annotations of 1 videos once"):
        sequences = opened(root)
    # what fills the whole frame at first is left out
    assert list(sequences) == [f"{VIDEO}_0", f"{VIDEO}_1"]
    first, second = sequences.values()
    np.testing.assert_array_equal(first.truth.boxes, [[10 + i, 20, 30, 40] for i in range(3)])
    assert [path.name for path in first.images] == ["000000.JPEG", "000001.JPEG", "000002.JPEG"]
    assert [path.name for path in second.images] == [f"{i:06d}.JPEG" for i in range(2, 6)]
    assert second.annotation.tags["occluded"].tolist() == [False, True, False, False]  # type: ignore[attr-defined]
    assert (first.size_wh, first.category) == ((360, 240), "n02084071")


def test_what_was_read_is_kept_until_the_videos_change(root: Path) -> None:
    with pytest.warns(SaccadeWarning, match="once"):
        before = opened(root)
    assert (root / KEPT).is_file()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = opened(root)
    for name, sequence in before.items():
        np.testing.assert_array_equal(after[name].truth.boxes, sequence.truth.boxes)
        assert (
            after[name].annotation.tags["occluded"].tolist() == sequence.annotation.tags["occluded"].tolist()
        )  # type: ignore[attr-defined]
        assert [*after[name].images] == [*sequence.images]
    twin = root / VID.replace("00000000", "00000001")
    (root / VID).rename(twin)
    (root / VID.replace("Annotations", "Data")).rename(Path(str(twin).replace("Annotations", "Data")))
    with pytest.warns(SaccadeWarning, match="once"):
        assert list(opened(root)) == ["ILSVRC2015_train_00000001_0", "ILSVRC2015_train_00000001_1"]


def test_a_kept_file_that_is_broken_is_made_anew(root: Path) -> None:
    for content in (b"", b"no archive", b"PK\x03\x04"):
        (root / KEPT).write_bytes(content)
        with pytest.warns(SaccadeWarning, match="once"):
            assert len(opened(root)) == 2


def test_a_folder_that_cannot_be_written_is_read_each_time(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(np, "savez_compressed", refuse)
    with pytest.warns(SaccadeWarning) as caught:
        assert len(opened(root)) == 2
    assert any("could not be kept, neither there (Permission denied)" in str(item.message) for item in caught)
    assert not list(root.glob("saccade-*"))


@pytest.mark.filterwarnings("ignore::saccade.core.errors.SaccadeWarning")
def test_a_broken_annotation_names_its_file(root: Path) -> None:
    file = root / VID / "000003.xml"
    whole = file.read_text()
    cases = {
        whole[:100]: "no element found|unclosed",
        "<a/>": "it has no size/width",
        whole.replace("100", "x"): "x",
    }
    for content, reason in cases.items():
        file.write_text(content)
        with pytest.raises(
            DatasetError, match=rf"000003.xml: cannot be read as a frame's annotation \(.*({reason})"
        ):
            opened(root)


def test_without_annotations_it_says_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"Annotations/VID/train: no such folder"):
        open_dataset("imagenet_vid", tmp_path)
