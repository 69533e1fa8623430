"""The report on a detector as one page that needs nothing else: no server, no library, no font."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from saccade.draw.charts import inks_of
from saccade.evaluation.detection.report.plots import CURVES, common_classes
from saccade.evaluation.detection.summary import BINS, sentences
from saccade.evaluation.pictures.page import fill_page, line
from saccade.evaluation.pictures.report import Report

if TYPE_CHECKING:
    from saccade.evaluation.detection.report import Judged

_ALL = "all classes"
_TITLES = {
    "false_alarms": "wrong detections that the model is surest of",
    "misses": "the largest objects that were not found",
}


def to_page(judged: "Judged", report: Report) -> str:
    """The report as HTML."""
    return fill_page(report, _data(judged, report.scores), "detection.js", _TITLES)


def _data(judged: "Judged", report: Mapping[str, Any]) -> dict[str, Any]:
    curves, scores = report["curves"], judged.scores
    inks = inks_of([_ALL, *scores.classes])
    drawn = {scores.classes[label] for label in common_classes(scores)[: CURVES - 1]} | {_ALL}
    lines = {_ALL: curves["precision"]["0.5"], **curves["precision_by_class"]}
    rates = curves["by_threshold"]
    return {
        "facts": f"{judged.model}; {sentences(scores)[-1]}.",
        # a chart reads its title's score off the first column
        "columns": [{"key": "map50", "title": "AP50", "unit": "", "decimals": 3}],
        "charts": _charts(curves),
        "models": [
            line(
                name,
                inks[name],
                {"precision": values} if any(value is not None for value in values) else {},
                {"map50": report["map50"] if name == _ALL else report["classes"][name]["map50"]},
                is_hidden=name not in drawn,
            )
            for name, values in lines.items()
        ],
        "rates": [line(name, ink, {"rate": rates[name]}) for name, ink in inks_of(list(rates)).items()],
        "threshold": report["threshold"],
        "histogram": {"edges": BINS.round(6).tolist(), "counts": report["iou_histogram"]["counts"]},
        "confusion": report["confusion"],
    }


def _charts(curves: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "key": "precision",
            "title": "Precision and recall",
            "xLabel": "recall",
            "yLabel": "precision at IoU 0.5",
            "x": curves["recall"],
            "score": "map50",
            "top": 1,
            "decimals": 3,
        },
        {
            "key": "rate",
            "title": "Against the threshold",
            "xLabel": "threshold on scores",
            "yLabel": "of all classes",
            "x": curves["threshold"],
            "score": None,
            "top": 1,
            "decimals": 3,
        },
    ]
