"""`saccade track`: point at an object once and it stays followed."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import facts, notify, print_json
from saccade.cli.console import out as stdout
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Tracker,
    Weights,
    choose_model,
    command_line,
    default_out,
    load_model,
    parse_box,
)
from saccade.cli.watching import (
    End,
    OnBadFrame,
    OnBadFrameOption,
    Show,
    SourceArgument,
    open_watched,
    pace_of,
    watching,
)
from saccade.core import TargetError

if TYPE_CHECKING:
    from saccade.deploy.record import Recording


Boxes = Annotated[
    list[str] | None,
    typer.Option(
        "--box",
        metavar="X,Y,W,H",
        help="A target: top-left corner, width and height in pixels. Repeat it for more targets.",
    ),
]
Mask = Annotated[
    Path | None,
    typer.Option(
        "--mask",
        metavar="PNG",
        help="Targets as a palette picture as large as the frame: every pixel value but 0 is the id of one.",
    ),
]
Start = Annotated[
    int, typer.Option(min=0, metavar="N", help="First frame, the one that the boxes are meant in.")
]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Where the files go; runs/track/<time> if not given.")
]
ShowOption = Annotated[
    Show,
    typer.Option(
        help="window: watch, and draw boxes with the mouse when --box is missing; q quits, space pauses."
    ),
]


def track(
    context: typer.Context,
    source: SourceArgument,
    box: Boxes = None,
    mask: Mask = None,
    tracker: Tracker = "eco",
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    start: Start = 0,
    end: End = None,
    seed: Seed = 0,
    out: Out = None,
    show: ShowOption = Show.none,
    on_bad_frame: OnBadFrameOption = OnBadFrame.stop,
    json: Json = False,
) -> None:
    """Follow objects through a video.

    Leaves boxes.csv, video.mp4 and run.json; with one target also boxes.txt, a line x,y,w,h for each frame;
    with a model that segments, also masks/<frame>.png.

    Example: [bold]saccade track clip.mp4 --box 120,80,60,40 --out runs/car[/bold]

    Example: [bold]saccade track clip.mp4 --mask first.png --tracker lwl --out runs/dogs[/bold]
    """
    # what takes seconds to load comes behind what is wrong at a glance
    boxes = [parse_box(text) for text in box or ()]
    if not boxes and mask is None and show is Show.none:
        raise TargetError(
            "nothing to follow yet; say where the target is with --box X,Y,W,H (top-left corner, width and "
            "height in pixels) or --mask PNG, or draw it with --show window"
        )
    tracker, weights, title = choose_model(tracker, weights)
    model = load_model(tracker, weights, device, precision, settings)

    from saccade.deploy.pointing import pick_targets, targets_of
    from saccade.deploy.record import record
    from saccade.media.following import beginning_whole
    from saccade.zoo.load import find_device

    targets = targets_of(boxes, mask)
    about = {"command": command_line(context), "source": source, "device": str(find_device(device, tracker))}
    with ExitStack() as opened:
        video, window = opened.enter_context(open_watched(source, start, end, on_bad_frame, show))
        frames = beginning_whole(video)
        if window is not None and targets is None:
            notify("drag a box around each target; Enter starts, backspace takes one away, Escape gives up")
            targets, frames = pick_targets(frames, window)
        pace = pace_of(video)
        watch = opened.enter_context(watching(video, window, "tracking", pace))
        recording = record(
            model,
            frames,
            targets,
            out or default_out("track"),
            fps=video.fps,
            seed=seed,
            about=about,
            skipped=video.skipped,
            watch=watch,
            pace=pace,
        )
    _summarise(recording, title, json)


def _summarise(recording: "Recording", tracker: str, json: bool) -> None:
    if json:
        print_json({"tracker": tracker} | recording.to_json())
        return
    rows = {
        "tracked": f"{recording.frames} frames, {recording.fps:.3g} frames/s with {tracker}",
        "targets": ", ".join(str(target) for target in recording.targets),
        "lost in": f"{recording.lost} frames",
    }
    if recording.skipped:
        rows["left out"] = "frames that cannot be read, named above and in run.json"
    rows["files"] = f"{', '.join(recording.files)} in {recording.out}"
    stdout.print(facts(rows))
