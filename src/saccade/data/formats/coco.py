"""COCO's annotation files, read without building them: they describe hundreds of thousands of objects."""

import json
import mmap
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt8

from saccade.core import DatasetError
from saccade.core.errors import reason_of
from saccade.data.stills import check_mask_size
from saccade.ops.masks import decode_rle

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"
_FURTHEST = 1e7
"""pixels from any picture"""
# names in JSON are UTF-8, but places in the file are counted in bytes, of which this makes one letter each
_BYTEWISE = "latin-1"


@dataclass(frozen=True, eq=False)
class CocoIndex:
    """Where the objects of an annotation file are: A of them with a box that has area, in P pictures.

    What outlines an object is read from the file when it is asked for, so that a million objects take 46 MB.

    Attributes:
        file: the annotation file.
        names: the names of the picture files, UTF-8, (P,).
        pictures: the picture of each object, (A,).
        boxes: (x, y, w, h) in pixels, as they stand.
        ids: as they stand.
        places: first byte of each object in the file, and the one behind its last.
        crowds: objects that were left out, for each is a group.
        empty: objects that were left out, for their box has no area.
    """

    file: Path
    names: np.ndarray
    pictures: Int32[np.ndarray, " A"]
    boxes: Float32[np.ndarray, "A 4"]
    ids: Int64[np.ndarray, " A"]
    places: Int64[np.ndarray, "A 2"]
    crowds: int
    empty: int

    def __len__(self) -> int:
        return len(self.ids)

    def __getstate__(self) -> dict[str, Any]:
        # each process opens the file for itself
        return {key: value for key, value in self.__dict__.items() if key != "_text"}

    @cached_property
    def _text(self) -> mmap.mmap:
        return _mapped(self.file)

    def name(self, index: int) -> str:
        """The name of the picture file that an object is in."""
        return self.names[self.pictures[index]].decode()

    def mask(self, index: int, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
        """1 on an object and 0 elsewhere.

        Raises:
            DatasetError: when its outline cannot be used, or is that of a picture of another size.
        """
        where = f"{self.file}: annotation {self.ids[index]}"
        try:
            start, stop = self.places[index]
            outline = json.loads(self._text[start:stop])["segmentation"]
            height, width = size_hw if isinstance(outline, list) else map(int, outline["size"])
            if (height, width) != size_hw:
                # it might be of any size
                mask = None
            elif isinstance(outline, list):
                mask = np.zeros(size_hw, np.uint8)
                for corners in outline:
                    mask |= fill_polygon(np.array(corners, np.float64).reshape(-1, 2), size_hw)
            else:
                mask = decode_rle(outline).view(np.uint8)
        except (KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
            raise DatasetError(f"{where}: its segmentation cannot be used ({error}); correct it") from None
        check_mask_size(f"{where}: its mask", (height, width), size_hw)
        assert mask is not None
        return mask


def read_coco(file: Path) -> CocoIndex:
    """Reads where the objects of an annotation file are.

    Raises:
        DatasetError: when it is missing, ends early, or is no such file, naming the place.
    """
    names: dict[int, bytes] = {}
    rows = _Rows()
    with _mapped(file) as data:
        text = str(data, _BYTEWISE)
    try:
        for key, value, place in walk_lists(text):
            if key == "images":
                names[value["id"]] = _file_name(value)
            elif key == "annotations":
                rows.add(value, place)
    except (json.JSONDecodeError, IndexError, RecursionError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
        raise DatasetError(
            f"{file}, byte {at} of {len(text)}: not JSON, after {len(names)} images and {len(rows.ids)} "
            f"annotations; the file is cut off or damaged, take it anew"
        ) from None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{file}: image or annotation {len(names) + len(rows.ids)} is none of COCO's "
            f"({type(error).__name__}: {error}); take the original file anew"
        ) from None
    if not names or not rows.ids:
        raise DatasetError(
            f"{file}: {len(names)} images and {len(rows.ids)} annotations in it; give a file of instances, "
            f"with lists 'images' and 'annotations'"
        )
    return rows.index(file, names)


@dataclass(slots=True)
class _Rows:
    """What is kept of the objects read so far."""

    pictures: "array[int]" = field(default_factory=lambda: array("q"))
    boxes: "array[float]" = field(default_factory=lambda: array("f"))
    ids: "array[int]" = field(default_factory=lambda: array("q"))
    places: "array[int]" = field(default_factory=lambda: array("q"))
    crowds: int = 0
    empty: int = 0

    def add(self, row: Any, place: tuple[int, int]) -> None:
        if row.get("iscrowd"):
            self.crowds += 1
            return
        if not isinstance(row["bbox"], list):
            raise TypeError("its bbox is no list")
        x, y, w, h = map(float, row["bbox"])
        # also false for NaN
        if not (w > 0 and h > 0):
            self.empty += 1
            return
        if not all(abs(side) < _FURTHEST for side in (x, y, w, h)):
            raise ValueError(f"its bbox {row['bbox']} is in no picture")
        self.boxes.extend((x, y, w, h))
        self.pictures.append(row["image_id"])
        self.ids.append(row["id"])
        self.places.extend(place)

    def index(self, file: Path, names: dict[int, bytes]) -> CocoIndex:
        places = {image_id: place for place, image_id in enumerate(names)}
        unknown = next((i for i, image_id in enumerate(self.pictures) if image_id not in places), None)
        if unknown is not None:
            raise DatasetError(
                f"{file}: annotation {self.ids[unknown]} is of image {self.pictures[unknown]}, which is not "
                f"in the list of images; take the original file anew"
            )
        return CocoIndex(
            file,
            np.array(list(names.values())),
            np.array([places[image_id] for image_id in self.pictures], np.int32),
            np.array(self.boxes, np.float32).reshape(-1, 4),
            np.array(self.ids, np.int64),
            np.array(self.places, np.int64).reshape(-1, 2),
            self.crowds,
            self.empty,
        )


def _file_name(image: Any) -> bytes:
    # LVIS 1 names pictures by their address alone
    name: str = image["file_name"] if "file_name" in image else image["coco_url"].rpartition("/")[2]
    if not name or "\0" in name:
        raise ValueError("its file_name is none")
    try:
        as_it_stands = name.encode(_BYTEWISE)
        as_it_stands.decode()
    except UnicodeError:
        # its letters were written as escapes
        return name.encode()
    return as_it_stands


def take_lists(file: Path, takers: Mapping[str, Callable[[Any], None]], so_far: Callable[[], str]) -> None:
    """Hands every item of a file's lists to the one who takes those of that list.

    Args:
        takers: by the names of lists; others are passed over.
        so_far: what was taken, to be said where the file ends early.

    Raises:
        DatasetError: when the file cannot be read, or is no JSON, naming the place.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{file}: cannot be read ({reason_of(error)}); take it anew") from None
    try:
        for key, value, _ in walk_lists(text):
            if key in takers:
                takers[key](value)
    # a number may have more digits than Python reads
    except (IndexError, RecursionError, ValueError) as error:
        at = error.pos if isinstance(error, json.JSONDecodeError) else len(text)
        raise DatasetError(
            f"{file}, character {at} of {len(text)}: not JSON, after {so_far()}; the file is cut off or "
            f"damaged, take it anew"
        ) from None


def walk_lists(text: str) -> Iterator[tuple[str, Any, tuple[int, int]]]:
    """The items of all lists that stand in the object which the text is, each with the list's name and place.

    Only one item is held at a time.

    Raises:
        json.JSONDecodeError, IndexError: when the text is no JSON, or ends early.
    """
    at = _expect(text, _skip(text, 0), "{")
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ":")
        if text[at] != "[":
            _, at = _DECODER.raw_decode(text, at)
        else:
            at = _skip(text, at + 1)
            while text[at] != "]":
                value, stop = _DECODER.raw_decode(text, at)
                yield key, value, (at, stop)
                at = _next(text, stop, "]")
            at += 1
        at = _next(text, at, "}")


def _next(text: str, at: int, closing: str) -> int:
    """Where the next item is, behind a comma, or what closes them all."""
    at = _skip(text, at)
    return at if text[at] == closing else _expect(text, at, ",")


def _expect(text: str, at: int, sign: str) -> int:
    if text[at] != sign:
        raise json.JSONDecodeError(f"expected {sign}", text, at)
    return _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def _mapped(file: Path) -> mmap.mmap:
    try:
        with file.open("rb") as opened:
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:
        # an empty file cannot be mapped
        reason = getattr(error, "strerror", None) or "it is empty"
        raise DatasetError(f"{file}: cannot be read ({reason})") from None


def fill_polygon(corners: np.ndarray, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "H W"]:
    """1 on pixels whose middle is inside of a polygon, by the even-odd rule, and 0 elsewhere.

    Args:
        corners: (x, y) in pixels; the middle of the first pixel is at (0.5, 0.5).

    Raises:
        ValueError: for fewer than three corners, or one that is not finite or far from any picture.
    """
    # NaN is not near either
    if len(corners) < 3 or not (np.abs(corners) < _FURTHEST).all():
        raise ValueError(f"a polygon of {len(corners)} corners; expected at least 3, all near the picture")
    width = size_hw[1]
    start, stop = corners, np.roll(corners, -1, axis=0)
    low, high = np.minimum(start[:, 1], stop[:, 1]), np.maximum(start[:, 1], stop[:, 1])
    first = np.clip(np.ceil(low - 0.5), 0, size_hw[0]).astype(int)
    last = np.clip(np.ceil(high - 0.5), 0, size_hw[0]).astype(int)
    # each edge crosses the middles of these rows
    counts = last - first
    edges = np.repeat(np.arange(len(corners)), counts)
    rows = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + first[edges]
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (stop[:, 0] - start[:, 0]) / (stop[:, 1] - start[:, 1])
    x = start[edges, 0] + (rows + 0.5 - start[edges, 1]) * slopes[edges]
    columns = np.clip(np.ceil(x - 0.5), 0, width).astype(int)
    # what lies right of an odd number of crossings is inside
    mask = np.zeros(size_hw, np.uint8)
    top, bottom, left = first.min(), last.max(), columns.min(initial=width)
    crossings = np.zeros((bottom - top, columns.max(initial=left) + 1 - left), np.uint8)
    np.bitwise_xor.at(crossings, (rows - top, columns - left), 1)
    filled = np.bitwise_xor.accumulate(crossings, axis=1)
    mask[top:bottom, left : left + filled.shape[1]] = filled[:, : width - left]
    return mask
