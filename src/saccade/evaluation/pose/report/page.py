"""The report on a pose model as one page that needs nothing else: no server, no library, no font."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from saccade.draw.charts import inks_of
from saccade.evaluation.pictures.numbers import number
from saccade.evaluation.pictures.page import fill_page, line
from saccade.evaluation.pictures.report import Report
from saccade.evaluation.pose.joints import FATES
from saccade.evaluation.pose.mean_pose import NAME
from saccade.evaluation.pose.pck import THRESHOLDS
from saccade.evaluation.pose.report.plots import COLORS, axis
from saccade.evaluation.pose.report.tables import quoted
from saccade.evaluation.pose.summary import both_sides, pck_curve, sentences

if TYPE_CHECKING:
    from saccade.evaluation.pose.report import Judged

_TITLES = {
    "worst_poses": "poses that are farthest off, each behind its truth",
    "missed_people": "the largest people who were not found",
    "strays": "the surest poses of nobody who is annotated",
}


def to_page(judged: "Judged", report: Report) -> str:
    """The report as HTML."""
    return fill_page(report, _data(judged, report.scores), "pose.js", _TITLES)


def _data(judged: "Judged", report: Mapping[str, Any]) -> dict[str, Any]:
    scores, rule = judged.scores, judged.scores.pck.rule
    contenders, kinds = judged.contenders, both_sides(judged.scores.skeleton)
    inks = inks_of([*contenders, *kinds])
    lines = {name: (pck_curve(each), each.pck.rate(rule.threshold)) for name, each in contenders.items()}
    for kind, places in kinds.items():
        lines[kind] = (pck_curve(scores, places), scores.pck.rate(rule.threshold, places))
    title = quoted(scores)[0]
    return {
        "facts": f"{judged.model}; {sentences(scores)[-1]}.",
        "note": f"Beside the model stands the {NAME} of {judged.mean_pose.of}: what a model must beat. “–” "
        "has no meaning: there is nothing to be found, or nobody knows the length to divide by.",
        # a chart reads its title's score off the first column
        "columns": [{"key": "rate", "title": title, "unit": "", "decimals": 3}],
        "charts": _charts(judged, report["curves"]["recall"]),
        "precisions": [
            line(f"OKS {name}", ink, {"precision": report["curves"]["precision"][name]})
            for name, ink in inks_of(list(report["curves"]["precision"])).items()
        ],
        "models": [
            line(
                name,
                inks[name],
                {"pck": values} if any(value is not None for value in values) else {},
                {"rate": number(rate)},
                is_hidden=name not in contenders,
            )
            for name, (values, rate) in lines.items()
        ],
        "joints": {
            "title": f"{title} by joint",
            "names": list(scores.skeleton.points),
            "rates": {
                name: [number(each.pck.rate(rule.threshold, [place])) for place in range(len(each.skeleton))]
                for name, each in contenders.items()
            },
        },
        "fates": {
            "words": [fate.word for fate in FATES],
            "colors": [COLORS[fate] for fate in FATES],
            "counts": [list(scores.joints.counts([place]).values()) for place in range(len(scores.skeleton))],
        },
        "histogram": report["oks_histogram"],
    }


def _charts(judged: "Judged", recalls: Sequence[float]) -> list[dict[str, Any]]:
    pck = {
        "key": "pck",
        "title": f"{judged.scores.pck.rule.name} by distance",
        "xLabel": axis(judged.scores),
        "yLabel": "joints at most so far away",
        "x": THRESHOLDS.tolist(),
        "score": "rate",
    }
    precision = {
        "key": "precision",
        "title": "Precision and recall of people",
        "xLabel": "recall",
        "yLabel": "precision",
        "x": recalls,
        "score": None,
    }
    return [chart | {"top": 1, "decimals": 3} for chart in (pck, precision)]
