"""Folders, patterns and lists of pictures, and single ones, whole and broken."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from saccade.core import SaccadeWarning, SourceError
from saccade.media import open_source
from saccade.media.images import natural_order
from tests.unit.media.clips import SIZE_WH, number_in, picture


def numbers(source: object, **options: object) -> list[tuple[int, int]]:
    """(index, number shown) of every frame."""
    with open_source(source, **options) as frames:
        return [(frame.index, number_in(frame.image)) for frame in frames]


def test_a_folder_is_read_in_natural_order(make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=12)
    (folder / "._img3.png").write_bytes(b"what macOS leaves behind")
    (folder / "notes.txt").write_text("no picture")
    with open_source(folder) as frames:
        assert (frames.name, frames.num_frames, frames.size_wh) == (str(folder), 12, SIZE_WH)
        assert (frames.fps, frames.live, frames.skipped, frames.dropped) == (None, False, [], 0)
        shown = [(frame.index, frame.time, number_in(frame.image)) for frame in frames]
    assert shown == [(i, None, i) for i in range(12)]


@pytest.mark.parametrize("inner", ["img", "color", "img1"])  # OTB, VOT, MOTChallenge
def test_the_folder_of_a_sequence_stands_for_its_pictures(
    make_folder: Callable[..., Path], inner: str
) -> None:
    folder = make_folder(f"sequence/{inner}", count=3).parent
    assert numbers(folder) == [(0, 0), (1, 1), (2, 2)]


def test_a_pattern_takes_what_matches(make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=12)
    assert numbers(f"{folder}/img1*.png") == [(0, 1), (1, 10), (2, 11)]


def test_a_list_is_relative_to_its_file(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder("a/frames", count=3)
    listing = tmp_path / "a" / "list.txt"
    listing.write_text("frames/img2.png\n\nframes/img0.png\r\n" + f"{tmp_path}/a/frames/img1.png")
    assert numbers(str(listing)) == [(0, 2), (1, 0), (2, 1)]


def test_one_picture_is_a_source_of_one_frame(make_folder: Callable[..., Path]) -> None:
    assert numbers(make_folder(count=3) / "img2.png") == [(0, 2)]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, None, range(12)), (3, 5, range(3, 5)), (11, None, range(11, 12)), (5, 1000, range(5, 12))],
)
def test_start_and_end_choose_frames_and_keep_their_index(
    make_folder: Callable[..., Path], start: int, end: int | None, expected: range
) -> None:
    folder = make_folder(count=12)
    assert numbers(folder, start=start, end=end) == [(i, i) for i in expected]
    with open_source(folder, start=start, end=end) as frames:
        assert frames.num_frames == len(expected)


COLOR = picture(5)
GRAY = COLOR[..., 1]


@pytest.mark.parametrize(
    ("name", "pixels", "expected"),
    [
        ("a.jpg", COLOR, COLOR),
        ("a.bmp", COLOR, COLOR),
        ("a.webp", COLOR, COLOR),
        ("a.tiff", COLOR, COLOR),
        ("a.ppm", COLOR, COLOR),
        ("gray.png", GRAY, np.dstack([GRAY] * 3)),
        ("gray16.png", GRAY.astype(np.uint16) * 257, np.dstack([GRAY] * 3)),
        ("gray16.tiff", GRAY.astype(np.uint16) * 257, np.dstack([GRAY] * 3)),
        ("color16.png", COLOR.astype(np.uint16) * 257, COLOR),
        ("alpha.png", np.dstack([COLOR, GRAY]), COLOR),
    ],
)
def test_every_kind_of_picture_comes_as_rgb(
    tmp_path: Path, name: str, pixels: np.ndarray, expected: np.ndarray
) -> None:
    path = tmp_path / name
    order = pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    assert cv2.imwrite(str(path), order)
    with open_source(path) as frames:
        (frame,) = frames
    # JPEG and WebP lose a little at edges
    assert np.abs(frame.image.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("mode", ["P", "LA", "1", "CMYK"])
def test_rarer_modes_are_converted(tmp_path: Path, mode: str) -> None:
    Image.fromarray(GRAY).convert("RGB").convert(mode).save(
        path := tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    )
    with open_source(path) as frames:
        (frame,) = frames
    assert number_in(frame.image) == 5


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its left side: to be turned clockwise
    Image.fromarray(np.ascontiguousarray(np.rot90(COLOR))).save(path := tmp_path / "phone.jpg", exif=exif)
    with open_source(path) as frames:
        assert frames.size_wh == SIZE_WH
        (frame,) = frames
    assert frame.image.shape == COLOR.shape
    assert number_in(frame.image) == 5


def halve(path: Path) -> None:
    """Cuts a file in half."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


