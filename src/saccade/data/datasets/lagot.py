"""LaGOT: Mayer et al., "Beyond SOT: Tracking Multiple Generic Objects at Once", WACV 2024.

More objects in the test videos of LaSOT. Every third frame is annotated; four times -1 means absent.
"""

from collections import abc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_json
from saccade.data.frames import ListedFrames
from saccade.data.sequence import Sequence
from saccade.data.truth import BoxAnnotation, GroundTruth, Presence

FILE = "LaGOT_multiple_object_per_sequence_annotations_final.json"
PERIOD = 3


@dataclass(frozen=True, slots=True)
class _TrackLists:
    """Makes the truth of a sequence from lists of boxes by object."""

    file: Path
    name: str
    tracks: Mapping[str, Any]

    def __call__(self) -> BoxAnnotation:
        return BoxAnnotation({name: self._truth(name) for name in self.tracks}, self.file)

    def _truth(self, object_id: str) -> GroundTruth:
        where = f"{self.file}: object {object_id} of {self.name}"
        try:
            boxes = np.array(self.tracks[object_id], dtype=np.float64).reshape(-1, 4)
            if not np.isfinite(boxes).all():
                raise ValueError
        except (OverflowError, TypeError, ValueError):
            raise DatasetError(
                f"{where}: expected a list of boxes [x, y, w, h]; take the file anew"
            ) from None
        presence = np.where((boxes[:, 2:] > 0).all(axis=1), Presence.PRESENT, Presence.ABSENT).astype(np.int8)
        presence[np.arange(len(boxes)) % PERIOD != 0] = Presence.UNKNOWN
        return GroundTruth(boxes, presence)


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    file = root / FILE
    listed = read_json(file)
    try:
        for name, content in listed.items():
            yield Sequence(
                name,
                ListedFrames(root, _strings(content["frames"])),
                _TrackLists(file, name, dict(content["xywh"])),
            )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{file}: expected {{sequence: {{frames: […], xywh: {{object: […]}}}}}}, but {error!r}; "
            f"take the file anew"
        ) from None


def _strings(value: Any) -> abc.Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("frames are not paths")
    return value


ENTRIES = (
    DatasetEntry(
        name="lagot",
        summary="LaGOT: several objects in each test video of LaSOT",
        task="boxes",
        splits={"all": None},
        layout=f"ROOT/{FILE} beside the classes of LaSOT, ROOT/<class>/<class>-<n>/img/00000001.jpg",
        find=_sequences,
        obtain="https://github.com/google-research-datasets/LaGOT",
    ),
)
