"""Pose models in `saccade eval` and `saccade report`: over pictures of annotated people, and their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.eval_pictures import MODELS, Wish, check_ability, refuse_options, running, show_report, take
from saccade.cli.options import choose_model, load_model
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.core import Instances
    from saccade.data.pose import PoseDataset, PosedImage
    from saccade.evaluation.pictures.run import Pixels
    from saccade.evaluation.pose.results import PoseResults
    from saccade.evaluation.pose.run import Estimate

Boxes = Annotated[
    str | None,
    typer.Option(
        metavar="truth|detector|FILE",
        help="Where pose models look that look at one person at a time; FILE is of COCO results, e.g. "
        "--boxes COCO_val2017_detections_AP_H_56_person.json.  \\[default: truth for mpii and lsp, else "
        "detector]",
    ),
]
Detector = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The detector that says it: a name, or a checkpoint of `saccade train`.  \\[default: one that "
        "has its weights here]",
    ),
]
MeanPoseSplit = Annotated[
    str | None,
    typer.Option(
        metavar="S",
        help="Split whose mean pose a pose model is compared with, e.g. --mean-pose train.  \\[default: the "
        "judged one]",
    ),
]
TRUTH, DETECTOR = "truth", "detector"
_ALONE = ("mpii", "lsp")
"""data sets whose measures are of people that are shown to the model"""
_BOX_FLOOR = 0.05
"""score under which a detector's boxes are not looked into: low, for people are scored at all thresholds"""
_ALL = 1_000_000
"""boxes in a picture that no file has"""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoWish:
    """What the options ask for of pose models alone.

    Attributes:
        boxes: `truth`, `detector`, or a file of boxes.
        detector: a name.
        mean_pose: the split whose mean pose the model is compared with; the judged one for None.
    """

    boxes: str | None
    detector: str | None
    mean_pose: str | None

    @property
    def options(self) -> dict[str, str | None]:
        """By their names."""
        return {"--boxes": self.boxes, "--detector": self.detector, "--mean-pose": self.mean_pose}

    def way(self, dataset: "PoseDataset") -> str:
        """`truth`, `detector`, or a file, whatever is asked for.

        Raises:
            ConfigError: when two things would say where people are.
        """
        if self.detector is not None and self.boxes not in (None, DETECTOR):
            raise ConfigError(
                f"--detector says where people are, and so does --boxes {self.boxes}; leave one of them out"
            )
        if self.detector is not None:
            return DETECTOR
        return self.boxes or (TRUTH if dataset.name in _ALONE else DETECTOR)


def evaluate_pose(wish: Wish, who: WhoWish) -> None:
    """Runs a pose model over a data set, or takes what another has found, and scores it."""
    from saccade.data.pose import find_form, open_pose
    from saccade.evaluation.pose import MeanPose
    from saccade.evaluation.pose.coco_results import read_coco_results
    from saccade.evaluation.pose.results import PoseResults

    wish.check("pose")
    form = find_form(wish.datasets[0]).name
    dataset = open_pose(form, wish.roots[0], wish.split)
    learned = dataset if who.mean_pose is None else open_pose(form, wish.roots[0], who.mean_pose)
    place = wish.place()
    if wish.detections is not None:
        refuse_options({"--boxes": who.boxes, "--detector": who.detector}, "--detections FILE")
        found = read_coco_results(wish.detections, dataset)
        results = take(PoseResults, wish.detections, dataset, place, found)
    else:
        results = _run(wish, who, dataset, place)
    results.save_mean_pose(MeanPose.from_dataset(learned))
    make_pose_report(results, dataset, place, json=wish.json)


def _run(wish: Wish, who: WhoWish, dataset: "PoseDataset", place: Path) -> "PoseResults":
    from saccade.data.pose import read_image
    from saccade.evaluation.pose.results import PoseResults
    from saccade.evaluation.pose.run import Translation, run_estimator

    way = who.way(dataset)
    contender = wish.contender("pose", _floors(wish, way), detector=None)
    estimator: Any = contender.load(device=contender.devices[0])
    translation = Translation.of(estimator.config.network.skeleton, dataset, contender.name)
    estimate, facts, notes = _estimate(wish, who, estimator, dataset, way)
    results = PoseResults.begin(
        place,
        dataset,
        contender.name,
        {**contender.settings, **facts},
        {**contender.circumstances, "notes": [*translation.notes, *notes]},
    )
    if not results.is_whole:
        with running(contender.name, dataset, place) as advance:
            run_estimator(estimate, dataset, read_image, results, translation, advance)
    return results


def _floors(wish: Wish, way: str) -> list[str]:
    """Settings with which a model leaves nobody out who might count."""
    from saccade.pose.config import TopDownConfig
    from saccade.zoo import entry
    from saccade.zoo.loading import configuration

    name = choose_model(wish.models[0], wish.weights)[0]
    check_ability(name, "pose")
    if not isinstance(configuration(entry(name), None), TopDownConfig):
        return []
    if way == DETECTOR:
        return ["threshold=0", f"box_threshold={_BOX_FLOOR}"]
    # all boxes of a file are looked into, as in published evaluations
    return ["threshold=0", "box_threshold=0", f"max_people={_ALL}"]


