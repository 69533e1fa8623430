"""Parts of valid files, made by chance, and pictures for them to speak of."""

import io
import os
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

SIZE_WH = (64, 48)
"""of all pictures that files speak of"""

_DATA = Path(os.environ.get("SACCADE_TEST_DATA", Path(__file__).parents[2] / "../shared/data"))


def real(name: str, lines: int | None = None) -> tuple[bytes, ...]:
    """A real file, or its first lines, as a sample; none where it is not at hand."""
    file = _DATA / name
    if not file.is_file():
        return ()
    return (b"".join(file.read_bytes().splitlines(keepends=True)[:lines]),)


def picture(kind: str = "PNG", *, palette: bool = False, seed: int = 0) -> bytes:
    """A picture of `SIZE_WH`, with colours or, with a palette, with ids."""
    rng = np.random.default_rng(seed)
    shape = (SIZE_WH[1] // 8, SIZE_WH[0] // 8)
    levels = rng.integers(0, 4 if palette else 256, shape if palette else (*shape, 3), np.uint8)
    image = Image.fromarray(levels.repeat(8, 0).repeat(8, 1))
    if palette:
        image.putpalette(bytes(rng.integers(0, 256, 768, np.uint8)))
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def numeral(rng: Random, low: float = -1e3, high: float = 1e4) -> tuple[str, float]:
    """A number as somebody may write it, and what it is."""
    value = rng.uniform(low, high)
    form = rng.choice(("{:.0f}", "{:.2f}", "{:.4f}", "{!r}", "{:.6e}", "{:g}", "{:.1E}"))
    text = form.format(value)
    return text, float(text)


def box(rng: Random) -> tuple[int, int, int, int]:
    """Corners (x1, y1, x2, y2) of a box with area in a picture of `SIZE_WH`."""
    x1, y1 = rng.randrange(SIZE_WH[0] - 2), rng.randrange(SIZE_WH[1] - 2)
    return x1, y1, rng.randint(x1 + 1, SIZE_WH[0]), rng.randint(y1 + 1, SIZE_WH[1])


def lines(rng: Random, rows: list[str]) -> bytes:
    """A text file as one of many systems writes it."""
    end = rng.choice(("\n", "\n", "\r\n"))
    head = b"\xef\xbb\xbf" if rng.random() < 0.1 else b""
    return head + (end.join(rows) + rng.choice(("", end, end + end))).encode()
