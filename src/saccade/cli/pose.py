"""`saccade pose`: a pose estimator over pictures, a video, a camera or a stream."""

from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import facts, notify, print_json
from saccade.cli.console import out as stdout
from saccade.cli.many import Ray, Workers, over_videos
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Settings,
    Weights,
    choose_model,
    command_line,
    default_out,
    load_model,
    parse_box,
    parse_settings,
)
from saccade.cli.viewing import Show
from saccade.cli.watching import (
    Batch,
    Begin,
    End,
    OnBadFrame,
    OnBadFrameOption,
    ShowWindow,
    SourceArgument,
    Threshold,
    batch_of,
    open_watched,
    pace_of,
    watching,
)
from saccade.core import ConfigError, ModelError, WeightsError
from saccade.core.targets import Box

if TYPE_CHECKING:
    from saccade.association import Associator
    from saccade.core import Frame, Instances
    from saccade.deploy.people import GivenPeople
    from saccade.deploy.pose import Poses
    from saccade.media import Source
    from saccade.pose.smoothing import PoseSmoother


class Association(StrEnum):
    """Who says who is who."""

    bytetrack = "bytetrack"
    ocsort = "ocsort"
    sort = "sort"
    botsort = "botsort"


def pose(
    context: typer.Context,
    source: SourceArgument,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Which estimator; `saccade models list` shows all. Or a checkpoint of `saccade train`.",
        ),
    ],
    weights: Weights = None,
    threshold: Threshold = 0.3,
    detector: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What says where people are, to models that look at one at a time: a name, or a checkpoint "
            "of `saccade train`.  \\[default: Keypoint or Faster R-CNN, whichever has its weights here]",
        ),
    ] = None,
    detector_weights: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its weight file; the store's if not given.")
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,W,H", help="Look at who is in this box, in every frame. Repeat it for more people."
        ),
    ] = None,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="Look at who is in these: boxes.csv of `track`, detections.csv of `detect`."
        ),
    ] = None,
    associate: Annotated[
        Association | None, typer.Option(help="Say who is who from frame to frame, by this method.")
    ] = None,
    smooth: Annotated[
        bool | None,
        typer.Option(
            "--smooth/--no-smooth",
            help="Smooth poses over time.  \\[default: for videos where it is known who is who]",
        ),
    ] = None,
    openpose: Annotated[
        bool,
        typer.Option(
            "--openpose", help="Also leave openpose/: a JSON file a frame, of OpenPose's 25 points."
        ),
    ] = False,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    batch: Batch = None,
    start: Begin = 0,
    end: End = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go; runs/pose/<time> if not given.")
    ] = None,
    show: ShowWindow = Show.none,
    on_bad_frame: OnBadFrameOption = OnBadFrame.stop,
    workers: Workers = None,
    ray: Ray = None,
    json: Json = False,
) -> None:
    """Find how people hold themselves in pictures, a video, a camera or a stream.

    Leaves poses.json (COCO results; with track_id where it is known who is who), video.mp4, or pictures/
    where the source is pictures, and run.json. `--set associate.NAME=VALUE` changes how people are told
    apart, `--set smooth.NAME=VALUE` how they are smoothed, and `--set detector.NAME=VALUE` the detector.

    Of several videos each has its folder under --out; what is finished is not run again.

    Example: [bold]saccade pose clip.mp4 --model keypointrcnn_resnet50_fpn --associate bytetrack[/bold]

    Example: [bold]saccade pose photo.jpg --model simplebaseline_resnet50 --box 120,80,60,140[/bold]
    """
    of_one = {"--boxes": boxes, "--show": show is not Show.none}
    if over_videos(context, model, ray, workers, of_one=of_one):
        return
    name, weights, title = choose_model(model, weights)
    _check_ability(name)
    always = [parse_box(text) for text in box or ()]
    if detector is not None and (always or boxes):
        raise ConfigError("--detector says where people are, and so do boxes; leave one of them out")
    if detector is None and detector_weights is not None:
        raise ConfigError(f"--detector-weights {detector_weights}: say whose they are with --detector NAME")
    changes = _by_group(settings)
    options = (device, precision, [f"threshold={threshold}", *changes[""]])
    estimator: Any = load_model(name, weights, *options, detector=None)
    people = _people(estimator, always, boxes)
    if people is not None and changes["detector"]:
        raise ConfigError(
            f"--set detector.{changes['detector'][0]}: boxes say where people are; leave it out"
        )
    if people is None:
        options = (device, precision, changes["detector"])
        estimator = _with_detector(estimator, detector, detector_weights, options)

    from saccade.core.versions import versions
    from saccade.deploy.people import GivenLook
    from saccade.deploy.pose import pose as run
    from saccade.deploy.run import Plan
    from saccade.zoo.loading import find_device

    about = {
        "command": command_line(context),
        "source": source,
        "device": str(find_device(device, name)),
        "model": name,
        "weights": weights,
        "config": estimator.config,
        "detector": detector or getattr(getattr(estimator, "detector", None), "name", None),
        "detector_weights": detector_weights,
        "versions": versions(),
    }
    folder = out or default_out("pose")
    with ExitStack() as opened:
        video, view = opened.enter_context(open_watched(source, start, end, on_bad_frame, show, folder))
        # whoever is sure enough to be shown is sure enough to be followed
        sure = estimator.config.threshold
        associator = _associator(associate, video, people, sure, changes["associate"])
        pace = pace_of(video)
        watch = opened.enter_context(watching(video, view, "looking at", pace))
        look = estimator if people is None else GivenLook(estimator, people)
        done = run(
            look,
            video,
            folder,
            Plan(about=about, pictures=video.files, fps=video.fps, watch=watch, pace=pace),
            associator=associator,
            smoother=_smoother(smooth, video, _know_ids(associator, people), changes["smooth"]),
            batch=batch_of(batch, video, view),
            skipped=video.skipped,
            openpose=_beginning(source) if openpose else None,
        )
    # who watches may have stopped it early
    for note in look.notes(end) if isinstance(look, GivenLook) and view is None else ():
        notify(note)
    if video.dropped:
        notify(f"{video.dropped} frames came faster than they could be looked at, and were left out")
    _summarise(done, title, json)


