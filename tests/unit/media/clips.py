"""Videos and pictures that the tests make for themselves; each frame tells its own number."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE_WH = (64, 48)


def picture(number: int, size_wh: tuple[int, int] = SIZE_WH) -> np.ndarray:
    """A picture (RGB) that says its number in eight black or white fields, whatever a codec does to it."""
    width, height = size_wh
    image = np.full((height, width, 3), 128, np.uint8)
    for bit in range(8):
        left = bit * width // 8
        image[: height // 2, left : left + width // 8] = 255 * (number >> bit & 1)
    image[height // 2 :, : width // 2] = (200, 40, 40)
    return image


def number_in(image: np.ndarray) -> int:
    """The number that a picture says."""
    height, width = image.shape[:2]
    fields = [image[height // 4, bit * width // 8 + width // 16, 1] > 128 for bit in range(8)]
    return sum(int(on) << bit for bit, on in enumerate(fields))


def encode(
    path: Path,
    num_frames: int = 30,
    *,
    codec: str = "libx264",
    rotation: int = 0,
    ticks: Iterable[int] | None = None,
    options: dict[str, str] | None = None,
    format: str | None = None,
    size_wh: tuple[int, int] = SIZE_WH,
) -> Path:
    """A video of 25 frames per second, or with the given times in milliseconds; a key frame every 10."""
    encoder = {"bf": "2", "g": "10", "sc_threshold": "0"} if codec == "libx264" else {}
    with av.open(str(path), "w", format=format, options=options or {}) as container:
        stream = container.add_stream(codec, rate=25, options=encoder)
        stream.width, stream.height = size_wh
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if rotation:
            stream.set_display_rotation(rotation)
        clock = Fraction(1, 25) if ticks is None else Fraction(1, 1000)
        if ticks is not None:
            stream.codec_context.time_base = clock
        for number, tick in enumerate(range(num_frames) if ticks is None else ticks):
            frame = av.VideoFrame.from_ndarray(picture(number, size_wh))
            frame.pts, frame.time_base = tick, clock
            container.mux(stream.encode(frame))
        if num_frames:
            container.mux(stream.encode(None))
        else:
            container.start_encoding()
    return path
