"""`saccade detect`: a detector over pictures, a video, a camera or a stream."""

from contextlib import ExitStack
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
from saccade.core import ConfigError, ModelError
from saccade.core.errors import did_you_mean

if TYPE_CHECKING:
    from saccade.core import Frame, Instances
    from saccade.deploy.detect import Detections

SHOWN = 8
"""classes that are named one by one"""


def detect(
    context: typer.Context,
    source: SourceArgument,
    model: Annotated[
        str,
        typer.Option(
            "--model",
            metavar="NAME",
            help="Which detector; `saccade models list` shows all. Or a checkpoint of `saccade train`, or an "
            "ONNX file of `saccade export`.",
        ),
    ],
    weights: Weights = None,
    threshold: Threshold = 0.5,
    classes: Annotated[
        str | None,
        typer.Option(metavar="NAME,…", help="Leave out all other classes.  \\[default: all of the model]"),
    ] = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    batch: Batch = None,
    start: Begin = 0,
    end: End = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go; runs/detect/<time> if not given.")
    ] = None,
    show: ShowWindow = Show.none,
    on_bad_frame: OnBadFrameOption = OnBadFrame.stop,
    workers: Workers = None,
    ray: Ray = None,
    json: Json = False,
) -> None:
    """Find objects in pictures, a video, a camera or a stream.

    Leaves detections.csv (a line a box: frame,label,name,score,x,y,w,h), detections.json (COCO results),
    video.mp4, or pictures/ where the source is pictures, and run.json. Of a live source the newest frame is
    looked at, and those in between are left out.

    Of several videos each has its folder under --out; what is finished is not run again.

    Example: [bold]saccade detect clip.mp4 --model ssdlite320_mobilenet_v3_large --out runs/clip[/bold]

    Example: [bold]saccade detect photos --model runs/mine/best.ckpt --threshold 0.3[/bold]

    Example: [bold]saccade detect videos --model yolox_nano --workers 4 --out runs/videos[/bold]
    """
    if over_videos(context, model, ray, workers, of_one={"--show": show is not Show.none}):
        return
    detector, place, weights, title = load_detector(model, weights, threshold, device, precision, settings)
    names = detector.config.network.classes
    wanted = labels_of(classes, names)

    from saccade.core.versions import versions
    from saccade.data.classes import category_ids
    from saccade.deploy.detect import detect as run
    from saccade.deploy.run import Plan

    about = {
        "command": command_line(context),
        "source": source,
        "device": str(place),
        "model": detector.name,
        "weights": weights,
        "config": detector.config,
        "classes": classes,
        "versions": versions(),
    }

    def find(frames: "list[Frame]") -> "list[Instances]":
        return [_only(found, wanted) for found in detector(frames)]

    folder = out or default_out("detect")
    with ExitStack() as opened:
        video, view = opened.enter_context(open_watched(source, start, end, on_bad_frame, show, folder))
        pace = pace_of(video)
        watch = opened.enter_context(watching(video, view, "looking at", pace))
        done = run(
            find,
            video,
            folder,
            Plan(about=about, pictures=video.files, fps=video.fps, watch=watch, pace=pace),
            category_ids=category_ids(names),
            batch=batch_of(batch, video, view),
            skipped=video.skipped,
        )
    if video.dropped:
        notify(f"{video.dropped} frames came faster than they could be looked at, and were left out")
    _summarise(done, title, json)


def load_detector(
    model: str,
    weights: str | None,
    threshold: float,
    device: str,
    precision: PrecisionChoice,
    settings: list[str] | None,
) -> tuple[Any, Any, str | None, str]:
    """The detector that is named, where it runs, its weights, and what its results are called."""
    if Path(model).suffix == ".onnx":
        if weights is not None or settings:
            raise ModelError(
                f"{model}: has its weights and settings in itself; leave --weights and --set out"
            )
        from saccade.deploy.export.exported import exported_detector
        from saccade.zoo.loading import find_device

        place = find_device(device)
        return exported_detector(Path(model), place, threshold), place, model, Path(model).stem
    name, weights, title = choose_model(model, weights)
    _check_ability(name)
    loaded: Any = load_model(name, weights, device, precision, [f"threshold={threshold}", *(settings or ())])
    from saccade.zoo.loading import find_device

    return loaded, find_device(device, name), weights, title


def _check_ability(name: str) -> None:
    """Refuses models that find nothing by themselves."""
    from saccade.zoo.catalog import entry, such_as

    if (task := entry(name).task) != "detect":
        verb = f"pose --model {name}" if task == "pose" else f"track --tracker {name} --box X,Y,W,H"
        raise ModelError(f"'{name}' is no detector; use saccade {verb}, or take one, {such_as('detect')}")


def labels_of(text: str | None, names: tuple[str, ...]) -> list[int] | None:
    """The labels of the classes that are wanted; None for all."""
    if text is None:
        return None
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    if not wanted:
        raise ConfigError(
            f"--classes names none; the model knows {', '.join(names[:SHOWN])}{' …' * (len(names) > SHOWN)}"
        )
    for name in wanted:
        if name not in names:
            raise ConfigError(f"--classes {name}: the model knows no such class; {did_you_mean(name, names)}")
    return [names.index(name) for name in wanted]


def _only(found: "Instances", labels: list[int] | None) -> "Instances":
    if labels is None or found.labels is None:
        return found
    import numpy as np

    return found[np.isin(found.labels, labels)]


def _summarise(done: "Detections", title: str, json: bool) -> None:
    if json:
        print_json({"model": title} | done.to_json())
        return
    counts = [f"{count} {name}" for name, count in done.counts.most_common(SHOWN)]
    more = len(done.counts) - len(counts)
    rows = {
        "looked at": f"{done.frames} frame{'s' * (done.frames != 1)}, {done.fps:.3g} frames/s with {title}",
        "found": ", ".join(counts) + (f" and {more} more classes" if more else "")
        or "nothing that is sure enough; lower --threshold",
    }
    if done.skipped:
        rows["left out"] = "frames that cannot be read, named above and in run.json"
    rows["files"] = f"{', '.join(done.files)} in {done.out}"
    stdout.print(facts(rows))
