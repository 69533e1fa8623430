"""Tables of a report on a detector."""

from typing import TYPE_CHECKING

from saccade.evaluation.detection.coco import MAX_DETECTIONS, SIZES
from saccade.evaluation.detection.summary import fault_counts
from saccade.evaluation.pictures.numbers import shown
from saccade.evaluation.report.tables import NOTHING, Table

if TYPE_CHECKING:
    from saccade.evaluation.detection.report import Judged


def tables_of(judged: "Judged") -> list[Table]:
    """All of them, the most important first."""
    return [
        scores_table(judged),
        class_table(judged),
        _sizes(judged),
        _recalls(judged),
        _faults(judged),
    ]


def scores_table(judged: "Judged") -> Table:
    """All classes together."""
    scores, took = judged.scores, judged.milliseconds
    values = (scores.map, scores.map50, scores.map75, scores.voc_map, scores.voc_map_2007)
    rates = (scores.precision, scores.recall, scores.f1, scores.threshold)
    return Table(
        title="Scores",
        head=("model", "mAP", "mAP50", "mAP75", "VOC mAP", "VOC07 mAP", *_RATES, "threshold", "ms"),
        rows=((judged.model, *map(shown, (*values, *rates)), NOTHING if took is None else f"{took:.1f}"),),
    )


def class_table(judged: "Judged") -> Table:
    """A row a class, with the rates at the threshold of all."""
    scores = judged.scores
    rows = []
    for label, name in enumerate(scores.classes):
        coco, here = scores.coco, scores.of_class(label)
        values = (
            coco.average_precision(label=label),
            coco.average_precision(0.5, label=label),
            scores.voc[label],
        )
        rates = (here.precision, here.recall, here.f1, scores.sweeps[label].best().threshold)
        counts = (scores.num_truths(label=label), scores.num_ignored(label))
        rows.append((name, *map(shown, (*values, *rates)), *map(str, counts)))
    head = ("class", "mAP", "mAP50", "VOC AP", *_RATES, "own threshold", "truths", "ignored")
    return Table(title="By class", head=head, rows=tuple(rows))


_RATES = ("precision", "recall", "F1")


def _sizes(judged: "Judged") -> Table:
    scores = judged.scores
    rows = []
    for size in SIZES[1:]:
        coco, here = scores.coco, scores.of_size(size)
        values = (coco.average_precision(size=size), coco.average_precision(0.5, size=size))
        more = (coco.average_recall(size=size), here.precision, here.recall, here.f1)
        rows.append((size, *map(shown, (*values, *more)), f"{scores.num_truths(size)}"))
    head = ("size", "mAP", "mAP50", "AR100", *_RATES, "truths")
    return Table(title="By size: below 32² square pixels, below 96², above", head=head, rows=tuple(rows))


def _recalls(judged: "Judged") -> Table:
    values = [judged.scores.coco.average_recall(count) for count in MAX_DETECTIONS]
    return Table(
        title="Average recall by how many detections of a class count in a picture",
        head=("", *map(str, MAX_DETECTIONS)),
        rows=(("AR", *map(shown, values)),),
    )


def _faults(judged: "Judged") -> Table:
    rows = tuple((fault.value, f"{count}") for fault, count in fault_counts(judged.scores).items())
    return Table(
        title="Why detections are wrong, from the threshold on", head=("reason", "detections"), rows=rows
    )
