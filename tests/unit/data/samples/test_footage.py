"""Footage: which frames of a target may be drawn, by hand-computed values, and what a frame is."""

import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saccade.core import DatasetError, SourceError
from saccade.core.errors import SaccadeWarning
from saccade.data import Dataset, open_dataset
from saccade.data.datasets import find_entry, find_sequences
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Footage, VideoFootage
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.opening import open_footage
from saccade.data.samples.pictures import read_picture
from saccade.data.samples.sampling import Sampling
from saccade.media.images import read_image
from saccade.ops.masks import write_palette_png
from tests.unit.data import layouts, still_layouts
from tests.unit.data.layouts import META, Layout
from tests.unit.data.still_layouts import BOX, block, real_pictures

RNG = random.Random(0)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "root")


@pytest.fixture
def pictures(shared_data: Path) -> list[Path]:
    return real_pictures(shared_data)


def opened(name: str, root: Path, split: str | None = None, **settings: bool) -> Footage:
    with pytest.warns(SaccadeWarning, match="missing and left out"):
        return open_footage(name, root, split, **settings)


def test_lasot_hides_what_is_occluded_or_out_of_view(layout: Layout) -> None:
    layout.frames("airplane/airplane-2/img", "%08d.jpg", range(1, 7))
    folder = "airplane/airplane-2"
    layout.text(f"{folder}/groundtruth.txt", "1,2,10,8\n2,2,10,8\n3,2,10,8\n4,2,0,8\n5,2,10,-1\n6.5,2,10,8\n")
    layout.text(f"{folder}/full_occlusion.txt", "0,1,0,0,0,0")
    layout.text(f"{folder}/out_of_view.txt", "0,0,1,0,0,0")
    footage = opened("lasot", layout.root, "train")
    assert isinstance(footage, Footage)
    assert (footage.name, len(footage), footage.is_video) == ("lasot-train", 1, True)
    assert (footage.has_occlusion, footage.has_masks) == (True, False)
    boxes, visible, valid, visibility = footage.moments(0)
    assert valid.tolist() == [True, True, True, False, False, True]
    assert visible.tolist() == [True, False, False, False, False, True]
    assert visibility is None
    assert boxes.dtype == np.float32
    assert boxes[5].tolist() == [6.5, 2, 10, 8]
    assert footage.describe(0, [3, 5]) == "lasot-train/airplane-2:3,5"


def test_got10k_knows_how_much_of_a_target_is_seen(layout: Layout) -> None:
    folder = "val/GOT-10k_Val_000001"
    layout.frames(folder, "%08d.jpg", range(1, 5))
    layout.text(f"{folder}/groundtruth.txt", "1,2,10,8\n" * 4)
    layout.text(f"{folder}/absence.label", "0\n1\n0\n0\n")
    layout.text(f"{folder}/cover.label", "8\n8\n0\n2\n")
    layout.text(f"{folder}/meta_info.ini", META)
    footage = opened("got10k", layout.root, "val")
    moments = footage.moments(0)
    assert footage.name == "got10k-val"
    assert footage.has_occlusion
    assert moments.visible.tolist() == [True, False, False, True]
    assert moments.valid.all()
    assert moments.visibility is not None
    assert moments.visibility.tolist() == [1.0, 1.0, 0.0, 0.25]
    # one part alone
    assert len(opened("got10k", layout.root / "val", "val")) == 1


def test_trackingnet_says_nothing_of_occlusion(layout: Layout) -> None:
    name = next(s.name for s in find_sequences(find_entry("trackingnet"), layout.root, "train_2"))
    layout.frames(f"TRAIN_2/frames/{name}", "%d.jpg", range(3))
    layout.text(f"TRAIN_2/anno/{name}.txt", "1,2,10,8\n1,2,0,0\n-1,-1,-1,-1\n")
    footage = opened("trackingnet", layout.root, "train_2")
    moments = footage.moments(0)
    assert not footage.has_occlusion
    assert moments.visible.tolist() == moments.valid.tolist() == [True, False, False]


