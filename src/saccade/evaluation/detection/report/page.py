"""The report on a detector as one page that needs nothing else: no server, no library, no font."""

import io
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from saccade import __version__
from saccade.draw.charts import inks_of
from saccade.evaluation.detection.report.plots import CURVES, common_classes
from saccade.evaluation.detection.report.tables import scores_table, tables_of
from saccade.evaluation.detection.summary import BINS, sentences
from saccade.evaluation.report.page import embedded, part
from saccade.evaluation.report.tables import Table

if TYPE_CHECKING:
    from saccade.evaluation.detection.report import Judged

_SCRIPTS = ("elements.js", "charts.js", "tables.js", "detection.js")
_ALL = "all classes"
_TITLES = {
    "false_alarms": "wrong detections that the model is surest of",
    "misses": "the largest objects that were not found",
}


def to_page(judged: "Judged", report: Mapping[str, Any], sheets: Mapping[str, np.ndarray]) -> str:
    """The report as HTML.

    Args:
        report: what stands in `report.json`.
        sheets: pictures of mistakes, by name.
    """
    pictures = "\n".join(
        f'<figure class="card"><figcaption>{escape(_TITLES[name])}</figcaption>'
        f'<img alt="{escape(_TITLES[name])}" src="{_jpeg(sheet)}" loading="lazy"></figure>'
        for name, sheet in sheets.items()
    )
    return Template(part("detection.html")).substitute(
        title=escape(f"{judged.model} on {judged.label}"),
        style=part("page.css"),
        data=embedded("report", _data(judged, report)),
        pictures=pictures or "<p>none</p>",
        script="\n".join(part(name) for name in _SCRIPTS),
    )


def _data(judged: "Judged", report: Mapping[str, Any]) -> dict[str, Any]:
    curves, scores = report["curves"], judged.scores
    inks = inks_of([_ALL, *scores.classes])
    drawn = {scores.classes[label] for label in common_classes(scores)[: CURVES - 1]} | {_ALL}
    lines = {_ALL: curves["precision"]["0.5"], **curves["precision_by_class"]}
    return {
        "version": __version__,
        "facts": f"{judged.model}; {sentences(scores)[-1]}.",
        # a chart reads its title's score off the first column
        "columns": [{"key": "map50", "title": "AP50", "unit": "", "decimals": 3}],
        "charts": _charts(curves),
        "models": [
            {
                "name": name,
                "color": inks[name].color,
                "dash": list(inks[name].dash),
                "scores": {"map50": report["map50"] if name == _ALL else report["classes"][name]["map50"]},
                "curves": {"precision": values} if any(value is not None for value in values) else {},
                "isHidden": name not in drawn,
            }
            for name, values in lines.items()
        ],
        "rates": [
            {
                "name": name,
                "color": ink.color,
                "dash": list(ink.dash),
                "scores": {},
                "curves": {"rate": values},
            }
            for (name, values), ink in zip(
                curves["by_threshold"].items(), inks_of(list(curves["by_threshold"])).values(), strict=True
            )
        ],
        "threshold": report["threshold"],
        "histogram": {"edges": BINS.round(6).tolist(), "counts": report["iou_histogram"]["counts"]},
        "confusion": report["confusion"],
        "scores": _table(scores_table(judged)),
        "tables": [_table(table) for table in tables_of(judged)[1:]],
        "how": sentences(scores),
        "notes": report["notes"],
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


def _table(table: Table) -> dict[str, Any]:
    return {"title": table.title, "head": list(table.head), "rows": [list(row) for row in table.rows]}


def _jpeg(picture: np.ndarray) -> str:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, format="JPEG", quality=86)
    return "data:image/jpeg;base64," + b64encode(content.getvalue()).decode()
