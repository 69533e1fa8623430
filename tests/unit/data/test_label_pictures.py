"""Label pictures: palettes, grey levels, binary masks, and sizes that disagree."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError
from saccade.data import LabelAnnotation, Presence, open_dataset
from saccade.data.formats.labels import read_labels
from saccade.ops.masks import write_palette_png


def picture(path: Path, size_wh: tuple[int, int] = (8, 6)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size_wh).save(path)
    return path


def labelled(*ids: int, size_wh: tuple[int, int] = (8, 6)) -> np.ndarray:
    """Each id in a column of its own."""
    labels = np.zeros(size_wh[::-1], dtype=np.uint8)
    for column, label in enumerate(ids):
        labels[:, column] = label
    return labels


def test_palette_indices_and_grey_levels_are_ids(tmp_path: Path) -> None:
    frame, labels = picture(tmp_path / "frame.png"), labelled(1, 2, 7)
    write_palette_png(tmp_path / "palette.png", labels)
    Image.fromarray(labels).save(tmp_path / "grey.png")
    Image.fromarray(np.repeat(labels[:, :, None], 3, axis=2)).save(tmp_path / "grey_in_three.png")
    for name in ("palette.png", "grey.png", "grey_in_three.png"):
        np.testing.assert_array_equal(read_labels(tmp_path / name, frame), labels)


def test_a_picture_that_declares_more_than_there_is_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a PNG with a part of 2 GB, for which Pillow asks before it looks how long the file is."""

    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    path = picture(tmp_path / "labels.png")
    monkeypatch.setattr(Image.Image, "convert", no_memory)
    with pytest.raises(DatasetError, match=r"labels\.png: cannot be read .*it does not fit into memory"):
        read_labels(path, path)


def test_what_is_no_label_picture_is_refused(tmp_path: Path) -> None:
    frame = picture(tmp_path / "frame.png")
    Image.new("RGB", (8, 6), (128, 0, 0)).save(tmp_path / "red.png")
    with pytest.raises(DatasetError, match=r"red.png: is a picture of colours.*save a palette PNG"):
        read_labels(tmp_path / "red.png", frame)
    (tmp_path / "cut.png").write_bytes((tmp_path / "red.png").read_bytes()[:40])
    with pytest.raises(DatasetError, match=r"cut.png: cannot be read as a label picture"):
        read_labels(tmp_path / "cut.png", frame)
    with pytest.raises(DatasetError, match=r"gone.png: cannot be read as a label picture \(there is no such"):
        read_labels(tmp_path / "gone.png", frame)


def test_another_size_than_the_frame_is_refused(tmp_path: Path) -> None:
    write_palette_png(tmp_path / "mask.png", labelled(1))
    message = r"mask.png: is 8x6 pixels large, but its frame .*frame.png is 16x12; take frames and masks of"
    with pytest.raises(DatasetError, match=message):
        read_labels(tmp_path / "mask.png", picture(tmp_path / "frame.png", (16, 12)))


def davis(root: Path, masks: dict[int, tuple[int, ...]], frames: int = 4) -> Path:
    """A folder as in DAVIS with one sequence, and label pictures for some of its frames."""
    for number in range(frames):
        picture(root / "JPEGImages" / "judo" / f"{number:05d}.png")
    (root / "Annotations" / "judo").mkdir(parents=True)
    for number, ids in masks.items():
        write_palette_png(root / "Annotations" / "judo" / f"{number:05d}.png", labelled(*ids))
    return root


def test_objects_may_begin_later(tmp_path: Path) -> None:
    (sequence,) = open_dataset("folder", davis(tmp_path, {0: (1,), 2: (1, 3), 3: (3,)})).sequences
    assert dict(sequence.starts) == {1: 0, 3: 2}
    assert sequence.objects[1].presence.tolist() == [
        Presence.PRESENT,
        Presence.UNKNOWN,
        Presence.PRESENT,
        Presence.ABSENT,
    ]
    truth = sequence.objects[3]
    assert truth.presence.tolist() == [Presence.UNKNOWN] * 2 + [Presence.PRESENT] * 2
    assert truth.boxes[2].tolist() == [1, 0, 1, 6]
    assert truth.masks is not None
    assert truth.masks[1] is None
    assert sequence.objects[1].start == 0
    assert 2 not in sequence.objects


def test_void_is_no_object(tmp_path: Path) -> None:
    (sequence,) = open_dataset("folder", davis(tmp_path, {0: (1, 255)})).sequences
    assert dict(sequence.starts) == {1: 0}
    annotation = sequence.annotation
    assert isinstance(annotation, LabelAnnotation)
    labels = annotation.labels(0)
    assert labels is not None
    assert labels[0, :3].tolist() == [1, 255, 0]


def test_masks_of_0_and_255_are_of_one_object(tmp_path: Path) -> None:
    (sequence,) = open_dataset("folder", davis(tmp_path, {0: (255, 255), 1: (255,)})).sequences
    assert dict(sequence.starts) == {1: 0}
    assert sequence.truth.boxes[:2].tolist() == [[0, 0, 2, 6], [0, 0, 1, 6]]


@pytest.mark.parametrize(
    ("masks", "frames", "message"),
    [
        pytest.param({}, 2, "judo: no masks in it; put one PNG a frame", id="no masks"),
        pytest.param(
            {0: (1,), 7: (1,)}, 2, "00007.png: there is no frame of that name", id="a mask too many"
        ),
    ],
)
def test_masks_without_frames_and_frames_without_masks(
    tmp_path: Path, masks: dict[int, tuple[int, ...]], frames: int, message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        open_dataset("folder", davis(tmp_path, masks, frames))


def test_reads_the_real_sequences(shared_data: Path, tmp_path: Path) -> None:
    for part in ("JPEGImages", "Annotations"):
        (tmp_path / part).mkdir()
        for name in ("libby", "dogs_jump-multi", "bike-sparse"):
            (tmp_path / part / name).symlink_to(shared_data / "vos" / part / name)
    sequences = {sequence.name: sequence for sequence in open_dataset("folder", tmp_path).sequences}
    starts = {name: dict(sequence.starts) for name, sequence in sequences.items()}
    assert starts == {
        "bike-sparse": {1: 0, 2: 0},
        "dogs_jump-multi": {1: 0, 2: 0, 3: 0},
        "libby": {1: 0},
    }
    assert len(sequences["libby"]) == 49
    assert sequences["libby"].truth.is_present.all()


def test_a_real_mask_that_is_a_pixel_too_narrow_is_named(shared_data: Path) -> None:
    with pytest.raises(DatasetError, match=r"judo-sparse.00005.png: is 853x480 pixels .* is 854x480"):
        open_dataset("folder", shared_data / "vos")
