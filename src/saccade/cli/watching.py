"""What verbs share that run a model over a source: how it is named, opened, and watched."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import progress
from saccade.cli.viewing import Show, View, viewing

if TYPE_CHECKING:
    from saccade.media import Source
    from saccade.media.realtime import Pace


class OnBadFrame(StrEnum):
    """What to do when a frame cannot be read."""

    stop = "stop"
    skip = "skip"


SOURCES = (
    "Video file; folder, pattern or list file of pictures, or of videos, each of which is run; camera index; "
    "or address of a stream."
)
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help=SOURCES)]
Threshold = Annotated[
    float,
    typer.Option("--threshold", min=0, max=1, metavar="T", help="Leave out what is less sure than that."),
]
Begin = Annotated[int, typer.Option("--start", min=0, metavar="N", help="First frame to look at.")]
End = Annotated[int | None, typer.Option("--end", min=1, metavar="N", help="Frame to stop before.")]
ShowWindow = Annotated[
    Show,
    typer.Option(
        "--show",
        help="window: watch; q quits, space pauses. browser: the same on a page that only you can see.",
    ),
]
OnBadFrameOption = Annotated[
    OnBadFrame, typer.Option("--on-bad-frame", help="What to do when a frame cannot be read.")
]
BATCH = 4
"""frames of a file that are looked at together, where nothing else is said"""
Batch = Annotated[
    int | None,
    typer.Option(
        "--batch",
        metavar="N",
        min=1,
        help=f"Frames that are looked at together.  \\[default: {BATCH}; 1 if live or shown]",
    ),
]


@contextmanager
def open_watched(
    source: str, start: int, end: int | None, on_bad_frame: OnBadFrame, show: Show, out: Path
) -> "Iterator[tuple[Source, View | None]]":
    """The source, and what shows the run over it, where that is wished for.

    Args:
        out: folder of the run's files.
    """
    from saccade.media import open_source

    with (
        open_source(source, start=start, end=end, on_bad_frame=on_bad_frame.value) as video,
        viewing(video, show, out) as view,
    ):
        yield video, view


def pace_of(video: "Source") -> "Pace | None":
    """How well a live source is kept up with; None for any other."""
    from saccade.media.realtime import Pace

    return Pace(video) if video.live else None


@contextmanager
def watching(
    video: "Source", view: View | None, doing: str, pace: "Pace | None" = None
) -> "Iterator[Callable[[Any, Any, Any], bool]]":
    """A `Watch` that tells how far things are, and shows each frame."""
    title = f"{doing} {video.name}"
    with progress(title, video.num_frames) as advance:

        def watch(frame: Any, found: Any, picture: Any) -> bool:
            advance(text=None if pace is None else f"{title}, {pace}")
            return view is None or view.show(frame, found, picture, "" if pace is None else str(pace))

        yield watch


def batch_of(wished: int | None, video: "Source", view: View | None) -> int:
    """How many frames are looked at together: one where somebody waits for it."""
    return wished or (1 if video.live or view is not None else BATCH)
