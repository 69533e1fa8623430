"""A sheet of the pictures that have faults, with their boxes; those that are wrong are red."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from saccade.core import DatasetError
from saccade.data.detection.annotations import AnnotatedImage
from saccade.data.detection.check import Findings
from saccade.data.detection.pictures import read_image
from saccade.data.detection.records import Fault, RawImage
from saccade.draw.sheet import QUIET, Outline, Tile, draw_sheet
from saccade.media.files import make_folder, replacing

MOST = 24
"""pictures on a sheet"""
_COLUMNS, _TILE_WH = 4, (380, 285)
_RED, _GREEN = "#E5002B", "#21B04B"
_BESIDE = 0.15
"""how much is shown around a picture of which boxes reach beyond, in its sides"""
_LINE, _LINES, _NAME = 60, 5, 46


def write_sheet(findings: Findings, file: Path) -> int:
    """Writes the sheet as PNG; one picture of each kind of fault comes first.

    Returns:
        how many pictures are on it; none is written where there is nothing to show.

    Raises:
        OutputError: when it cannot be written.
    """
    images = {image.file: image for image in findings.images}
    told: dict[Path, list[Fault]] = {}
    for fault in findings.faults:
        if fault.picture is not None:
            told.setdefault(fault.picture, []).append(fault)
    chosen = _chosen(told)
    if not chosen:
        return 0
    tiles = [_tile(path, images.get(path), told.get(path, []), findings) for path in chosen]
    some = f"{len(told):,}" if len(told) <= len(chosen) else f"some of {len(told):,}"
    title = f"Pictures with faults: {some} · red: wrong · green: sound"
    make_folder(file.parent)
    with replacing(file) as part:
        Image.fromarray(draw_sheet(tiles, title, _COLUMNS, _TILE_WH)).save(part, format="PNG")
    return len(chosen)


def _chosen(told: dict[Path, list[Fault]]) -> list[Path]:
    """Pictures to show: each kind of fault in turn, as many of them as there is room for."""
    by_kind: dict[str, list[Path]] = {}
    beside: dict[Path, Path] = {}
    for path, faults in told.items():
        for fault in faults:
            by_kind.setdefault(fault.kind, []).append(path)
            if fault.other is not None:
                beside[path] = fault.other
    chosen: dict[Path, None] = {}
    for turn in range(max(map(len, by_kind.values()), default=0)):
        for paths in by_kind.values():
            if turn < len(paths) and paths[turn] not in chosen:
                chosen[paths[turn]] = None
                # what shows the same stands beside
                chosen |= dict.fromkeys([beside[paths[turn]]] if paths[turn] in beside else [])
    return list(chosen)[:MOST]


def _tile(path: Path, image: RawImage | None, faults: Sequence[Fault], findings: Findings) -> Tile:
    pixels = _pixels(path, image, findings)
    height, width = (1, 1) if pixels is None else pixels.shape[:2]
    margin = _BESIDE if any(fault.kind in ("beyond", "outside") for fault in faults) else 0.0
    lines = [line for fault in faults for line in _lines(fault)] or ["shows the same as the picture before"]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], f"… and more, {len(faults)} in all"]
    return Tile(
        picture=pixels,
        region=(-margin * width, -margin * height, (1 + margin) * width, (1 + margin) * height),
        outlines=_outlines(image, faults),
        words=(_short(path.name, _NAME), *lines),
        ink=_RED if faults else QUIET,
        frame=_RED if any(fault.number is None for fault in faults) else None,
    )


def _outlines(image: RawImage | None, faults: Sequence[Fault]) -> tuple[Outline, ...]:
    """All boxes; those that are wrong lie on top, with their number and class."""
    objects = () if image is None else image.objects
    wrong = {fault.number for fault in faults if fault.number is not None}
    sound = [Outline(box=each.box, color=_GREEN, width=1) for each in objects if each.number not in wrong]
    red = [
        Outline(box=each.box, color=_RED, width=3, word=f"{each.number} {each.name}")
        for each in objects
        if each.number in wrong
    ]
    return (*sound, *red)


def _pixels(path: Path, image: RawImage | None, findings: Findings) -> UInt8[np.ndarray, "H W 3"] | None:
    """The picture as its boxes see it, as far as that is clear."""
    none = np.zeros((0, 4), np.float32)
    flags = np.zeros(0, bool)
    try:
        return read_image(
            AnnotatedImage(
                name=path.stem,
                file=path,
                annotation=None if image is None else image.annotation,
                size_wh=findings.sizes.get(path),
                boxes=none,
                labels=np.zeros(0, np.int64),
                is_crowd=flags,
                is_difficult=flags,
                id=0,
            )
        )
    except DatasetError:
        return None


def _lines(fault: Fault) -> list[str]:
    """A fault in lines that fit under a picture."""
    # in a table of all boxes the place says more than the file
    text = f"{fault.place}: {fault.reason}" if fault.place else fault.reason
    for file in (fault.file, *([fault.picture] if fault.picture else ())):
        text = text.replace(f"{file.parent}/", "")
    words, lines = text.split(), [""]
    for word in words:
        word = _short(word, _LINE)
        if len(lines[-1]) + len(word) > _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"…{text[1 - most :]}"