@pytest.mark.filterwarnings("ignore::saccade.core.errors.SaccadeWarning")
def test_vid_hides_what_is_occluded(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.imagenet_vid(tmp_path, pictures)
    footage = open_footage("imagenet_vid", tmp_path)
    assert (len(footage), footage.has_occlusion) == (2, True)
    moments = footage.moments(1)
    assert moments.valid.all()
    assert moments.visible.tolist() == [True, False, True, True]
    shot, again = footage.shots(1, [1, 1], RNG)
    assert shot is again
    # the tracklet starts in the video's third frame
    np.testing.assert_array_equal(shot.image, read_image(pictures[3]))
    assert shot.box.tolist() == [100, 50, 20, 10]


def masked(folder: Path, areas: dict[int, dict[int, int]]) -> None:
    """Label pictures with so many pixels of each object by frame."""
    folder.mkdir(parents=True)
    for frame, objects in areas.items():
        labels = np.zeros((32, 48), np.uint8)
        for label, area in objects.items():
            labels[label * 4 : label * 4 + 2].reshape(-1)[:area] = label
        write_palette_png(folder / f"{frame:05d}.png", labels)


def test_objects_of_davis_are_visible_from_eleven_pixels_on(layout: Layout) -> None:
    layout.frames("JPEGImages/480p/boxing-fisheye", "%05d.jpg", range(5))
    masked(
        layout.root / "Annotations/480p/boxing-fisheye",
        {0: {1: 20, 2: 11}, 1: {1: 10, 2: 12}, 2: {1: 11}, 4: {1: 30, 2: 1}},
    )
    footage = opened("davis2017", layout.root)
    assert (footage.name, len(footage), footage.has_masks) == ("davis2017-train", 2, True)
    assert footage.moments(0).visible.tolist() == [True, False, True, False, True]
    # the object that is not there, the frame that nobody labelled, and a single pixel
    assert footage.moments(1).visible.tolist() == [True, True, False, False, False]
    assert footage.describe(1, [0]) == "davis2017-train/boxing-fisheye#2:0"
    shot, _ = footage.shots(1, [1, 0], RNG)
    assert shot.mask is not None
    assert (shot.mask.dtype, shot.mask.shape, int(shot.mask.sum())) == (np.uint8, (32, 48), 12)
    assert shot.box.tolist() == [0, 8, 12, 1]
    assert shot.image.shape == (32, 48, 3)
    without = opened("davis2017", layout.root, masks=False)
    assert not without.has_masks
    assert without.shots(1, [1], RNG)[0].mask is None


def test_youtubevos_gives_one_target_an_object(layout: Layout) -> None:
    names = ["003234408d", "0062f687f1"]
    layouts.youtubevos(layout, "2019", "train", names)
    footage = open_footage("youtubevos2019", layout.root, "jj_train")
    held_out = open_footage("youtubevos2019", layout.root, "train")
    assert len(held_out) == 4
    assert len(footage) <= 4
    assert [held_out.describe(i, []) for i in range(2)] == [
        "youtubevos2019-train/003234408d#1:",
        "youtubevos2019-train/003234408d#2:",
    ]
    # object 2 starts in the second frame, and nobody labelled the third
    assert held_out.moments(0).visible.tolist() == [True, True, False]
    assert held_out.moments(1).visible.tolist() == [False, True, False]


def test_a_folder_serves_to_train_on(shared_data: Path) -> None:
    footage = open_footage("folder", shared_data / "sot")
    moments = footage.moments(0)
    assert len(footage) == 9
    assert len(moments.visible) == len(moments.boxes) > 200
    (shot,) = footage.shots(0, [4], RNG)
    np.testing.assert_array_equal(shot.box, moments.boxes[4])


def test_a_target_that_is_nowhere_present_is_never_visible(layout: Layout) -> None:
    name = next(s.name for s in find_sequences(find_entry("trackingnet"), layout.root, "train_0"))
    layout.frames(f"TRAIN_0/frames/{name}", "%d.jpg", range(3))
    layout.text(f"TRAIN_0/anno/{name}.txt", "0,0,0,0\n" * 3)
    assert not opened("trackingnet", layout.root, "train_0").moments(0).visible.any()


@pytest.mark.parametrize("policy", ["causal", "interval", "ordered", "occlusion"])
def test_nothing_is_drawn_from_a_sequence_of_one_frame(policy: Any, layout: Layout) -> None:
    layout.frames("car/img", "%04d.jpg", (1,))
    layout.text("car/groundtruth_rect.txt", "1,2,10,8\n")
    mixture = Mixture([open_footage("folder", layout.root)])
    with pytest.raises(DatasetError, match="folder: none of 1000 targets drawn is visible in enough frames"):
        Sampling(policy=policy).draw(mixture, Dice.of(0))


def test_truth_that_cannot_be_used_is_named_when_it_is_drawn(layout: Layout) -> None:
    layouts.lasot(layout, ["airplane-2", "airplane-3"])
    (layout.root / "airplane/airplane-2/groundtruth.txt").write_text("1,2,3\n")
    (layout.root / "airplane/airplane-3/img/00000003.jpg").unlink()
    footage = opened("lasot", layout.root, "train")
    with pytest.raises(DatasetError, match=r"airplane-2/groundtruth.txt, line 1"):
        footage.moments(0)
    with pytest.raises(DatasetError, match="has 2 frames, but"):
        footage.moments(1)


@pytest.mark.parametrize("content", [None, b"", b"no picture", b"\xff\xd8 \xff\xd9", "half"])
def test_a_picture_that_cannot_be_read_is_named(
    content: bytes | str | None, tmp_path: Path, pictures: list[Path]
) -> None:
    path = tmp_path / "picture.jpg"
    if content is not None:
        whole = pictures[0].read_bytes()
        path.write_bytes(whole[: len(whole) // 2] if isinstance(content, str) else content)
    with pytest.raises(SourceError, match=r"picture.jpg: (no such file|cannot be read)"):
        read_picture(path)


def test_pictures_are_read_as_everywhere_else(tmp_path: Path, pictures: list[Path]) -> None:
    from PIL import Image

    picture = Image.open(pictures[0])
    exif = picture.getexif()
    exif[0x0112] = 6
    for name, settings in {"a.png": {}, "grey.jpg": {}, "turned.jpg": {"exif": exif}, "16.png": {}}.items():
        image = picture.convert("L") if name == "grey.jpg" else picture
        if name == "16.png":
            image = Image.fromarray(np.full((5, 7), 257 * 9, np.uint16))
        image.save(tmp_path / name, **settings)
        read = read_picture(tmp_path / name)
        assert read.dtype == np.uint8
        known = read_image(tmp_path / name)
        if name == "16.png":
            assert (read == 9).all()
        else:
            known = known if known.ndim == 3 else np.repeat(known[:, :, None], 3, axis=2)
            np.testing.assert_allclose(read.astype(int), known.astype(int), atol=2)


def test_workers_get_little_to_carry(layout: Layout) -> None:
    layouts.davis(layout, "2017", "train")
    footage = VideoFootage(open_dataset("davis2017", layout.root, "train", lazy=True))
    fresh = len(pickle.dumps(footage))
    for index in range(len(footage)):
        footage.moments(index)
    assert len(pickle.dumps(footage)) == fresh < 30_000
    twin = pickle.loads(pickle.dumps(footage))
    np.testing.assert_array_equal(twin.moments(5).boxes, footage.moments(5).boxes)
    assert twin.describe(5, [1]) == footage.describe(5, [1])


def test_a_large_set_is_quick_to_send(tmp_path: Path) -> None:
    sequences = find_sequences(find_entry("trackingnet"), tmp_path, "train_0")
    footage = VideoFootage(Dataset("trackingnet", tmp_path, sequences, "train_0"))
    assert len(footage) == 2511
    assert len(pickle.dumps(footage)) < 800_000


@pytest.mark.parametrize(
    ("name", "split"), [("lasot", "train"), ("got10k", "val"), ("youtubevos2019", None), ("coco2017", None)]
)
def test_the_folder_of_another_data_set_is_recognised(name: str, split: str | None, layout: Layout) -> None:
    layouts.davis(layout, "2017", "val")
    with pytest.raises(DatasetError, match="looks like davis2016 or davis2017") as caught:
        open_footage(name, layout.root, split)
    assert str(layout.root) in str(caught.value)
    assert "ROOT/" in str(caught.value)


def test_sequences_that_are_missing_are_left_out_loudly(layout: Layout) -> None:
    layouts.lasot(layout, ["airplane-2", "zebra-1"])
    with pytest.warns(
        SaccadeWarning, match=r"1,118 of 1,120 sequences of lasot-train are missing.*--split train"
    ):
        assert len(open_footage("lasot", layout.root)) == 2


def test_stills_are_one_picture_however_many_are_asked_for(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.coco(tmp_path, pictures)
    footage = open_footage("coco2017", tmp_path)
    assert isinstance(footage, Footage)
    assert (footage.name, footage.is_video, footage.has_occlusion, footage.has_masks) == (
        "coco2017-train",
        False,
        False,
        True,
    )
    shots = footage.shots(0, [1, 1, 1], RNG)
    assert len(shots) == 3
    assert shots[0] is shots[2]
    np.testing.assert_array_equal(shots[0].image, read_image(pictures[0]))
    assert shots[0].box.tolist() == list(BOX)
    np.testing.assert_array_equal(shots[0].mask, block())
    # the box is that of the file, not the one around the outline
    assert footage.shots(1, [1], RNG)[0].box.tolist() == [10.5, 20, 30, 40]
    boxes, visible, valid, visibility = footage.moments(0)
    assert (boxes.shape, visible.tolist(), valid.tolist(), visibility) == ((1, 4), [True], [True], None)
    assert footage.describe(2, [1, 1]) == "coco2017-train/000000000009#13"
    assert open_footage("coco2017", tmp_path, masks=False).shots(0, [1], RNG)[0].mask is None


def test_the_box_of_a_still_with_a_mask_alone_is_around_it(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.msra10k(tmp_path, pictures)
    footage = open_footage("msra10k", tmp_path)
    assert footage.shots(0, [1], RNG)[0].box.tolist() == list(BOX)
    assert footage.moments(0).boxes.tolist() == [list(BOX)]
    still_layouts.mask_picture(tmp_path / "Imgs" / "1.png", np.zeros((240, 360), bool))
    with pytest.raises(DatasetError, match="msra10k/1: nothing is in its mask"):
        footage.shots(0, [1], RNG)


def test_a_still_that_is_missing_is_named(tmp_path: Path, pictures: list[Path]) -> None:
    still_layouts.coco(tmp_path, pictures)
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(SourceError, match=r"000000000007.jpg: no such file"):
        open_footage("coco2017", tmp_path).shots(0, [1], RNG)


def test_sequences_whose_masks_do_not_fit_are_left_out_loudly(shared_data: Path) -> None:
    with pytest.warns(
        SaccadeWarning, match=r"1 of \d+ sequences of folder are left out: judo-sparse;.*853x480"
    ):
        footage = open_footage("folder", shared_data / "vos")
    names = {footage.describe(index, []).partition("#")[0] for index in range(len(footage))}
    assert "folder/libby" in names
    assert "folder/judo-sparse" not in names


def test_where_no_sequence_can_be_used_the_first_says_why(layout: Layout) -> None:
    layout.frames("JPEGImages/480p/bear", "%05d.jpg", range(2))
    masked(layout.root / "Annotations/480p/bear", {0: {1: 20}, 7: {1: 20}})
    with pytest.raises(DatasetError, match=r"00007.png: there is no frame of that name"):
        open_footage("folder", layout.root)


def test_a_folder_without_frames_is_left_out_loudly(layout: Layout) -> None:
    for name in ("car", "cup"):
        layout.text(f"{name}/groundtruth_rect.txt", "1,2,10,8\n")
    layout.frames("car/img", "%04d.jpg", (1,))
    assert len(opened("folder", layout.root)) == 1
