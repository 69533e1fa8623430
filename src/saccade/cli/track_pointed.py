"""`saccade track --box`: what is pointed at is followed, and where it is lost, a detector may help."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from saccade.cli.console import facts, print_json
from saccade.cli.console import out as stdout
from saccade.cli.options import choose_model, command_line, default_out, load_model, parse_box
from saccade.cli.track_found import CommonOptions, FoundOptions
from saccade.cli.track_recovery import recovering
from saccade.cli.viewing import Show
from saccade.cli.watching import open_watched, pace_of, watching
from saccade.core import ModelError, TargetError
from saccade.core.config import to_json

if TYPE_CHECKING:
    from saccade.deploy.record import Recording
    from saccade.online.recovery import Recovered

SHOWN = 8
"""targets that were found again that are named one by one"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointedOptions:
    """The options of `saccade track` that are for targets that are pointed at."""

    box: list[str] | None
    mask: Path | None
    tracker: str
    seed: int

    @property
    def is_given(self) -> bool:
        """Whether there is a target."""
        return bool(self.box) or self.mask is not None


def track_pointed(
    context: typer.Context, source: str, pointed: PointedOptions, found: FoundOptions, common: CommonOptions
) -> None:
    """Follows what is pointed at, and says how that went."""
    # what takes seconds to load comes behind what is wrong at a glance
    boxes = [parse_box(text) for text in pointed.box or ()]
    if not pointed.is_given and common.show is Show.none:
        raise TargetError(
            "nothing to follow yet; say where the target is with --box X,Y,W,H (top-left corner, width and "
            "height in pixels) or --mask PNG, or draw it with --show window or --show browser"
        )
    tracker, weights, title = choose_model(pointed.tracker, common.weights)
    _check_ability(tracker)
    model = load_model(tracker, weights, common.device, common.precision, common.settings)

    from saccade.deploy.following import beginning_whole
    from saccade.deploy.pointing import pick_targets, targets_of
    from saccade.deploy.record import record
    from saccade.zoo.loading import find_device

    targets = targets_of(boxes, pointed.mask)
    place = str(find_device(common.device, tracker))
    about: dict[str, Any] = {"command": command_line(context), "source": source, "device": place}
    recovered: list[Recovered] = []
    if found.finds:
        model, more = recovering(model, found, common.device, common.precision, recovered.append)
        # grows with the run
        about |= {**more, "recovered": recovered}
    folder = common.out or default_out("track")
    with ExitStack() as opened:
        watched = open_watched(source, common.start, common.end, common.on_bad_frame, common.show, folder)
        video, view = opened.enter_context(watched)
        frames = beginning_whole(video)
        if view is not None and targets is None:
            targets, frames = pick_targets(frames, view)
        pace = pace_of(video)
        recording = record(
            model,
            frames,
            targets,
            folder,
            fps=video.fps,
            seed=pointed.seed,
            about=about,
            skipped=video.skipped,
            watch=opened.enter_context(watching(video, view, "tracking", pace)),
            pace=pace,
        )
    _summarise(recording, title, recovered if found.finds else None, common.json)


def _check_ability(name: str) -> None:
    """Refuses models that follow nothing they are pointed at, before a page asks for boxes."""
    from saccade.zoo.catalog import entry, such_as

    task = entry(name).task
    if task in ("detect", "pose"):
        verb = f"track --detector {name}" if task == "detect" else f"pose --model {name}"
        raise ModelError(
            f"'{name}' finds things by itself; use saccade {verb}, or take a tracker, {such_as('track')}"
        )


def _summarise(recording: "Recording", tracker: str, recovered: "list[Recovered] | None", json: bool) -> None:
    """Says what came of it.

    Args:
        recovered: targets that were found again by a detector's help; None where there was none.
    """
    if json:
        found = {} if recovered is None else {"recovered": to_json(recovered)}
        print_json({"tracker": tracker} | recording.to_json() | found)
        return
    rows = {
        "tracked": f"{recording.frames} frames, {recording.fps:.3g} frames/s with {tracker}",
        "targets": ", ".join(str(target) for target in recording.targets),
        "lost in": f"{recording.lost} frames",
    }
    if recovered is not None:
        again = [f"{one.target} in frame {one.frame}" for one in recovered[-SHOWN:]]
        rows["found again"] = ("… " * (len(recovered) > SHOWN) + ", ".join(again)) or "never"
    if recording.skipped:
        rows["left out"] = "frames that cannot be read, named above and in run.json"
    rows["files"] = f"{', '.join(recording.files)} in {recording.out}"
    stdout.print(facts(rows))
