"""What was found as COCO results: one array of JSON, which grows while the run does."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from saccade.media.files import LineFile


class CocoResults:
    """A file of COCO results.

    Args:
        path: the file; it gets its name when it is closed.
        pictures: the files that the frames are of, by `Frame.index`; none where they are a video.

    Raises:
        OutputError: when it cannot be written; what was written before is kept.
    """

    def __init__(self, path: Path, pictures: Sequence[Path]) -> None:
        self._pictures = pictures
        stems = Counter(path.stem for path in pictures)
        # 7 and 007 are one number
        self._is_numbered = len({int(stem) for stem in stems if stem.isdecimal()}) == len(pictures)
        self._is_first, self._is_closed = True, False
        self._file = LineFile(path)
        self._file.append("[")

    def image_id(self, frame: int) -> int | str:
        """The frame's number; a picture's own where all are called by one, as COCO's, else its name."""
        if not self._pictures:
            return frame
        path = self._pictures[frame]
        return int(path.stem) if self._is_numbered else path.name

    def append(self, frame: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Adds what was found in a frame, all of it or nothing."""
        ours = {"image_id": self.image_id(frame)}
        text = "".join(self._separator() + json.dumps({**row, **ours}) for row in rows)
        self._file.append(text)

    def _separator(self) -> str:
        text = "\n" if self._is_first else ",\n"
        self._is_first = False
        return text

    def close(self) -> None:
        """Ends the array and gives the file its name; doing so twice is no harm."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            self._file.append("\n]\n")
        finally:
            self._file.close()
