"""Reading pictures for training: fast, and never half a picture."""

from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from saccade.core import Frame, FrameError, SourceError
from saccade.core.errors import reason_of
from saccade.media.images import read_image

_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


def read_picture(path: Path) -> UInt8[np.ndarray, "H W 3"]:
    """A picture file as RGB.

    Raises:
        SourceError: when it is missing, no picture, or ends early.
    """
    try:
        data = path.read_bytes()
        # OpenCV gives the pixels of Pillow in half the time (torchvision's decoder is no faster, and
        # deprecated), but fills a file that ends early with grey: that is left to Pillow, which refuses it
        if data.startswith(_JPEG_START) and data.endswith(_JPEG_END):
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
            if image is not None:
                return cv2.cvtColor(image, cv2.COLOR_BGR2RGB, dst=image)
        return Frame.of(read_image(path)).image
    except FileNotFoundError:
        raise SourceError(f"{path}: no such file; put it there, or train without its sequence") from None
    except (FrameError, OSError, SyntaxError, ValueError, cv2.error) as error:
        raise SourceError(
            f"{path}: cannot be read as a picture ({reason_of(error)}); replace the file"
        ) from None