BREAKS = {
    "half a JPEG": ("img{}.jpg", halve),
    "half a PNG": ("img{}.png", halve),
    "half a BMP": ("img{}.bmp", halve),
    "half a WebP": ("img{}.webp", halve),
    "an empty file": ("img{}.jpg", lambda path: path.write_bytes(b"")),
    "a text": ("img{}.jpg", lambda path: path.write_text("this is no picture")),
    # only the end marker is missing: what was written last may be missing too
    "a JPEG without its end": ("img{}.jpg", lambda path: path.write_bytes(path.read_bytes()[:-2])),
}


@pytest.mark.parametrize(("pattern", "damage"), BREAKS.values(), ids=BREAKS)
def test_a_broken_picture_stops_at_its_frame_or_is_left_out(
    make_folder: Callable[..., Path], pattern: str, damage: Callable[[Path], object]
) -> None:
    folder = make_folder(count=6, pattern=pattern)
    damage(folder / pattern.format(3))
    delivered = []
    with (
        open_source(folder) as frames,
        pytest.raises(SourceError, match=r"frame 3 cannot be read.*--on-bad") as caught,
    ):
        delivered.extend(frame.index for frame in frames)
    assert delivered == [0, 1, 2]
    assert caught.value.frame == 3
    assert pattern.format(3) in str(caught.value)

    with open_source(folder, on_bad_frame="skip") as frames, pytest.warns(SaccadeWarning, match="frame 3"):
        assert [frame.index for frame in frames] == [0, 1, 2, 4, 5]
    assert len(frames.skipped) == 1 and pattern.format(3) in frames.skipped[0]


def test_bytes_after_the_end_of_a_jpeg_are_legal(make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=2, pattern="img{}.jpg")
    path = folder / "img1.jpg"
    path.write_bytes(path.read_bytes() + b"\0" * 4096)
    assert numbers(folder) == [(0, 0), (1, 1)]


def test_a_list_names_the_line_of_a_missing_picture(make_folder: Callable[..., Path], tmp_path: Path) -> None:
    make_folder(count=1)
    listing = tmp_path / "list.txt"
    listing.write_text("frames/img0.png\n\nframes/gone.png\n")
    with (
        open_source(listing) as frames,
        pytest.raises(SourceError, match=r"list\.txt, line 3: .*no such file") as e,
    ):
        list(frames)
    assert e.value.frame == 1


def test_frames_may_change_size_midway(tmp_path: Path) -> None:
    for i, size_wh in enumerate([(40, 30), (50, 20)]):
        cv2.imwrite(str(tmp_path / f"{i}.png"), picture(i, size_wh))
    with open_source(tmp_path) as frames:
        assert [frame.size_wh for frame in frames] == [(40, 30), (50, 20)]


def refuse(source: object, **options: object) -> str:
    """The message with which a source is refused."""
    with pytest.raises(SourceError) as caught, open_source(source, **options) as frames:
        list(frames)
    return str(caught.value)


def test_what_holds_no_picture_is_refused(tmp_path: Path, make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=2)
    (empty := tmp_path / "empty").mkdir()
    (tmp_path / "empty.txt").write_text(" \n\n")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00\xd8")
    assert "no such file or folder" in refuse(tmp_path / "gone")
    assert "no such file or folder" in refuse(str(tmp_path / "gone.mp4"))
    assert "no picture in this folder" in refuse(empty)
    assert "no picture matches" in refuse(f"{folder}/*.jpg")
    assert "the list is empty" in refuse(tmp_path / "empty.txt")
    assert "cannot be read as a list" in refuse(tmp_path / "binary.txt")
    assert "has only 2" in refuse(folder, start=2)
    assert "no frame lies between" in refuse(folder, start=-1)
    assert "no frame lies between" in refuse(folder, start=1, end=1)
    assert "cannot read from ftp://" in refuse("ftp://host/clip.mp4")
    assert "from a float" in refuse(1.5)


def test_a_source_whose_every_frame_is_left_out_is_refused(make_folder: Callable[..., Path]) -> None:
    folder = make_folder(count=1)
    halve(folder / "img0.png")
    with pytest.warns(SaccadeWarning):
        assert "none of its frames could be read" in refuse(folder, on_bad_frame="skip")


def test_natural_order() -> None:
    names = [
        "img10.png",
        "img2.png",
        "IMG1.png",
        "img02.png",
        "a/9.png",
        "a/10.png",
        "a.png",
        "10.png",
        "9.png",
    ]
    assert [str(path) for path in natural_order(map(Path, names))] == [
        "9.png", "10.png", "a.png", "a/9.png", "a/10.png", "IMG1.png", "img02.png", "img2.png", "img10.png",
    ]  # fmt: skip


def test_a_real_sequence(shared_data: Path) -> None:
    with open_source(shared_data / "sot" / "OTB_Crossing") as frames:
        assert (frames.num_frames, frames.size_wh) == (120, (360, 240))
        first = next(frames)
    path = sorted((shared_data / "sot" / "OTB_Crossing" / "img").iterdir())[0]
    assert np.array_equal(first.image, cv2.imread(str(path))[..., ::-1])
