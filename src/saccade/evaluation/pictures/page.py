"""A report on a model over annotated pictures as one page that needs nothing else."""

import io
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from string import Template
from typing import Any

import numpy as np
from PIL import Image

from saccade import __version__
from saccade.draw.charts import Ink
from saccade.evaluation.pictures.report import Report
from saccade.evaluation.report.page import embedded, fill_shell, part
from saccade.evaluation.report.tables import Table

_SCRIPTS = ("elements.js", "charts.js", "tables.js", "pictures.js")


def fill_page(report: Report, data: Mapping[str, Any], script: str, titles: Mapping[str, str]) -> str:
    """The report as HTML.

    Args:
        data: what the script draws besides tables, rules and notes.
        script: the file that draws it.
        titles: of sheets, by name.
    """
    pictures = "\n".join(
        f'<figure class="card"><figcaption>{escape(titles[name])}</figcaption>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(titles[name])}">'
        f'<img alt="{escape(titles[name])}" src="{_jpeg(sheet)}" decoding="async"></div></figure>'
        for name, sheet in report.sheets.items()
    )
    scores, *others = report.tables
    common = {
        "version": __version__,
        "scores": _table(scores),
        "tables": [_table(table) for table in others],
        "how": list(report.how),
        "notes": list(report.notes),
    }
    sections = Template(part("pictures.html")).substitute(pictures=pictures or "<p>none</p>")
    return fill_shell(report.title, sections, embedded("report", common | dict(data)), (*_SCRIPTS, script))


def line(
    name: str,
    ink: Ink,
    curves: Mapping[str, Iterable[float | None]],
    scores: Mapping[str, float | None] | None = None,
    *,
    is_hidden: bool = False,
) -> dict[str, Any]:
    """Something that has curves in charts.

    Args:
        curves: by the keys of charts.
        scores: by the keys of columns, to stand behind its name.
        is_hidden: whether it is drawn only when somebody asks for it.
    """
    return {
        "name": name,
        "color": ink.color,
        "dash": list(ink.dash),
        "scores": dict(scores or {}),
        "curves": {key: list(values) for key, values in curves.items()},
        "isHidden": is_hidden,
    }


def _table(table: Table) -> dict[str, Any]:
    return {"title": table.title, "head": list(table.head), "rows": [list(row) for row in table.rows]}


def _jpeg(picture: np.ndarray) -> str:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, format="JPEG", quality=86)
    return "data:image/jpeg;base64," + b64encode(content.getvalue()).decode()
