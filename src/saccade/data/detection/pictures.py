"""The pictures of an annotated set: read for use, and looked at for what is wrong with them."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt8
from PIL import Image, ImageOps

from saccade.core import DatasetError, Frame, FrameError
from saccade.data.pictured import Pictured
from saccade.media import images
from saccade.media.files import replacing

LIKENESS = 6
"""bits of the 128 in which the fingerprints of one picture in two copies differ at most

Of 600 copies of 300 pictures, saved anew as JPEG of quality 50 or at half the size, 595 stay within; of two
pictures that do not show the same, none differ by fewer than 19, where there is more in them than a small
thing on plain ground.
"""
UNLIKENESS = 1 / 3
"""root mean square of the difference between two thumbnails by their contrast from which pictures differ

So are pictures told apart whose ground is plain, of which few bits say anything. Those copies have 0.16 at
most; pictures of one disk, somewhere on white, 0.5 at least.
"""
_ENOUGH = 16
"""earlier pictures that show the same as another: of more than so many only some are told"""
_AT_ONCE = 256
_BITS = 8
_THUMBNAIL = 16
_UPRIGHT = 1
_EXIF_ORIENTATION = 0x0112


def read_image(annotated: Pictured) -> UInt8[np.ndarray, "H W 3"]:
    """The pixels of a picture, RGB: what its annotations were made on.

    Grayscale is repeated, CMYK is converted, 16 bits are scaled by their full range, and the orientation that
    a camera noted (EXIF) is applied, unless the annotation states the size of the picture as it lies in the
    file.

    Raises:
        DatasetError: when it is missing, ends early, is no picture, or not as large as the annotation says.
    """
    path, stated = annotated.file, annotated.size_wh
    try:
        pixels = Frame.of(images.read_image(path)).image
        size_wh = (pixels.shape[1], pixels.shape[0])
        if stated is not None and stated != size_wh:
            pixels = _as_stored(path, stated)
    except (FrameError, *images.DECODING_ERRORS) as error:
        raise DatasetError(
            f"{path}: cannot be read ({images.decoding_reason(error)}); {READING_REMEDY}"
        ) from None
    if stated is not None and stated != (pixels.shape[1], pixels.shape[0]):
        raise DatasetError(
            f"{path} is {size_wh[0]}x{size_wh[1]} pixels large, but {annotated.annotation} says "
            f"{stated[0]}x{stated[1]}; {READING_REMEDY}"
        )
    return pixels


READING_REMEDY = (
    "saccade data check ROOT shows all such, and --fix DIR writes a mended copy of a detection set"
)
"""what to do about a picture that cannot be read"""


def _as_stored(path: Path, stated: tuple[int, int]) -> UInt8[np.ndarray, "H W 3"]:
    """The picture as it lies in the file, where that is as large as its annotation says; else upright."""
    with Image.open(path) as picture:
        is_turned = picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT) != _UPRIGHT
        is_meant = is_turned and picture.size == stated
        return np.asarray((picture if is_meant else ImageOps.exif_transpose(picture)).convert("RGB"))


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to know of a picture file without its annotation.

    Attributes:
        size_wh: as it is shown.
        stored_wh: as it lies in the file.
        orientation: EXIF's; 1 is upright.
        mode: Pillow's name for its kind of pixels.
        digest: names the bytes of the file.
        fingerprint: 128 bits that hardly change when a picture is saved anew or resized.
        thumbnail: 16 x 16 gray levels.
        error: why it could not be read; all but the digest means nothing then.
    """

    size_wh: tuple[int, int] = (0, 0)
    stored_wh: tuple[int, int] = (0, 0)
    orientation: int = _UPRIGHT
    mode: str = "RGB"
    digest: str = ""
    fingerprint: bytes = b""
    thumbnail: bytes = bytes(_THUMBNAIL**2)
    error: str = ""


