"""`saccade track --detector`: everything is found and followed, and counted at lines and zones."""

from contextlib import ExitStack
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import facts, notify, print_json
from saccade.cli.console import out as stdout
from saccade.cli.detect import SHOWN, load_detector
from saccade.cli.options import PrecisionChoice, command_line, default_out, parse_settings
from saccade.cli.viewing import Show
from saccade.cli.watching import OnBadFrame, batch_of, open_watched, pace_of, watching
from saccade.core import ConfigError
from saccade.core.numerals import decimal

if TYPE_CHECKING:
    from collections import Counter

    from saccade.association import Counting
    from saccade.core import Frame
    from saccade.deploy.given_detections import GivenDetections
    from saccade.deploy.track_found import Tracked


class Association(StrEnum):
    """Who says who is who."""

    bytetrack = "bytetrack"
    ocsort = "ocsort"
    sort = "sort"
    botsort = "botsort"


class AnchorChoice(StrEnum):
    """What of a box has to cross."""

    middle = "middle"
    bottom = "bottom"
    corners = "corners"


Detector = Annotated[
    str | None,
    typer.Option(
        "--detector",
        metavar="NAME",
        help="Find and follow everything: a detector (`saccade models list` shows all), a checkpoint of "
        "`saccade train`, or an ONNX file of `saccade export`; --weights are then its own.",
        rich_help_panel="With --detector",
    ),
]
Detections = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Follow what somebody else has found: det.txt as of the MOTChallenge, or detections.csv of "
        "`saccade detect`. SOURCE is then only drawn on, and may be left out.",
        rich_help_panel="With --detector",
    ),
]
Associate = Annotated[
    Association | None,
    typer.Option(
        help="Who says who is who: by overlap and motion, in two stages (bytetrack), in one (sort), with the "
        "direction (ocsort), or with the camera's motion taken out (botsort).  \\[default: bytetrack]",
        rich_help_panel="With --detector",
    ),
]
AssociateSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--associate-set",
        metavar="KEY=VALUE",
        help="Change a setting of that, such as lost_track_buffer=60: frames of 1/30 s for which somebody is "
        "looked for who is not seen; run.json names all.",
        rich_help_panel="With --detector",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(metavar="NAME,…", help="Leave out all other classes.", rich_help_panel="With --detector"),
]
Begins = Annotated[
    float | None,
    typer.Option(
        "--threshold",
        metavar="T",
        help="Score from which on something may begin a track; what is less sure still goes on with one.  "
        "\\[default: 0.7; with ocsort 0.6, with sort 0.25]",
        rich_help_panel="With --detector",
    ),
]
Lines = Annotated[
    list[str] | None,
    typer.Option(
        "--line",
        metavar="X,Y,X,Y",
        help="Count what crosses this line; in is to its left, seen along it. Repeat it for more lines.",
        rich_help_panel="With --detector",
    ),
]
Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        metavar="X,Y,X,Y,X,Y,…",
        help="Count what enters and leaves this polygon. Repeat it for more zones.",
        rich_help_panel="With --detector",
    ),
]
AnchorOption = Annotated[
    AnchorChoice | None,
    typer.Option(
        "--anchor",
        help="What of a box has to cross: its middle, the middle of its lower edge, or all four corners.  "
        "\\[default: middle]",
        rich_help_panel="With --detector",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundOptions:
    """The options of `saccade track` that are for what is found; each is called as its field is."""

    detector: str | None
    detections: Path | None
    associate: Association | None
    associate_set: list[str] | None
    classes: str | None
    threshold: float | None
    line: list[str] | None
    zone: list[str] | None
    anchor: AnchorChoice | None
    batch: int | None

    @property
    def finds(self) -> bool:
        """Whether everything is to be found and followed."""
        return self.detector is not None or self.detections is not None

    def given(self) -> list[str]:
        """Those that were given, as they are typed."""
        names = (field.name for field in fields(self) if getattr(self, field.name) not in (None, []))
        return [f"--{name.replace('_', '-')}" for name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonOptions:
    """Those that `saccade track` has for everything."""

    weights: str | None
    device: str
    precision: PrecisionChoice
    settings: list[str] | None
    start: int
    end: int | None
    out: Path | None
    show: Show
    on_bad_frame: OnBadFrame
    json: bool


def track_found(
    context: typer.Context, source: str | None, found: FoundOptions, common: CommonOptions
) -> None:
    """Finds and follows everything in a source, and says what it found."""
    from saccade.association import TrackingByDetection
    from saccade.association.by_detection import associator_of

    counting, wanted = _counting(found), _classes(found)
    name = (found.associate or Association.bytetrack).value
    changes = parse_settings(found.associate_set, "--associate-set", "lost_track_buffer=60")
    find = _Find.by(found, common, associator_of(name, threshold=found.threshold, settings=changes).least)
    opened: Any = _no_pictures(find.detector, common) if source is None else source

    from saccade.core.versions import versions
    from saccade.deploy.run import Plan
    from saccade.deploy.track_found import track_found as run

    out = common.out or default_out("track")
    with ExitStack() as stack:
        watched = open_watched(opened, common.start, common.end, common.on_bad_frame, common.show, out)
        video, view = stack.enter_context(watched)
        model = TrackingByDetection.of(
            find.detector, name, threshold=found.threshold, classes=wanted, fps=video.fps, **changes
        )
        about = {
            "command": command_line(context),
            "source": source,
            **find.about,
            "model": model.name,
            "config": model.config,
            "versions": versions(),
        }
        pace = pace_of(video)
        watch = stack.enter_context(watching(video, view, "following everything in", pace))
        done = run(
            model,
            video,
            out,
            Plan(about=about, fps=video.fps, watch=watch, pace=pace, draws=source is not None),
            counting=counting,
            batch=batch_of(found.batch, video, view),
            skipped=video.skipped,
        )
    if video.dropped:
        notify(f"{video.dropped} frames came faster than they could be looked at, and were left out")
    _summarise(done, f"{find.title}+{name}", model.config.association.threshold, common.json)


def check_threshold(threshold: float | None) -> None:
    """Refuses a score that no detector gives; those in a file may be of any scale.

    Raises:
        ConfigError: when it is none from 0 to 1.
    """
    if threshold is not None and not 0 <= threshold <= 1:
        raise ConfigError(f"--threshold {threshold:g}: scores of detectors are from 0 to 1")


@dataclass(frozen=True, slots=True)
class _Find:
    """What says what is in a frame, what it is called, and what `run.json` says of it."""

    detector: Any
    title: str
    about: dict[str, Any]

    @classmethod
    def by(cls, found: FoundOptions, common: CommonOptions, least: float) -> "_Find":
        """What the options name, which reports what scores `least` or more."""
        if found.detections is not None:
            return cls._given(found.detections, found, common)
        assert found.detector is not None
        check_threshold(found.threshold)
        where = (common.device, common.precision, common.settings)
        detector, place, weights, title = load_detector(found.detector, common.weights, least, *where)
        about = {"device": str(place), "detector": found.detector, "weights": weights}
        return cls(detector, title, about)

    @classmethod
    def _given(cls, file: Path, found: FoundOptions, common: CommonOptions) -> "_Find":
        from saccade.deploy.given_detections import read_detections

        if found.detector is not None or common.weights is not None or common.settings:
            raise ConfigError(
                "--detections takes the place of a detector; leave --detector, --weights and --set out"
            )
        given = read_detections(file)
        wanted = _classes(found)
        if wanted is not None and not given.classes:
            raise ConfigError(f"{file} does not say what anything is; leave --classes out")
        return cls(given, file.name, {"detections": file})


def _no_pictures(detector: "GivenDetections", common: CommonOptions) -> "list[Frame]":
    """As many frames as detections are of, of which nobody has the pictures."""
    if common.show is not Show.none:
        raise ConfigError("--show needs the pictures; name the SOURCE that the detections are of")
    import numpy as np

    from saccade.core import Frame

    nothing = np.zeros((1, 1, 3), np.uint8)
    return [Frame(nothing, index) for index in range(detector.num_frames)]


def _classes(found: FoundOptions) -> list[str] | None:
    if found.classes is None:
        return None
    return [name.strip() for name in found.classes.split(",") if name.strip()]


def _counting(found: FoundOptions) -> "Counting | None":
    """The lines and zones, if there are any."""
    if not found.line and not found.zone:
        if found.anchor is not None:
            raise ConfigError("--anchor is for what is counted; add --line or --zone")
        return None
    lines = [_points("--line", text, "100,300,500,300") for text in found.line or ()]
    zones = [_points("--zone", text, "100,100,400,100,400,300,100,300") for text in found.zone or ()]
    from saccade.association import Counting

    return Counting(lines, zones, anchor=(found.anchor or AnchorChoice.middle).value)


def _points(option: str, text: str, example: str) -> list[tuple[float, float]]:
    """The points x,y of a text.

    Raises:
        ConfigError: when it is no such text.
    """
    try:
        values = [decimal(part) for part in text.split(",")]
        return list(zip(values[::2], values[1::2], strict=True))
    except ValueError:
        raise ConfigError(
            f"{option} {text}: expected points x,y,x,y in pixels, e.g. {option} {example}"
        ) from None


def _summarise(done: "Tracked", title: str, sure: float, json: bool) -> None:
    if json:
        print_json({"tracker": title} | done.to_json())
        return
    kinds = done.tracks.most_common()
    more = len(kinds) - SHOWN
    rows = {
        "looked at": f"{done.frames} frame{'s' * (done.frames != 1)}, {done.fps:.3g} frames/s with {title}",
        "followed": ", ".join(f"{count} {name}" for name, count in kinds[:SHOWN])
        + (f" and {more} more classes" if more > 0 else ""),
    }
    if not kinds:
        rows["followed"] = _why_nothing(done.surest, sure)
    for tally in done.tallies:
        inside = "" if tally.inside is None else f", {tally.inside} inside in the end"
        rows[tally.where] = f"{_counts('in', tally.entered)}, {_counts('out', tally.left)}{inside}"
    if done.skipped:
        rows["left out"] = "frames that cannot be read, named above and in run.json"
    rows["files"] = f"{', '.join(done.files)} in {done.out}"
    stdout.print(facts(rows))


def _why_nothing(surest: float, sure: float) -> str:
    """Why nothing was followed, and what would help.

    Args:
        surest: highest score of all that was found.
        sure: score from which on something may begin a track.
    """
    if surest >= sure:
        return "nothing: nobody was seen in enough frames running"
    best = f"the surest box scores {surest:.2g}, and" if surest else "no box scores enough:"
    return f"nothing: {best} from {sure:g} on may one begin a track; lower --threshold"


def _counts(word: str, counts: "Counter[str]") -> str:
    kinds = ", ".join(f"{count} {name}" for name, count in counts.most_common(SHOWN))
    return f"{counts.total()} {word}" + (f" ({kinds})" if kinds else "")