def _beginning(source: str) -> str:
    """What OpenPose calls files of frames by: the name of the video; nothing of a camera or a stream."""
    return f"{Path(source).stem}_" if Path(source).is_file() else ""


def _check_ability(name: str) -> None:
    """Refuses models that know no poses."""
    from saccade.zoo.catalog import entry, such_as

    if entry(name).task != "pose":
        raise ModelError(f"'{name}' knows nothing of poses; take a model that does, {such_as('pose')}")


def _by_group(settings: list[str] | None) -> dict[str, list[str]]:
    """The settings of the estimator, and those whose names begin with what else they are for."""
    groups: dict[str, list[str]] = {"": [], "detector": [], "associate": [], "smooth": []}
    for text in settings or ():
        group, _, rest = text.partition(".")
        groups[group if group in groups else ""].append(rest if group in groups else text)
    return groups


def _people(estimator: Any, always: list[Box], table: Path | None) -> "GivenPeople | None":
    """Whom to look at, where the user says it."""
    if not always and table is None:
        return None
    from saccade.deploy.people import GivenPeople, PersonBox, read_people
    from saccade.pose.model import TopDown

    if not isinstance(estimator, TopDown):
        raise ModelError(f"'{estimator.name}' finds people by itself; leave the boxes out")
    people = GivenPeople() if table is None else read_people(table, estimator.config.subject)
    return replace(people, always=[PersonBox(box, where="--box") for box in always])