def _estimate(
    wish: Wish, who: WhoWish, estimator: Any, dataset: "PoseDataset", way: str
) -> tuple["Estimate", dict[str, Any], list[str]]:
    """How people are found in pictures, what decides on it besides the model, and what to know of it."""
    from saccade.evaluation.pose.run import true_boxes
    from saccade.pose.model import TopDown

    if not isinstance(estimator, TopDown):
        for option in ("--boxes", "--detector"):
            if who.options[option] is not None:
                raise ModelError(f"'{estimator.name}' finds people by itself; leave {option} out")
        return lambda _, pictures: estimator(pictures), {}, []
    if way == TRUTH:
        return (
            lambda images, pictures: estimator(pictures, boxes=[true_boxes(image) for image in images]),
            {"boxes": TRUTH},
            [],
        )
    if way == DETECTOR:
        joined = _with_detector(wish, who.detector, estimator)
        name = getattr(joined.detector, "name", DETECTOR)
        note = f"people are found by '{name}'"
        return lambda _, pictures: joined(pictures), {"boxes": f"{DETECTOR} {name}"}, [note]
    return _in_file(Path(way), estimator, dataset)


def _with_detector(wish: Wish, name: str | None, estimator: Any) -> Any:
    """The model, asking a detector where people are that leaves nobody out who might count."""
    from saccade.zoo import entry, load
    from saccade.zoo.joining import DEFAULT_DETECTORS, joined

    plain = partial(load, device=wish.device, precision=wish.precision.value, detector=None)
    detector: Any = "auto"
    if name is not None:
        chosen, weights, _ = choose_model(name, None)
        changes = [f"threshold={_BOX_FLOOR}"] if entry(chosen).task == "detect" else []
        detector = load_model(chosen, weights, wish.device, wish.precision, changes, detector=None)
    ready: Any = joined(estimator, detector, plain)
    if ready.detector is None:
        example = DEFAULT_DETECTORS[-1]
        raise ModelError(
            f"'{estimator.name}' looks at one person at a time; say where people are with --detector NAME, "
            f"such as {example} (get its weights with saccade models download {example}), with --boxes FILE, "
            f"or with --boxes truth"
        )
    return ready


def _in_file(
    file: Path, estimator: Any, dataset: "PoseDataset"
) -> tuple["Estimate", dict[str, Any], list[str]]:
    """People in the boxes of a file."""
    from saccade.evaluation.pose.coco_results import read_boxes
    from saccade.weights.store import sha256_of

    boxes, elsewhere = read_boxes(file, dataset)
    of = {image.name: each for image, each in zip(dataset.images, boxes, strict=True)}

    def estimate(images: "Sequence[PosedImage]", pictures: "list[Pixels]") -> "Sequence[Instances]":
        # the file takes the place of a detector, so that its scores count, and people are there once
        return estimator.with_detector(lambda _: [of[image.name] for image in images])(pictures)

    notes = [f"people are looked for in the {sum(map(len, boxes)):,} boxes of {file.name}"]
    if elsewhere:
        notes.append(f"boxes in {file.name} that are in no picture that is judged: {elsewhere:,}")
    return estimate, {"boxes": sha256_of(file)}, notes


def report_on_poses(folder: Path, root: Path | None, options: Mapping[str, object], *, json: bool) -> bool:
    """Makes the report on a pose model again; returns whether there are results of one in the folder.

    Args:
        root: where the data set lies now, when it has moved.
        options: those that mean nothing here.
    """
    from saccade.data.pose import open_pose
    from saccade.evaluation.pose.results import PoseResults

    results = PoseResults.find(folder)
    if results is None:
        return False
    refuse_options(options, MODELS["pose"])
    source = results.source
    dataset = open_pose(source.name, root or source.root, source.split)
    make_pose_report(results, dataset, folder, json=json)
    return True


def make_pose_report(results: "PoseResults", dataset: "PoseDataset", place: Path, *, json: bool) -> None:
    """Scores results, writes the report, and prints it."""
    from saccade.data.pose import read_image
    from saccade.evaluation.pose import judge
    from saccade.evaluation.pose.report import Judged, joint_table, scores_table, write_report

    # from the files, so that a report that is made again is the same
    scores = judge(dataset, results.read(dataset), matching=results.matching)
    judged = Judged.of(
        dataset,
        results.model,
        scores,
        results.mean_pose,
        seconds=results.read_seconds(),
        notes=(*results.notes, *dataset.notes),
    )
    report = write_report(judged, place, read_image)
    show_report(report, (scores_table(judged), joint_table(judged)), judged.how, place, json=json)