def look_at(path: Path) -> Look:
    """Reads a picture to its end; JPEG at an eighth of its size, which finds the same faults sooner."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return Look(error=images.decoding_reason(error))
    try:
        with Image.open(path) as picture:
            stored_wh, mode = picture.size, picture.mode
            orientation = picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT)
            if mode != "CMYK":
                picture.draft("L", (8 * _BITS, 8 * _BITS))
            picture.load()
            fingerprint, thumbnail = _prints(picture)
    except images.DECODING_ERRORS as error:
        return Look(digest=digest, error=images.decoding_reason(error))
    size_wh = stored_wh[::-1] if orientation >= 5 else stored_wh
    return Look(size_wh, stored_wh, orientation, mode, digest, fingerprint, thumbnail)


def look_at_all(paths: Sequence[Path], on_picture: Callable[[], None] = lambda: None) -> dict[Path, Look]:
    """Looks at pictures, several at a time.

    Args:
        on_picture: is called after each.
    """
    found: dict[Path, Look] = {}
    with ThreadPoolExecutor() as pool:
        for path, look in zip(paths, pool.map(look_at, paths), strict=True):
            found[path] = look
            on_picture()
    return found


def _prints(picture: Image.Image) -> tuple[bytes, bytes]:
    """Where a tiny copy is brighter than beside, and where it is brighter than on average; a thumbnail."""
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I") or upright.mode == "F":
        values = np.asarray(upright, np.float32)
        top = float(values.max(initial=0)) or 1.0
        upright = Image.fromarray((values * (255 / top)).clip(0, 255).astype(np.uint8))
    gray = upright.convert("L")
    wide = np.asarray(gray.resize((_BITS + 1, _BITS), Image.Resampling.BOX), np.int16)
    small = np.asarray(gray.resize((_BITS, _BITS), Image.Resampling.BOX), np.int16)
    bits = np.concatenate([(wide[:, 1:] > wide[:, :-1]).ravel(), (small > small.mean()).ravel()])
    thumbnail = gray.resize((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BOX)
    return np.packbits(bits).tobytes(), thumbnail.tobytes()


def alike(looks: Sequence[Look], most: int = LIKENESS) -> Int64[np.ndarray, "K 2"]:
    """Pairs of pictures that show the same, in order; of a picture that has many, some with earlier ones.

    Their fingerprints differ by at most so many bits, at most 7, and their thumbnails by less than
    `UNLIKENESS`.

    Two that differ by fewer than 8 bits of 16 bytes have at least 8 bytes in common, so that one half of two
    neighbouring bytes is equal: only those that share such a pair are compared.
    """
    if len(looks) < 2:
        return np.zeros((0, 2), np.int64)
    prints = np.frombuffer(b"".join(look.fingerprint for look in looks), np.uint8).reshape(len(looks), -1)
    thumbnails = np.frombuffer(b"".join(look.thumbnail for look in looks), np.uint8).reshape(len(looks), -1)
    earlier: list[set[int]] = [set() for _ in looks]
    for band in range(0, prints.shape[1], 2):
        keys = prints[:, band].astype(np.int64) * 256 + prints[:, band + 1]
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.diff(keys[order], prepend=-1))
        for group in np.split(order, starts[1:]):
            for place, one in enumerate(group.tolist()):
                if len(earlier[one]) < _ENOUGH:
                    earlier[one].update(_like(one, group[:place], prints, thumbnails, most))
    pairs = sorted((first, one) for one, found in enumerate(earlier) for first in found)
    return np.array(pairs, np.int64).reshape(-1, 2)


def _like(
    one: int,
    others: Int64[np.ndarray, " G"],
    prints: UInt8[np.ndarray, "N B"],
    thumbnails: UInt8[np.ndarray, "N T"],
    most: int,
) -> list[int]:
    """The first of some pictures that show the same as one.

    Where a camera stands still all pictures are alike, and nobody wants to know all their pairs.
    """
    found: list[int] = []
    thumbnail = thumbnails[one].astype(np.float32)
    for start in range(0, len(others), _AT_ONCE):
        near = others[start : start + _AT_ONCE]
        near = near[np.bitwise_count(prints[near] ^ prints[one]).sum(axis=1) <= most]
        differences = np.sqrt(np.square(thumbnails[near] - thumbnail).mean(axis=1))
        contrasts = np.minimum(thumbnails[near].std(axis=1), thumbnail.std()).clip(min=1)
        found += near[differences < UNLIKENESS * contrasts].tolist()
        if len(found) >= _ENOUGH:
            break
    return found[:_ENOUGH]


def groups_of(pairs: Int64[np.ndarray, "K 2"], number: int) -> list[list[int]]:
    """Pictures that hang together by pairs, each group in order; one alone is a group."""
    parents = list(range(number))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for a, b in pairs.tolist():
        low, high = sorted((root(a), root(b)))
        parents[high] = low
    groups: dict[int, list[int]] = {}
    for place in range(number):
        groups.setdefault(root(place), []).append(place)
    return list(groups.values())


def seen_size(file: Path, stated: tuple[int, int] | None) -> tuple[int, int]:
    """Width and height of a picture as its boxes see it: as it is shown, or as it lies in the file where that
    is what the annotation states.

    Raises:
        DatasetError: when it cannot be read, or has neither size.
    """
    shown = images.picture_size(file)
    if shown is None:
        raise DatasetError(f"{file}: cannot be read as a picture; {READING_REMEDY}")
    if stated not in (None, shown, shown[::-1]) or (stated == shown[::-1] != shown and not is_turned(file)):
        assert stated is not None
        raise DatasetError(
            f"{file} is {shown[0]}x{shown[1]} pixels large, but its annotation says {stated[0]}x{stated[1]}; "
            f"{READING_REMEDY}"
        )
    return stated or shown


def is_turned(file: Path) -> bool:
    """Whether a camera noted that a picture lies on its side.

    Raises:
        DatasetError: when it cannot be read.
    """
    try:
        with Image.open(file) as picture:
            return int(picture.getexif().get(_EXIF_ORIENTATION, _UPRIGHT)) >= 5
    except images.DECODING_ERRORS as error:
        raise DatasetError(
            f"{file}: cannot be read ({images.decoding_reason(error)}); {READING_REMEDY}"
        ) from None


def save_plain(file: Path, target: Path, *, is_turned: bool) -> None:
    """Writes a copy of a picture that every program reads alike: RGB or gray, 8 bits, no orientation.

    Args:
        is_turned: whether it is turned as its orientation says, rather than left as it lies in the file.

    Raises:
        OutputError: when it cannot be written.
    """
    with Image.open(file) as picture:
        kind = picture.format or "PNG"
        quality = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
        plain = ImageOps.exif_transpose(picture) if is_turned else picture
        pixels = np.asarray(plain if plain.mode in ("L", "RGB") else plain.convert("RGB"))
    with replacing(target) as part:
        Image.fromarray(pixels).save(part, format=kind, **quality)
