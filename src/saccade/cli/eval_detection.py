"""Detectors in `saccade eval` and `saccade report`: over annotated pictures, and their scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.eval_pictures import MODELS, Wish, refuse_options, running, show_report, take

if TYPE_CHECKING:
    from saccade.data.detection import DetectionDataset
    from saccade.evaluation.detection.results import DetectionResults

SCORE_FLOOR = 0.01
"""the threshold of a detector that is judged: it is scored at all of them, so it must not keep its own"""


def evaluate_detector(wish: Wish) -> None:
    """Runs a detector over a data set, or takes what another has found, and scores it."""
    from saccade.data.detection import find_form, open_detection
    from saccade.evaluation.detection.coco_results import read_coco_results
    from saccade.evaluation.detection.results import DetectionResults

    wish.check("detect")
    dataset = open_detection(find_form(wish.datasets[0]).name, wish.roots[0], wish.split)
    place = wish.place()
    if wish.detections is not None:
        found = read_coco_results(wish.detections, dataset)
        results = take(DetectionResults, wish.detections, dataset, place, found)
    else:
        results = _run(wish, dataset, place)
    make_detection_report(results, dataset, place, json=wish.json)


def _run(wish: Wish, dataset: "DetectionDataset", place: Path) -> "DetectionResults":
    from saccade.data.detection import read_image
    from saccade.evaluation.detection import Correspondence
    from saccade.evaluation.detection.results import DetectionResults
    from saccade.evaluation.detection.run import run_detector

    contender = wish.contender("detect", [f"threshold={SCORE_FLOOR}"])
    detector: Any = contender.load(device=contender.devices[0])
    classes = Correspondence.of(detector.config.network.classes, dataset.classes, contender.name)
    facts = {"score_floor": detector.config.threshold, "notes": classes.notes}
    results = DetectionResults.begin(
        place, dataset, contender.name, contender.settings, {**contender.circumstances, **facts}
    )
    if not results.is_whole:
        with running(contender.name, dataset, place) as advance:
            run_detector(detector, dataset, read_image, results, classes, advance)
    return results


def report_on_detector(folder: Path, root: Path | None, options: Mapping[str, object], *, json: bool) -> bool:
    """Makes the report on a detector again; returns whether there are results of one in the folder.

    Args:
        root: where the data set lies now, when it has moved.
        options: those that mean nothing here.
    """
    from saccade.data.detection import open_detection
    from saccade.evaluation.detection.results import DetectionResults

    results = DetectionResults.find(folder)
    if results is None:
        return False
    refuse_options(options, MODELS["detect"])
    source = results.source
    dataset = open_detection(source.name, root or source.root, source.split)
    make_detection_report(results, dataset, folder, json=json)
    return True


def make_detection_report(
    results: "DetectionResults", dataset: "DetectionDataset", place: Path, *, json: bool
) -> None:
    """Scores results, writes the report, and prints it."""
    from saccade.data.detection import read_image
    from saccade.evaluation.detection import judge
    from saccade.evaluation.detection.report import Judged, class_table, scores_table, write_report
    from saccade.evaluation.detection.summary import sentences

    # from the files, so that a report that is made again is the same
    scores = judge(dataset, results.read(dataset), score_floor=results.score_floor)
    notes = (*results.notes, *dataset.notes)
    judged = Judged(
        dataset=dataset, model=results.model, scores=scores, seconds=results.read_seconds(), notes=notes
    )
    report = write_report(judged, place, read_image)
    tables = (scores_table(judged), class_table(judged))
    show_report(report, tables, sentences(scores), place, json=json)
