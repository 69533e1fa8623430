"""The demo: tracks the synthetic clip, scores it against the truth, and makes a page of it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from itertools import chain
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from saccade import __version__
from saccade.core import Frame, Model, Targets
from saccade.data.synthetic import SyntheticFrame, render
from saccade.deploy.record import Recording, record
from saccade.draw.charts import over_time, save, success_plot, to_svg
from saccade.evaluation.metrics import OnePassScores, dialect, overlap, score_one_pass
from saccade.evaluation.results import write_text

FPS = 30.0
PROTOCOL = "pytracking"
HIDDEN_BELOW = 0.5
"""share of the target that can be seen under which the charts call it hidden"""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo has measured and where it is."""

    recording: Recording
    scores: OnePassScores
    page: Path

    def to_json(self) -> dict[str, Any]:
        """As JSON values: scores in percent, and what was recorded."""
        return self.scores.percentages() | self.recording.to_json() | {"page": str(self.page)}


@dataclass(slots=True)
class _Story:
    """What is true and what was found, frame by frame; boxes are (x, y, w, h)."""

    truth: list[Any] = field(default_factory=list)
    visibility: list[float] = field(default_factory=list)
    found: list[Any] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)

    def frames(self, clip: Iterator[SyntheticFrame]) -> Iterator[Frame]:
        """The pictures of the clip; what is true of them is noted."""
        for index, (rgb, boxes, visibility) in enumerate(clip):
            x1, y1, x2, y2 = boxes[0].tolist()
            self.truth.append((x1, y1, x2 - x1, y2 - y1))
            self.visibility.append(float(visibility[0]))
            yield Frame(rgb, index, index / FPS)


def run_demo(
    model: Model,
    out: Path,
    *,
    frames: int = 300,
    seed: int = 0,
    about: dict[str, Any] | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> Demo:
    """Tracks the target of the synthetic clip; writes the files of a run, charts, `report.json` and a page.

    Args:
        frames: length of the clip; the story is told faster when there are fewer.
        seed: of the run; the clip is always the same.
        about: what else belongs into `run.json`.
        on_frame: is called after every frame.
    """
    story = _Story()
    clip = story.frames(render(frames))
    # the first frame says where the target is, before anything is run
    first = next(clip)
    targets = Targets(boxes=[story.truth[0]], ids=["balloon"])

    def watch(frame: Frame, found: Any, picture: Any) -> bool:
        story.found.append(found.xywh[0])
        story.scores.append(float(found.scores[0]))
        on_frame()
        return True

    recording = record(
        model, chain([first], clip), targets, out, fps=FPS, seed=seed, about=about, watch=watch
    )
    truth, found = np.array(story.truth, dtype=np.float64), np.array(story.found, dtype=np.float64)
    scores = score_one_pass(found, truth, np.ones(len(truth), dtype=bool), dialect(PROTOCOL))
    charts = _charts(model.name, story, truth, found, scores)
    for name, (_, chart) in charts.items():
        save(chart, out / "plots" / f"{name}.png")
    write_text(out / "report.json", json.dumps(_report(model, recording, scores), indent=2) + "\n")
    page = out / "report.html"
    write_text(page, _page(model, recording, scores, first.size_wh, charts))
    recording.files += ["plots", "report.html", "report.json"]
    return Demo(recording, scores, page)


def _charts(
    name: str,
    story: _Story,
    truth: Float[np.ndarray, "F 4"],
    found: Float[np.ndarray, "F 4"],
    scores: OnePassScores,
) -> dict[str, tuple[str, Figure]]:
    """The charts by file name, each with its title."""
    at = np.arange(len(truth))
    spans = {"behind the tree": np.array(story.visibility) < HIDDEN_BELOW}
    sizes = {"truth": np.sqrt(truth[:, 2] * truth[:, 3]), name: np.sqrt(found[:, 2] * found[:, 3])}
    thresholds = dialect(PROTOCOL).overlap_thresholds
    return {
        "overlap": (
            "Overlap with the truth",
            over_time(at, {name: overlap(found, truth)}, label="overlap (IoU)", top=1.02, spans=spans),
        ),
        "size": ("Size of the box", over_time(at, sizes, label="sqrt(width × height) [px]", spans=spans)),
        "score": (
            "Score of the tracker",
            over_time(at, {name: np.array(story.scores)}, label="score", spans=spans),
        ),
        "success": ("Success", success_plot(thresholds, {name: scores.success_curve})),
    }


def _report(model: Model, recording: Recording, scores: OnePassScores) -> dict[str, Any]:
    row = scores.percentages() | {"fps": round(recording.fps, 2), "frames": recording.frames}
    return {
        "dataset": "demo",
        "protocol": PROTOCOL,
        "models": {model.name: row | {"sequences": {"balloon": row}}},
    }


def _page(
    model: Model,
    recording: Recording,
    scores: OnePassScores,
    size_wh: tuple[int, int],
    charts: dict[str, tuple[str, Figure]],
) -> str:
    template = Template(files("saccade.deploy").joinpath("demo.html").read_text(encoding="utf-8"))
    percent = scores.percentages()
    table = {
        "Success, area under the curve": f"{percent['auc']:.1f} %",
        "Precision, centre within 20 px": f"{percent['precision']:.1f} %",
        "Normalised precision, within 0.2 box sizes": f"{percent['norm_precision']:.1f} %",
        "Frames with overlap above 0.5": f"{percent['op50']:.1f} %",
        "Frames with overlap above 0.75": f"{percent['op75']:.1f} %",
        "Speed, first frame included": f"{recording.fps:.0f} frames/s",
    }
    rows = "\n".join(f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in table.items())
    figures = "\n".join(
        f"<figure><figcaption>{escape(title)}</figcaption>{to_svg(chart)}</figure>"
        for title, chart in charts.values()
    )
    return template.substitute(
        model=escape(model.name),
        version=__version__,
        frames=recording.frames,
        width=size_wh[0],
        height=size_wh[1],
        auc=f"{percent['auc']:.1f}",
        op50=f"{percent['op50']:.1f}",
        precision=f"{percent['precision']:.1f}",
        fps=f"{recording.fps:.0f}",
        rows=rows,
        figures=figures,
    )
