"""Pictures: every kind is read as RGB, as its boxes see it, or refused; copies are recognised."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError
from saccade.data.detection import AnnotatedImage, read_image
from saccade.data.detection.pictures import Look, alike, groups_of, look_at, save_plain, seen_size
from tests.unit.data.detection.sets import SIZE_WH, picture


def annotated(file: Path, size_wh: tuple[int, int] | None = None) -> AnnotatedImage:
    none = np.zeros(0, bool)
    return AnnotatedImage(
        name=file.stem,
        file=file,
        annotation=file.with_suffix(".xml"),
        size_wh=size_wh,
        boxes=np.zeros((0, 4), np.float32),
        labels=np.zeros(0, np.int64),
        is_crowd=none,
        is_difficult=none,
        id=0,
    )


def turned(path: Path, orientation: int) -> Path:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return picture(path, exif=exif)


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("RGB", ".jpg"), ("L", ".png"), ("RGBA", ".png"), ("P", ".png"), ("CMYK", ".jpg"), ("1", ".png")],
)
def test_every_kind_of_pixels_becomes_rgb(mode: str, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"a{suffix}"
    with Image.open(picture(tmp_path / "rgb.png")) as plain:
        plain.convert(mode).save(file)
        expected = np.asarray(plain.convert(mode).convert("RGB"), int)
    pixels = read_image(annotated(file, SIZE_WH))
    assert pixels.shape == (48, 64, 3) and pixels.dtype == np.uint8
    assert np.abs(pixels - expected).mean() < 12


def test_16_bits_are_scaled_by_their_range(tmp_path: Path) -> None:
    values = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = read_image(annotated(tmp_path / "a.png"))
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert look_at(tmp_path / "a.png").mode.startswith("I")


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_picture_is_turned_as_its_boxes_see_it(orientation: int, tmp_path: Path) -> None:
    plain = read_image(annotated(picture(tmp_path / "plain.png")))
    file = turned(tmp_path / "a.png", orientation)
    rotated = np.rot90(plain, {3: 2, 6: 3, 8: 1}[orientation])
    shown = read_image(annotated(file))
    assert (shown == rotated).all()
    if orientation == 3:
        return
    assert (read_image(annotated(file, (48, 64))) == rotated).all(), "as the annotation states it"
    assert (read_image(annotated(file, (64, 48))) == plain).all(), "as it lies in the file"
    assert (seen_size(file, None), seen_size(file, (64, 48))) == ((48, 64), (64, 48))


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    whole = picture(tmp_path / "whole.jpg", size_wh=(640, 480)).read_bytes()
    (tmp_path / "half.jpg").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.jpg").write_text("none")
    for name, reason in (("half", "truncated"), ("text", "no picture"), ("absent", "no such file")):
        file = tmp_path / f"{name}.jpg"
        with pytest.raises(DatasetError, match=rf"{name}\.jpg: cannot be read \(.*{reason}.*--fix DIR"):
            read_image(annotated(file))
        assert reason in look_at(file).error
    picture(tmp_path / "a.jpg")
    with pytest.raises(DatasetError, match=r"a\.jpg is 64x48 pixels large, but .*a\.xml says 32x48"):
        read_image(annotated(tmp_path / "a.jpg", (32, 48)))
    with pytest.raises(DatasetError, match="is 64x48 pixels large, but its annotation says 48x64"):
        seen_size(tmp_path / "a.jpg", (48, 64))


def test_copies_of_real_pictures_are_recognised_and_nothing_else(shared_data: Path, tmp_path: Path) -> None:
    files = sorted((shared_data / "det" / "BCCD" / "JPEGImages").glob("*.jpg"))[:40]
    copies = []
    for number, file in enumerate(files[:10]):
        with Image.open(file) as image:
            half = image.resize((image.width // 2, image.height // 2))
            copies.append(tmp_path / f"{number}.jpg")
            half.save(copies[-1], quality=60)
    looks = [look_at(file) for file in (*files, *copies)]
    pairs = {tuple(pair) for pair in alike(looks).tolist()}
    assert {(number, 40 + number) for number in range(10)} <= pairs
    # two show the same cells at another focus
    real = [(first, second) for first, second in pairs if second < 40]
    names = {files[place].stem for pair in real for place in pair}
    assert names in (set(), {"BloodImage_00037", "BloodImage_00038"})


@pytest.mark.parametrize(("bits", "is_found"), [(0, True), (6, True), (7, False), (30, False)])
def test_how_many_bits_may_differ(bits: int, is_found: bool) -> None:
    first = np.random.default_rng(1).integers(0, 256, 16).astype(np.uint8)
    second = first.copy()
    for place in np.random.default_rng(2).permutation(128)[:bits]:
        second[place // 8] ^= 1 << (place % 8)
    looks = [Look(fingerprint=each) for each in (first.tobytes(), bytes(range(16)), second.tobytes())]
    assert bool(len(alike(looks))) == is_found


def test_a_thing_elsewhere_on_plain_ground_is_another_picture(tmp_path: Path) -> None:
    looks = []
    for place in range(12):
        pixels = np.full((240, 320, 3), 255, np.uint8)
        top, left = 20 + 60 * (place % 3), 20 + 70 * (place // 3)
        pixels[top : top + 30, left : left + 30] = (200, 30, 30)
        for quality in (95, 40):
            Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=quality)
            looks.append(look_at(tmp_path / "a.jpg"))
    assert alike(looks).tolist() == [[number, number + 1] for number in range(0, 24, 2)]
    # nothing but white, and nothing but black
    blank = []
    for level in (255, 0, 255):
        Image.new("L", (64, 48), level).save(tmp_path / "b.png")
        blank.append(look_at(tmp_path / "b.png"))
    assert alike(blank).tolist() == [[0, 2]]


def test_groups_hang_together() -> None:
    pairs = np.array([[0, 3], [3, 5], [1, 2]])
    assert groups_of(pairs, 6) == [[0, 3, 5], [1, 2], [4]]
    assert groups_of(np.zeros((0, 2), np.int64), 2) == [[0], [1]]
    assert alike([]).shape == (0, 2)


def test_a_plain_copy_is_upright_and_rgb(tmp_path: Path) -> None:
    file = turned(tmp_path / "a.png", 6)
    for is_turned, size_wh in ((True, (48, 64)), (False, (64, 48))):
        save_plain(file, tmp_path / "plain.png", is_turned=is_turned)
        look = look_at(tmp_path / "plain.png")
        assert (look.size_wh, look.orientation, look.mode) == (size_wh, 1, "RGB")


def test_many_pictures_of_a_camera_that_stands_still() -> None:
    rng = np.random.default_rng(0)
    scenes = rng.integers(0, 256, (2, 16)).astype(np.uint8)
    looks = []
    for number in range(1200):
        fingerprint = scenes[number % 2].copy()
        fingerprint[rng.integers(16)] ^= 1
        looks.append(Look(fingerprint=fingerprint.tobytes()))
    pairs = alike(looks)
    assert len(pairs) < 1200 * 40, "not all of the 360,000"
    assert groups_of(pairs, 1200) == [list(range(0, 1200, 2)), list(range(1, 1200, 2))]
