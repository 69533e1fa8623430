"""What was found in each frame, in little memory."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from saccade.core import Instances


@dataclass(frozen=True, slots=True)
class _Packed:
    """What was found in a frame; its masks as bits, compressed."""

    found: Instances
    masks: bytes | None
    shape: tuple[int, ...]

    @classmethod
    def of(cls, found: Instances) -> "_Packed":
        if found.masks is None:
            return cls(found, None, ())
        bits = zlib.compress(np.packbits(found.masks).tobytes(), 1)
        return cls(replace(found, masks=None), bits, found.masks.shape)

    def unpack(self) -> Instances:
        if self.masks is None:
            return self.found
        bits = np.frombuffer(zlib.decompress(self.masks), np.uint8)
        count = int(np.prod(self.shape))
        return replace(self.found, masks=np.unpackbits(bits, count=count).reshape(self.shape).astype(bool))


class Results:
    """Results by frame, in order; beyond the limit the oldest are forgotten.

    Attributes:
        outdated: of how many frames they were.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.outdated = 0
        self._kept: dict[int, _Packed] = {}

    def keep(self, found: Instances) -> None:
        """Adds those of the next frame."""
        self._kept[found.frame] = _Packed.of(found)
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
            self.outdated += 1

    def get(self, index: int) -> Instances:
        """Those of a frame; nothing for one that was never run."""
        packed = self._kept.get(index)
        return Instances.empty(frame=index) if packed is None else packed.unpack()

    def frames(self) -> list[int]:
        """Which frames have some."""
        return list(self._kept)

    def all(self) -> Iterator[Instances]:
        """Those of all frames, as they are now, whatever becomes of them meanwhile."""
        for packed in list(self._kept.values()):
            yield packed.unpack()

    def forget(self, index: int) -> None:
        """Drops those of a frame and of all behind it."""
        self._kept = {each: packed for each, packed in self._kept.items() if each < index}

    @property
    def last(self) -> int | None:
        """The last frame that has some."""
        return next(reversed(self._kept), None)
