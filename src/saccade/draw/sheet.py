"""Many pictures, or cut-outs of them, on one, each with words below: what to look at first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

Picture = UInt8[np.ndarray, "H W 3"]
Box = tuple[float, float, float, float]
"""corners (x1, y1, x2, y2) in pixels of a picture"""

ToTile = Callable[[Float[np.ndarray, "*N 2"]], Float[np.ndarray, "*N 2"]]
"""from pixels of a picture to those of a tile, as key points have them"""
Paint = Callable[[Picture, ToTile], None]
"""draws on the pixels of a tile, in place"""

TILE_WH = (232, 174)
"""of a cut-out, in pixels of the sheet"""
CONTEXT = 2.2
"""how many times as long as the box a cut-out is at least"""
CLOSEST = 48.0
"""the shortest cut-out, in pixels of the picture, so that a tiny box is still seen where it is"""
_GAP, _LINE, _TITLE = 8, 15, 24
_PAPER, _INK, _VOID = "#FFFFFF", "#1C2329", "#E6E9ED"
QUIET = "#57626D"
"""ink of what matters less"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A box that is drawn.

    Attributes:
        color: `#RRGGBB`.
        width: of the line, in pixels of the sheet.
        has_rim: whether a dark line around it keeps it visible on its own colour.
        word: stands above it.
    """

    box: Box
    color: str
    width: int = 2
    has_rim: bool = False
    word: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Tile:
    """A part of a picture.

    Attributes:
        picture: RGB; None where it cannot be read.
        region: what is shown of it, as large as there is room for; it may reach beyond.
        outlines: what is drawn; the last lies on top.
        paint: draws more below them.
        words: lines below it.
        ink: colour of all lines but the first.
        frame: colour of a line around the tile; none for None.
    """

    picture: Picture | None
    region: Box
    outlines: tuple[Outline, ...]
    words: tuple[str, ...]
    ink: str = QUIET
    frame: str | None = None
    paint: Paint | None = None


def around(box: Box, picture: Picture) -> Box:
    """The region that shows a box and what is around it."""
    x1, y1, x2, y2 = box
    aspect = TILE_WH[0] / TILE_WH[1]
    height = max(CONTEXT * (y2 - y1), CONTEXT * (x2 - x1) / aspect, CLOSEST)
    # no wider than the picture, where the box is nearly all of it
    height = min(height, max(picture.shape[0], picture.shape[1] / aspect))
    x, y, width = (x1 + x2) / 2, (y1 + y2) / 2, height * aspect
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def draw_sheet(
    tiles: Sequence[Tile], title: str, columns: int = 6, tile_wh: tuple[int, int] = TILE_WH
) -> Picture:
    """The tiles in rows, under a title."""
    columns = max(1, min(columns, len(tiles)))
    lines = max((len(tile.words) for tile in tiles), default=0)
    width, height = tile_wh[0] + _GAP, tile_wh[1] + lines * _LINE + 2 * _GAP
    rows = -(-len(tiles) // columns)
    least = int(_font(13).getlength(title)) + 2 * _GAP
    sheet = Image.new("RGB", (max(columns * width + _GAP, least), rows * height + _TITLE + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP, _GAP), title, fill=_INK, font=_font(13))
    for number, tile in enumerate(tiles):
        left, top = _GAP + number % columns * width, _TITLE + _GAP + number // columns * height
        sheet.paste(_drawn(tile, tile_wh), (left, top))
        for line, text in enumerate(tile.words):
            place = (left, top + tile_wh[1] + 2 + line * _LINE)
            fitting = _fitting(text, tile_wh[0])
            pen.text(place, fitting, fill=tile.ink if line else _INK, font=_font(12))
    return np.asarray(sheet)


def _drawn(tile: Tile, size_wh: tuple[int, int]) -> Image.Image:
    """The region in the middle of a tile, with the outlines on it."""
    drawn = Image.new("RGB", size_wh, _VOID)
    pen = ImageDraw.Draw(drawn)
    if tile.picture is None:
        pen.text((12, size_wh[1] / 2 - 8), "cannot be read", fill=_INK, font=_font(15))
    else:
        x1, y1, x2, y2 = tile.region
        scale = min(size_wh[0] / (x2 - x1), size_wh[1] / (y2 - y1))
        # what lies in the upper left corner of the tile, in pixels of the picture
        corner = (x1 + x2 - size_wh[0] / scale) / 2, (y1 + y2 - size_wh[1] / scale) / 2
        _paste(drawn, Image.fromarray(tile.picture), corner, scale)
        if tile.paint is not None:
            pixels = np.array(drawn)
            # the middles of the upper left pixels, of the picture and of the tile, are (0, 0)
            origin = np.array(corner) - 0.5
            tile.paint(pixels, lambda points: (points - origin) * scale - 0.5)
            drawn.paste(Image.fromarray(pixels))
        for outline in tile.outlines:
            _outline(pen, outline, corner, scale, size_wh)
    if tile.frame is not None:
        pen.rectangle((0, 0, size_wh[0] - 1, size_wh[1] - 1), outline=tile.frame, width=3)
    return drawn


def _paste(drawn: Image.Image, picture: Image.Image, corner: tuple[float, float], scale: float) -> None:
    """Lays a picture on the grey that is seen where it does not reach."""
    left, top = corner
    inner = (
        max(left, 0.0),
        max(top, 0.0),
        min(left + drawn.width / scale, picture.width),
        min(top + drawn.height / scale, picture.height),
    )
    size = (round((inner[2] - inner[0]) * scale), round((inner[3] - inner[1]) * scale))
    if min(size) > 0:
        shown = picture.resize(size, Image.Resampling.BILINEAR, box=inner)
        drawn.paste(shown, (round((inner[0] - left) * scale), round((inner[1] - top) * scale)))


def _outline(
    pen: ImageDraw.ImageDraw,
    outline: Outline,
    corner: tuple[float, float],
    scale: float,
    size_wh: tuple[int, int],
) -> None:
    corners = [(value - origin) * scale for value, origin in zip(outline.box, corner * 2, strict=True)]
    x1, x2 = sorted(corners[::2])
    y1, y2 = sorted(corners[1::2])
    # around the box, not on it: of a tiny one nothing else would be seen
    pen.rectangle([x1 - 2, y1 - 2, x2 + 1, y2 + 1], outline=outline.color, width=outline.width)
    if outline.has_rim:
        pen.rectangle([x1 - 3, y1 - 3, x2 + 2, y2 + 2], outline="#101418", width=1)
    if outline.word:
        right = size_wh[0] - _font(12).getlength(outline.word) - 2
        place = (max(min(x1, right), 2), min(max(y1 - 17, 2), size_wh[1] - 17))
        pen.text(place, outline.word, fill=outline.color, font=_font(12), stroke_width=2, stroke_fill=_PAPER)


def _fitting(text: str, width: int) -> str:
    """As much of a text as a tile is wide."""
    font = _font(12)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow without FreeType"
    return font
