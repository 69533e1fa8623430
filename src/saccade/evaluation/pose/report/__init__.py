"""The report on a pose model: its scores as files, plots, pictures of the worst poses, and a page."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from saccade import __version__
from saccade.data.pose.people import PoseDataset, PosedImage
from saccade.evaluation.pictures.numbers import mean_milliseconds
from saccade.evaluation.pictures.report import Report, clear_plots, draw_sheets
from saccade.evaluation.pictures.results import label_of
from saccade.evaluation.pose.matching import Matching
from saccade.evaluation.pose.mean_pose import NAME, MeanPose
from saccade.evaluation.pose.report.tables import joint_table, scores_table, tables_of
from saccade.evaluation.pose.scores import PoseScores, judge
from saccade.evaluation.pose.summary import headline, sentences, to_json

__all__ = ["Judged", "joint_table", "scores_table", "write_report"]

PLOTS = ("pck", "pck_by_joint", "joints", "fates", "precision_recall", "oks_histogram")
SHEETS = ("worst_poses", "missed_people", "strays")

Read = Callable[[PosedImage], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Judged:
    """A pose model and its scores on a data set.

    Attributes:
        model: what it is called.
        mean_pose: what it is compared with.
        baseline: the scores of that.
        seconds: that each picture took; None where nobody measured.
        notes: what a reader should know besides.
    """

    dataset: PoseDataset
    model: str
    scores: PoseScores
    mean_pose: MeanPose
    baseline: PoseScores
    seconds: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, dataset: PoseDataset, model: str, scores: PoseScores, mean: MeanPose, **more: Any
    ) -> "Judged":
        """With the scores of the mean pose in the true boxes."""
        answers = [mean.answer(image) for image in dataset.images]
        baseline = judge(dataset, answers, matching=Matching.GIVEN)
        return cls(dataset=dataset, model=model, scores=scores, mean_pose=mean, baseline=baseline, **more)

    @property
    def label(self) -> str:
        """Names the data set and its split."""
        return label_of(self.dataset)

    @property
    def milliseconds(self) -> float | None:
        """That a picture takes, on average; None where nobody measured."""
        return mean_milliseconds(self.seconds)

    @property
    def contenders(self) -> dict[str, PoseScores]:
        """The scores of the model and of the mean pose, by their names."""
        return {self.model: self.scores, NAME: self.baseline}

    @property
    def how(self) -> list[str]:
        """By which rules it was scored, a sentence each."""
        return [
            *sentences(self.scores),
            f"{NAME}: each joint where it is on average in {self.mean_pose.of}, relative to the box, put "
            f"into the true box of each person here: the answer of somebody who has seen no picture",
        ]


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
    from saccade.evaluation.pose.report.page import to_page
    from saccade.evaluation.pose.report.plots import plots_of
    from saccade.evaluation.pose.report.sheets import missed_sheet, stray_sheet, worst_sheet

    clear_plots(out / "plots", (*PLOTS, *SHEETS))
    drawings = zip(SHEETS, (worst_sheet, missed_sheet, stray_sheet), strict=True)
    sheets, notes = draw_sheets({name: partial(draw, judged, read) for name, draw in drawings})
    report = Report(
        title=f"{judged.model} on {judged.label}",
        scores={
            "saccade": __version__,
            "dataset": judged.label,
            "model": judged.model,
            **to_json(judged.scores),
            "baseline": {"name": NAME, "of": judged.mean_pose.of, **headline(judged.baseline)},
            "milliseconds": judged.milliseconds,
            "notes": [*judged.notes, *notes],
        },
        tables=tables_of(judged),
        how=judged.how,
        notes=[*judged.notes, *notes],
        sheets=sheets,
    )
    report.write(out, plots_of(judged), to_page(judged, report))
    return dict(report.scores)
