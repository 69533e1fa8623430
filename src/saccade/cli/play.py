"""`saccade play`: the frames of a sequence with what models answered, as a video or in a window."""

from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import facts, notify, print_json, progress
from saccade.cli.console import out as stdout
from saccade.cli.options import Json, default_out
from saccade.core import ConfigError, DatasetError
from saccade.core.errors import did_you_mean

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import DatasetResults, Protocol
    from saccade.evaluation.playback import Playback
    from saccade.evaluation.protocols import Job

FPS = 25.0
"""frames a second of sequences that do not say"""


class Show(StrEnum):
    """Where to watch."""

    none = "none"
    window = "window"


def play(
    folder: Annotated[Path, typer.Argument(metavar="RESULTS", help="Where `saccade eval --out` wrote.")],
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Which data set, where there are results on several."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the data set lies now, when it has moved.")
    ] = None,
    sequence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A sequence, or a run <sequence>@<run>. Repeatable.  \\[default: all]"
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model", "--models", metavar="NAME", help="Whose answers. Repeatable.  \\[default: all]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="VIDEO",
            help="The video, e.g. car.mp4; a folder where there are several.  \\[default: runs/play/<time>]",
        ),
    ] = None,
    show: Annotated[
        Show, typer.Option(help="window: watch, and write a video only with --out; q quits, space pauses.")
    ] = Show.none,
    fps: Annotated[
        float | None,
        typer.Option(metavar="N", min=1, help="Frames a second.  \\[default: the sequence's own]"),
    ] = None,
    json: Json = False,
) -> None:
    """Play sequences back, with the boxes or masks of every model and the truth.

    The truth is white, and each model has the colour that it has in the report; the legend tells its overlap
    with the truth.

    Example: [bold]saccade play runs/comparison --sequence car --out car.mp4[/bold]
    """
    from saccade.evaluation import PROTOCOLS, DatasetResults

    results = DatasetResults.find(folder, dataset)
    protocol = PROTOCOLS[results.protocol]
    jobs = _jobs(results.dataset(root), protocol, sequence or [])
    names = _names(results, models)
    writes = show is Show.none or out is not None
    place = out or default_out("play")
    if place.suffix and len(jobs) > 1:
        raise ConfigError(
            f"--out {place}: one video, but there are {len(jobs)} runs; choose one with --sequence, or give "
            f"a folder"
        )
    videos: list[dict[str, object]] = []
    for job in jobs:
        file = (place if place.suffix else place / f"{job.stem}.mp4") if writes else None
        playback = _playback(results, protocol, job, names)
        rate = fps or job.sequence.fps or FPS
        frames, goes_on = _play(playback, file, rate, in_window=show is Show.window)
        videos.append({"run": job.stem, "frames": frames, "video": None if file is None else str(file)})
        if not goes_on:
            break
    if json:
        print_json({"models": names, "videos": videos})
    elif writes:
        stdout.print(facts({f"{video['run']}": f"{video['video']}" for video in videos}))


def _jobs(dataset: "Dataset", protocol: "Protocol", wanted: list[str]) -> "list[Job]":
    """The runs of the sequences that were asked for, or of all."""
    from saccade.evaluation.protocols import jobs_of

    jobs = jobs_of(protocol, dataset)
    known = {name: None for job in jobs for name in (job.sequence.name, job.stem)}
    for name in wanted:
        if name not in known:
            raise DatasetError(f"--sequence {name}: not in {dataset.label}; {did_you_mean(name, known)}")
    return [job for job in jobs if not wanted or {job.stem, job.sequence.name} & set(wanted)]


def _names(results: "DatasetResults", wanted: list[str] | None) -> list[str]:
    known = results.models()
    for name in wanted or ():
        if name not in known:
            raise DatasetError(f"--model {name}: no results of it; {did_you_mean(name, known)}")
    return list(dict.fromkeys(wanted or known))


def _playback(results: "DatasetResults", protocol: "Protocol", job: "Job", names: list[str]) -> "Playback":
    from saccade.draw.charts import inks_of
    from saccade.evaluation.playback import Playback

    done = [name for name in names if results.of(name).has(protocol.files(job))]
    for name in names:
        if name not in done:
            notify(f"{name} has no result on {job.stem}, and is left out")
    # as in the report, whoever else is shown
    colors = {name: ink.color for name, ink in inks_of(results.models()).items()}
    return Playback(job, protocol, {name: results.of(name) for name in done}, colors)


def _play(playback: "Playback", file: Path | None, fps: float, *, in_window: bool) -> tuple[int, bool]:
    """Shows and writes a run; returns the number of frames, and whether the user wants to go on."""
    from saccade.draw.window import Window
    from saccade.media import VideoSink

    name, frames = playback.job.stem, 0
    with ExitStack() as opened:
        window = opened.enter_context(Window(f"saccade: {name}", fps=fps)) if in_window else None
        sink = None if file is None else opened.enter_context(VideoSink(file, fps))
        advance = opened.enter_context(progress(f"playing {name}", len(playback)))
        for picture in playback:
            frames += 1
            if sink is not None:
                sink.write(picture)
            if window is not None and not window.show(picture):
                return frames, False
            advance()
    return frames, True
