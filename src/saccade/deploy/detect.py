"""Runs a detector over a source, and leaves what it finds: tables, and pictures or a video with boxes."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from saccade.core import Frame, Instances
from saccade.deploy.coco_results import CocoResults
from saccade.deploy.run import Done, Look, Plan, looked_at, run
from saccade.draw import Overlay
from saccade.media.files import LineFile

HEADER = ("frame", "label", "name", "score", "x", "y", "w", "h")
"""of `detections.csv`"""


@dataclass(slots=True)
class Detections(Done):
    """What a detector has left behind.

    Attributes:
        counts: how many were found of each class.
    """

    counts: Counter[str] = field(default_factory=Counter)

    def count(self, found: Instances, seconds: float) -> None:
        """Counts what is in one more frame."""
        self.counts.update([] if found.names is None else found.names.tolist())

    def counted(self) -> dict[str, Any]:
        """As JSON values."""
        return {"found": sum(self.counts.values()), "counts": dict(self.counts.most_common())}


def detect(
    detector: Look,
    frames: Iterable[Frame],
    out: Path,
    plan: Plan,
    *,
    category_ids: Sequence[int],
    batch: int = 1,
    skipped: Sequence[str] = (),
) -> Detections:
    """Runs a detector over frames and writes what it finds into a folder; see `run`, of which it is a form.

    Args:
        detector: what finds.
        frames: in order.
        out: where the files go; the folder is made when the first frame has been looked at.
        category_ids: the number of each class in COCO files, by label.
        batch: frames that are looked at together.
        skipped: what the source leaves out; it may still grow.

    Raises:
        SaccadeError: whatever reading, finding and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    done = Detections(out, skipped)
    files = partial(DetectionFiles, category_ids=category_ids, pictures=plan.pictures)
    run(looked_at(detector, frames, batch), done, files, plan, Overlay())
    return done


class DetectionFiles:
    """`detections.csv` and `detections.json`."""

    leftovers: ClassVar[tuple[str, ...]] = ("detections.csv", "detections.json")

    def __init__(self, folder: Path, *, category_ids: Sequence[int], pictures: Sequence[Path]) -> None:
        self._category_ids = category_ids
        self._table = LineFile(folder / "detections.csv")
        self._table.append(",".join(HEADER) + "\n")
        self._results = CocoResults(folder / "detections.json", pictures)

    def write(self, found: Instances) -> None:
        """Writes what was found in the next frame."""
        self._table.append(_csv_lines(found))
        rows = ({**row, "category_id": self._category_ids[row["category_id"]]} for row in found.to_coco())
        self._results.append(found.frame, rows)

    def facts(self) -> Mapping[str, Any]:
        """Nothing that would have to be said of them."""
        return {}

    def close(self) -> None:
        """Gives the files their names; each of them, even when another fails."""
        with ExitStack() as endings:
            endings.callback(self._results.close)
            endings.callback(self._table.close)


def _csv_lines(found: Instances) -> str:
    assert found.labels is not None and found.names is not None
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = (found.labels.tolist(), found.names.tolist(), found.scores.tolist(), found.xywh.tolist())
    for label, name, score, box in zip(*columns, strict=True):
        writer.writerow([found.frame, label, name, f"{score:.4f}", *(f"{value:.2f}" for value in box)])
    return text.getvalue()
