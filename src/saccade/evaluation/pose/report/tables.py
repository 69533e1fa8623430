"""Tables of a report on a pose model."""

from typing import TYPE_CHECKING

from saccade.evaluation.pictures.numbers import shown
from saccade.evaluation.pose.joints import FATES
from saccade.evaluation.pose.oks import SIZES
from saccade.evaluation.pose.pck import BOX
from saccade.evaluation.pose.scores import PoseScores
from saccade.evaluation.pose.summary import both_sides
from saccade.evaluation.report.tables import NOTHING, Table

if TYPE_CHECKING:
    from saccade.evaluation.pose.report import Judged


def tables_of(judged: "Judged") -> list[Table]:
    """All of them, the most important first."""
    return [scores_table(judged), _sides(judged), joint_table(judged), _sizes(judged), _fates(judged)]


def scores_table(judged: "Judged") -> Table:
    """All joints together, of the model and of the mean pose."""
    rows = []
    for name, scores in judged.contenders.items():
        oks, pck = scores.oks, scores.pck
        near = [*(pck.rate(threshold) for threshold in pck.rule.quoted.values()), pck.area()]
        similar = [scores.oks_ap, oks.average_precision(0.5), oks.average_precision(0.75)]
        similar += [oks.average_recall(), scores.joints.mean_similarity()]
        both = [*similar, *near] if pck.rule is BOX else [*near, *similar]
        took = judged.milliseconds if name == judged.model else None
        found = f"{scores.num_found}"
        rows.append((name, *map(shown, both), found, NOTHING if took is None else f"{took:.1f}"))
    rule = judged.scores.pck.rule
    near_head = [*quoted(judged.scores), f"{rule.name} AUC"]
    both_head = [*_OKS, *near_head] if rule is BOX else [*near_head, *_OKS]
    return Table(title="Scores", head=("model", *both_head, "found", "ms"), rows=tuple(rows))


_OKS = ("OKS AP", "AP50", "AP75", "AR", "mean OKS")


def quoted(scores: PoseScores) -> list[str]:
    """The measures by distance as people write them: PCKh@0.5."""
    rule = scores.pck.rule
    return [f"{rule.name}@{threshold:g}" for threshold in rule.quoted.values()]


def joint_table(judged: "Judged") -> Table:
    """A row a joint."""
    places = {name: [place] for place, name in enumerate(judged.scores.skeleton.points)}
    return _by_joint(judged, "By joint", places)


def _sides(judged: "Judged") -> Table:
    return _by_joint(judged, "By joint, left and right together", both_sides(judged.scores.skeleton))


def _by_joint(judged: "Judged", title: str, places: dict[str, list[int]]) -> Table:
    scores, baseline = judged.scores, judged.baseline
    rule = scores.pck.rule
    rows = []
    for name, joints in places.items():
        pck, found = scores.pck, scores.joints
        values = [
            pck.rate(rule.threshold, joints),
            baseline.pck.rate(rule.threshold, joints),
            *(pck.rate(threshold, joints) for threshold in list(rule.quoted.values())[1:]),
            found.mean_similarity(joints),
            found.median_error(joints),
        ]
        rows.append((name, *map(shown, values), f"{found.num_labelled(joints)}"))
    first, *others = quoted(scores)
    head = ("joint", first, "of the mean pose", *others, "mean OKS", "median error", "labelled")
    return Table(title=title, head=head, rows=tuple(rows))


def _sizes(judged: "Judged") -> Table:
    """COCO's ten numbers."""
    oks = judged.scores.oks
    measures = (oks.average_precision, oks.average_recall)
    rows = [(size, *(shown(measure(size=size)) for measure in measures)) for size in SIZES]
    for threshold in (0.5, 0.75):
        both = (oks.average_precision(threshold), oks.average_recall(iou=threshold))
        rows.append((f"all, at {threshold}", *map(shown, both)))
    return Table(
        title="OKS AP and AR by size, medium from 32² to 96² square pixels, and by similarity",
        head=("people", "AP", "AR"),
        rows=tuple(rows),
    )


def _fates(judged: "Judged") -> Table:
    """What became of all joints."""
    totals = {name: scores.joints.num_labelled() for name, scores in judged.contenders.items()}
    rows = []
    for name, scores in judged.contenders.items():
        counts = scores.joints.counts()
        shares = (counts[fate] / totals[name] if totals[name] else float("nan") for fate in FATES)
        rows.append((name, *map(shown, shares), f"{totals[name]}"))
    head = ("model", *(fate.word for fate in FATES), "joints")
    return Table(title="What became of joints, as shares of all", head=head, rows=tuple(rows))