def _with_detector(estimator: Any, detector: str | None, weights: str | None, options: Any) -> Any:
    """The estimator, asking a detector where people are, if it has to."""
    from saccade.pose.model import TopDown
    from saccade.zoo import load
    from saccade.zoo.joining import DEFAULT_DETECTORS, joined

    example = DEFAULT_DETECTORS[-1]
    device, precision, settings = options
    if detector is not None:
        if not isinstance(estimator, TopDown):
            raise ModelError(f"'{estimator.name}' finds people by itself; leave --detector out")
        name, weights, _ = choose_model(detector, weights)
        try:
            made = load_model(name, weights, device, precision, settings)
        except WeightsError as error:
            # what every model calls --weights has another name here
            raise WeightsError(str(error).replace(" --weights ", " --detector-weights ")) from None
        if not callable(made) or isinstance(made, TopDown):
            raise ModelError(
                f"--detector {detector}: does not say where people are; name another, such as {example}"
            )
        return joined(estimator, _finding(made, estimator), load)
    if settings:
        raise ConfigError(f"--set detector.{settings[0]}: there is no --detector NAME that it could be for")
    ready: Any = joined(
        estimator, "auto", partial(load, device=device, precision=precision.value, detector=None)
    )
    if isinstance(ready, TopDown) and ready.detector is None:
        raise ModelError(
            f"'{estimator.name}' looks at one person at a time; say where people are with --detector NAME, "
            f"such as {example} (get its weights with saccade models download {example}), with "
            f"--box X,Y,W,H or with --boxes CSV"
        )
    return ready


def _finding(detector: Any, estimator: Any) -> Any:
    """The detector; all that it finds where it has no name for what the estimator looks at."""
    classes = getattr(getattr(detector.config, "network", None), "classes", None)
    subject = getattr(estimator.config, "subject", None)
    if classes is None or subject is None or subject in classes:
        return detector
    notify(f"'{detector.name}' finds nothing called {subject}, so that all that it finds is looked at")

    def find(frames: "list[Frame]") -> "list[Instances]":
        return [replace(found, names=None) for found in detector(frames)]

    return find


def _associator(
    method: Association | None,
    video: "Source",
    people: "GivenPeople | None",
    sure: float,
    settings: list[str],
) -> "Associator | None":
    """Who says who is who, if anybody has to."""
    if method is None:
        if settings:
            raise ConfigError(f"--set associate.{settings[0]}: there is no --associate that it could be for")
        return None
    if people is not None and people.have_ids:
        raise ConfigError("--boxes says who is who by its targets; leave --associate out")
    from saccade.association import Associator

    return Associator.of(method.value, fps=video.fps, sure=sure, **parse_settings(settings))


def _know_ids(associator: "Associator | None", people: "GivenPeople | None") -> bool:
    return associator is not None or (people is not None and people.have_ids)


def _smoother(
    wish: bool | None, video: "Source", has_ids: bool, settings: list[str]
) -> "PoseSmoother | None":
    """What smooths, where that is wished for, or can be and is not declined."""
    if wish and not has_ids:
        raise ConfigError("--smooth has to know who is who; add --associate bytetrack")
    # pictures may have nothing to do with each other
    if wish is False or not has_ids or (wish is None and video.files):
        if settings:
            raise ConfigError(f"--set smooth.{settings[0]}: nothing is smoothed here; leave it out")
        return None
    from saccade.core.config import override
    from saccade.pose.smoothing import OneEuro, PoseSmoother

    return PoseSmoother(override(OneEuro(), parse_settings(settings)), fps=video.fps)


def _summarise(done: "Poses", title: str, json: bool) -> None:
    if json:
        print_json({"model": title} | done.to_json())
        return
    found = f"{_count(done.people, 'person', 'people')} in {_count(done.peopled, 'frame', 'frames')}"
    rows = {
        "looked at": f"{_count(done.frames, 'frame', 'frames')}, {done.fps:.3g} frames/s with {title}",
        "found": found if done.people else "nobody",
    }
    if done.who:
        rows["told apart"] = _count(len(done.who), "person", "people")
    if done.skipped:
        rows["left out"] = "frames that cannot be read, named above and in run.json"
    rows["files"] = f"{', '.join(done.files)} in {done.out}"
    stdout.print(facts(rows))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
