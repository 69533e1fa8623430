"""The report on a detector: its scores as files, plots, pictures of its worst mistakes, and a page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from saccade import __version__
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.evaluation.detection.report.tables import class_table, scores_table, tables_of
from saccade.evaluation.detection.scores import DetectionScores
from saccade.evaluation.detection.summary import sentences, to_json
from saccade.evaluation.pictures.numbers import mean_milliseconds
from saccade.evaluation.pictures.report import Report, clear_plots, draw_sheets
from saccade.evaluation.pictures.results import label_of

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
        return mean_milliseconds(self.seconds)


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
    from saccade.evaluation.detection.report.plots import plots_of
    from saccade.evaluation.detection.report.sheets import false_alarm_sheet, miss_sheet

    clear_plots(out / "plots", (*PLOTS, *SHEETS))
    drawings = zip(SHEETS, (false_alarm_sheet, miss_sheet), strict=True)
    sheets, notes = draw_sheets({name: partial(draw, judged, read) for name, draw in drawings})
    report = Report(
        title=f"{judged.model} on {judged.label}",
        scores={
            "saccade": __version__,
            "dataset": judged.label,
            "model": judged.model,
            **to_json(judged.scores),
            "milliseconds": judged.milliseconds,
            "notes": [*judged.notes, *notes],
        },
        tables=tables_of(judged),
        how=sentences(judged.scores),
        notes=[*judged.notes, *notes],
        sheets=sheets,
    )
    report.write(out, plots_of(judged.scores), to_page(judged, report))
    return dict(report.scores)
