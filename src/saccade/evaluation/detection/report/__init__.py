"""The report on a detector: its scores as files, plots, pictures of its worst mistakes, and a page.

report.json     everything that was scored
report.md       the same as tables to read
report.html     one page that needs nothing else
plots/          SVG and PNG; false_alarms.png and misses.png are sheets of pictures
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from saccade import __version__
from saccade.core import DatasetError
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.detection.report.tables import class_table, scores_table, tables_of
from saccade.evaluation.detection.results import label_of
from saccade.evaluation.detection.scores import DetectionScores
from saccade.evaluation.detection.summary import sentences, to_json
from saccade.evaluation.results import write_text
from saccade.media.files import make_folder, replacing

__all__ = ["Judged", "class_table", "scores_table", "write_report"]

PLOTS = (
    "precision_recall",
    "precision_recall_by_class",
    "thresholds",
    "classes",
    "confusion",
    "iou_histogram",
)
SHEETS = ("false_alarms", "misses")

Read = Callable[[AnnotatedImage], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judged:
    """A detector and its scores on a data set.

    Attributes:
        model: what it is called.
        seconds: that each picture took; None where nobody measured.
        notes: what a reader should know besides.
    """

    dataset: DetectionDataset
    model: str
    scores: DetectionScores
    seconds: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Names the data set and its split."""
        return label_of(self.dataset)

    @property
    def milliseconds(self) -> float | None:
        """That a picture takes, on average; None where nobody measured."""
        if self.seconds is None or not len(self.seconds):
            return None
        return 1000 * float(self.seconds.mean())


def write_report(judged: Judged, out: Path, read: Read) -> dict[str, Any]:
    """Writes all files of a report; what an earlier one left under these names is taken away.

    Args:
        read: a picture of the data set; where it cannot, the report does without pictures, and says so.

    Returns:
        what stands in `report.json`.

    Raises:
        OutputError: when they cannot be written.
    """
    # whoever only scores needs no matplotlib, which takes its time to load
    from saccade.evaluation.detection.report.page import to_page
    from saccade.evaluation.detection.report.plots import write_plots
    from saccade.evaluation.detection.report.sheets import false_alarm_sheet, miss_sheet

    _clear(out / "plots")
    sheets, notes = {}, list(judged.notes)
    try:
        drawn = (false_alarm_sheet(judged, read), miss_sheet(judged, read))
        sheets = {name: sheet for name, sheet in zip(SHEETS, drawn, strict=True) if sheet is not None}
    except DatasetError as error:
        notes.append(f"without pictures of mistakes: {error}")
    report = {
        "saccade": __version__,
        "dataset": judged.label,
        "model": judged.model,
        **to_json(judged.scores),
        "milliseconds": judged.milliseconds,
        "notes": notes,
    }
    write_text(out / "report.json", json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    write_text(out / "report.md", _to_markdown(judged, notes))
    write_plots(judged, out / "plots")
    for name, sheet in sheets.items():
        _save_png(sheet, out / "plots" / f"{name}.png")
    write_text(out / "report.html", to_page(judged, report, sheets))
    return report


def _to_markdown(judged: Judged, notes: list[str]) -> str:
    parts = [f"# {judged.model} on {judged.label}\n"]
    parts += [f"## {table.title}\n\n{table.to_markdown()}" for table in tables_of(judged)]
    parts.append("## How it was scored\n\n" + "".join(f"- {line}\n" for line in sentences(judged.scores)))
    if notes:
        parts.append("## Notes\n\n" + "".join(f"- {line}\n" for line in notes))
    return "\n".join(parts)


def _save_png(picture: np.ndarray, path: Path) -> None:
    make_folder(path.parent)
    with replacing(path) as part:
        Image.fromarray(picture).save(part, format="PNG")


def _clear(folder: Path) -> None:
    for name in (*PLOTS, *SHEETS):
        for ending in ("png", "svg"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)
