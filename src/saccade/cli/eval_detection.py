"""Detectors in `saccade eval` and `saccade report`: over annotated pictures, and their scores."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.console import notify, out, print_json, print_numbers, progress
from saccade.cli.contenders import make_contender
from saccade.cli.options import PrecisionChoice, choose_model, default_out
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.data.detection import DetectionDataset
    from saccade.evaluation.detection.results import DetectionResults

SCORE_FLOOR = 0.01
"""the threshold of a detector that is judged: it is scored at all of them, so it must not keep its own"""
CLASSES = 40
"""classes that are printed; the report has them all"""


def is_of_detection(datasets: Iterable[str], models: Iterable[str]) -> bool:
    """Whether a detector, or a data set for detectors, is among what is to be evaluated."""
    from saccade.data.detection import DETECTION
    from saccade.zoo import CATALOG

    if any(name in DETECTION for name in datasets):
        return True
    rows = (CATALOG.get(choose_model(name, None)[0]) for name in models)
    return any(row is not None and row.task == "detect" for row in rows)


def refuse_options(options: Mapping[str, object]) -> None:
    """Refuses options that mean nothing for a detector.

    Raises:
        ConfigError: naming the first that is given.
    """
    for name, value in options.items():
        if value:
            raise ConfigError(f"{name} is not for detectors; leave it out")


def evaluate_detector(
    datasets: list[str],
    roots: list[Path],
    models: list[str],
    *,
    split: str | None,
    place: Path | None,
    weights: str | None,
    detections: Path | None,
    device: str,
    precision: PrecisionChoice,
    settings: list[str] | None,
    json: bool,
) -> None:
    """Runs a detector over a data set, or takes what another has found, and scores it.

    Args:
        place: where results go.
        detections: a file of COCO results, instead of a model.
    """
    from saccade.data.detection import find_form, open_detection

    if len(datasets) != 1 or len(roots) != 1:
        raise ConfigError("a detector is judged on one data set at a time; give one --dataset and one --root")
    if len(models) + (detections is not None) != 1:
        raise ModelError("name one detector, or give --detections FILE; the report is of one at a time")
    dataset = open_detection(find_form(datasets[0]).name, roots[0], split)
    base = place or default_out("eval")
    if detections is not None:
        results = _take(detections, dataset, base)
    else:
        results = _run(models[0], weights, dataset, base, device, precision, settings)
    make_detection_report(results, dataset, base, json=json)


def _take(file: Path, dataset: "DetectionDataset", base: Path) -> "DetectionResults":
    """Takes over what stands in a file."""
    from saccade.evaluation.detection.coco_results import read_coco_results
    from saccade.evaluation.detection.results import DetectionResults
    from saccade.weights.store import sha256_of

    found = read_coco_results(file, dataset)
    settings = {"detections": sha256_of(file)}
    results = DetectionResults.begin(base, dataset, file.stem, settings, {"file": str(file.resolve())})
    results.save(dataset, found, None)
    return results


def _run(
    name: str,
    weights: str | None,
    dataset: "DetectionDataset",
    base: Path,
    device: str,
    precision: PrecisionChoice,
    settings: list[str] | None,
) -> "DetectionResults":
    from saccade.data.detection import read_image
    from saccade.evaluation.detection import Correspondence
    from saccade.evaluation.detection.results import DetectionResults
    from saccade.evaluation.detection.run import run_detector

    model, file, title = choose_model(name, weights)
    _check_ability(model)
    changes = [f"threshold={SCORE_FLOOR}", *(settings or ())]
    contender = make_contender(
        model, file, device, precision, changes, is_shared=False, is_remote=False, title=title
    )
    detector: Any = contender.load(device=contender.devices[0])
    classes = Correspondence.of(detector.config.network.classes, dataset.classes, title)
    facts = {"score_floor": detector.config.threshold, "notes": classes.notes}
    results = DetectionResults.begin(
        base, dataset, title, contender.settings, {**contender.circumstances, **facts}
    )
    if results.is_whole:
        return results
    with progress(f"{title} on {dataset.name}", len(dataset), unit="pictures") as advance:
        try:
            run_detector(detector, dataset, read_image, results, classes, advance)
        except KeyboardInterrupt as stop:
            stop.add_note(f"what was found is kept; --out {base} continues")
            raise
    return results


def _check_ability(name: str) -> None:
    """Refuses models that find nothing by themselves."""
    from saccade.zoo import CATALOG, entry

    if entry(name).task == "detect":
        return
    others = ", ".join(row.name for row in CATALOG.values() if row.task == "detect")
    raise ModelError(
        f"'{name}' follows what it is pointed at, and this data set is for detectors; take one of: {others}"
    )


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
    refuse_options(options)
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
    for note in report["notes"]:
        notify(note)
    if json:
        print_json(report)
        return
    for table in (scores_table(judged), class_table(judged)):
        print_numbers(table.head, table.rows[:CLASSES])
        out.print()
    for line in sentences(scores):
        out.print(line, style="dim", soft_wrap=True)
    out.print(f"report.html, report.json, report.md and plots in {place}", style="dim", soft_wrap=True)
