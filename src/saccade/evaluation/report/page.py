"""The report as one page that needs nothing else: no server, no library, no font."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
from jaxtyping import Float64

from saccade import __version__
from saccade.draw.charts import Inks
from saccade.evaluation.report.board import Board, Row
from saccade.evaluation.report.measure import Examined
from saccade.evaluation.report.playback import A_STRIP, Playback

_SCRIPTS = ("elements.js", "charts.js", "tables.js", "player.js", "page.js")


def to_page(board: Board, inks: Inks) -> str:
    """The report as HTML.

    Args:
        inks: of the models, in plots and around boxes.
    """
    reel = "\n".join(
        embedded(f"playback-{number}", _playback(board, one.playback))
        for number, one in enumerate(board.sequences)
        if one.playback is not None
    )
    data = f"{embedded('report', _data(board, inks))}\n{reel}"
    return fill_shell(board.dataset, part("page.html"), data, _SCRIPTS)


def _data(board: Board, inks: Inks) -> dict[str, Any]:
    return {
        "version": __version__,
        "dataset": board.dataset,
        "protocol": board.protocol,
        "dialect": board.dialect,
        "columns": [
            {
                "key": column.key,
                "title": column.title,
                "meaning": column.meaning,
                "unit": column.unit,
                "decimals": column.decimals,
                "lowIsBest": column.best == "low",
            }
            for column in board.columns
        ],
        "charts": [
            {
                "key": chart.key,
                "title": chart.title,
                "xLabel": chart.x_label,
                "yLabel": chart.y_label,
                "x": None if chart.x is None else _rounded(chart.x, 4),
                "score": chart.score,
            }
            for chart in board.charts
        ],
        "models": [_model(row, inks) for row in board.rows],
        "attributes": dict(board.attributes),
        "sequences": [_sequence(board, one) for one in board.sequences],
        "comparisons": [
            [a, b, c.difference, c.interval.low, c.interval.high, c.p_value, c.sequences]
            for (a, b), c in board.comparisons.items()
        ],
        "repetitions": [
            {"name": name, "runs": len(r.results), "mean": r.mean, "deviation": r.deviation}
            for name, r in board.repetitions.items()
        ],
        "leftOut": list(board.left_out),
        "perStrip": A_STRIP,
    }


def _model(row: Row, inks: Inks) -> dict[str, Any]:
    return {
        "name": row.name,
        "color": inks[row.name].color,
        "dash": list(inks[row.name].dash),
        "scores": row.summary.values,
        "intervals": {key: [interval.low, interval.high] for key, interval in row.intervals.items()},
        "fps": row.fps,
        "frames": row.frames,
        "done": len(row.lengths),
        "failed": len(row.failed),
        "curves": {key: _rounded(curve, 2) for key, curve in row.summary.curves.items()},
        "attributes": row.attributes,
        "dialects": row.dialects,
    }


def _sequence(board: Board, one: Examined) -> dict[str, Any]:
    scores = []
    for row in board.rows:
        found = row.sequences.get(one.name)
        cells = None if found is None else [found.values.get(column.key) for column in board.columns]
        scores.append(None if cells is None else [None if v is None else round(v, 4) for v in cells])
    return {"name": one.name, "frames": one.frames, "attributes": list(one.attributes), "scores": scores}


def _playback(board: Board, playback: Playback) -> dict[str, Any]:
    """What is played of a sequence; models are in the order of the board."""
    return {
        "frames": playback.frames,
        "size": list(playback.size_wh),
        "cell": list(playback.cell_wh),
        "strips": ["data:image/jpeg;base64," + b64encode(strip).decode() for strip in playback.strips],
        "truth": playback.truth,
        "models": [playback.models.get(row.name) for row in board.rows],
        "at": playback.at,
        "scores": [_over_time(playback.scores, row.name) for row in board.rows],
    }


def _over_time(scores: Mapping[str, Float64[np.ndarray, " P"]], name: str) -> list[float | None] | None:
    values = scores.get(name)
    if values is None:
        return None
    return [None if np.isnan(value) else round(float(value), 3) for value in values]


def _rounded(values: Float64[np.ndarray, " _"], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def embedded(name: str, value: Any) -> str:
    """A value that the page's scripts find by its name, and do not read before they want it."""
    # a '<' would let a name end the script that it stands in
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    safe = text.replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{safe}</script>'


def fill_shell(title: str, sections: str, data: str, scripts: Iterable[str]) -> str:
    """A page: what all reports have, and what this one has.

    Args:
        sections: HTML of what follows scores and curves.
        data: HTML of what scripts read.
        scripts: names of files, in the order in which they run.
    """
    return Template(part("shell.html")).substitute(
        title=escape(title),
        style=part("page.css"),
        sections=sections,
        data=data,
        script="\n".join(part(name) for name in scripts),
    )


def part(name: str) -> str:
    """A file that pages are made of."""
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")
