"""`saccade track`: point at an object once and it stays followed; or have everything found and followed."""

from pathlib import Path
from typing import Annotated

import typer

from saccade.cli.many import BoxTable, Ray, Workers, over_videos
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Tracker,
    Weights,
)
from saccade.cli.track_found import (
    AnchorOption,
    Associate,
    AssociateSettings,
    Begins,
    Classes,
    CommonOptions,
    Detections,
    Detector,
    FoundOptions,
    Lines,
    Zones,
    track_found,
)
from saccade.cli.track_pointed import PointedOptions, track_pointed
from saccade.cli.viewing import Show
from saccade.cli.watching import (
    SOURCES,
    Batch,
    End,
    OnBadFrame,
    OnBadFrameOption,
)
from saccade.core import ConfigError, SourceError

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
        help="window: watch, and draw boxes with the mouse when --box is missing; q quits, space pauses. "
        "browser: the same on a page of your own."
    ),
]


MaybeSource = Annotated[str | None, typer.Argument(metavar="SOURCE", help=SOURCES)]


def track(
    context: typer.Context,
    source: MaybeSource = None,
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
    detector: Detector = None,
    detections: Detections = None,
    associate: Associate = None,
    associate_set: AssociateSettings = None,
    classes: Classes = None,
    threshold: Begins = None,
    line: Lines = None,
    zone: Zones = None,
    anchor: AnchorOption = None,
    batch: Batch = None,
    table: BoxTable = None,
    workers: Workers = None,
    ray: Ray = None,
    json: Json = False,
) -> None:
    """Follow objects through a video.

    Point at them with --box or --mask: leaves boxes.csv, video.mp4 and run.json; with one target also
    boxes.txt, a line x,y,w,h for each frame; with a model that segments, also masks/<frame>.png.

    Or have everything found and followed, with --detector: leaves tracks.txt (MOTChallenge), boxes.csv,
    video.mp4 and run.json; with --line or --zone also counts.csv and crossings.csv. Of a live source the
    newest frame is looked at, and those in between are left out.

    With both, the tracker follows what is pointed at, and where it loses it the detector finds candidates in
    the whole frame; the tracker's own target model says whether one of them is the target.

    Of several videos each has its folder under --out; what is finished is not run again. Where targets are
    in each, --boxes says.

    Example: [bold]saccade track clip.mp4 --box 120,80,60,40 --out runs/car[/bold]

    Example: [bold]saccade track clip.mp4 --mask first.png --tracker lwl --out runs/dogs[/bold]

    Example: [bold]saccade track road.mp4 --detector yolox_nano --classes car,bus --line 0,300,640,300[/bold]

    Example: [bold]saccade track clip.mp4 --box 120,80,60,40 --tracker dimp_nano --detector yolox_nano[/bold]

    Example: [bold]saccade track frames --detections det.txt --associate ocsort --out runs/people[/bold]
    """
    of_one = {"--box": box, "--mask": mask, "--detections": detections, "--show": show is not Show.none}
    if source and over_videos(
        context, detector or tracker, ray, workers, of_one=of_one, table=table, needs_boxes=not detector
    ):
        return
    found = FoundOptions(
        detector=detector,
        detections=detections,
        associate=associate,
        associate_set=associate_set,
        classes=classes,
        threshold=threshold,
        line=line,
        zone=zone,
        anchor=anchor,
        batch=batch,
    )
    common = CommonOptions(
        weights=weights,
        device=device,
        precision=precision,
        settings=settings,
        start=start,
        end=end,
        out=out,
        show=show,
        on_bad_frame=on_bad_frame,
        json=json,
    )
    pointed = PointedOptions(box=box, mask=mask, tracker=tracker, seed=seed)
    if source is None and (detections is None or pointed.is_given):
        raise SourceError("SOURCE is missing: name a video, a folder of pictures, a camera or a stream")
    if found.finds and not pointed.is_given:
        _refuse_tracker(context, found)
        track_found(context, source, found, common)
        return
    if found.given() and not found.finds:
        raise ConfigError(_misplaced(found.given(), pointed.is_given))
    assert source is not None
    track_pointed(context, source, pointed, found, common)


def _refuse_tracker(context: typer.Context, found: FoundOptions) -> None:
    """Refuses a tracker of targets that nobody points at."""
    given = context.get_parameter_source("tracker")
    if given is not None and given.name == "COMMANDLINE":
        raise ConfigError(
            f"--tracker follows what is pointed at with --box, and {found.given()[0]} finds all; leave "
            "one of them out"
        )


def _misplaced(options: list[str], is_pointed_at: bool) -> str:
    """Why options for what is found are no good here."""
    if is_pointed_at:
        return f"{options[0]} is for following everything; leave it out, or leave --box and --mask out"
    return f"{options[0]} is for following everything; add --detector NAME, or --detections FILE"
