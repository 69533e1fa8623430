"""`saccade demo`: the built-in clip, tracked and scored."""

from pathlib import Path
from typing import Annotated

import typer

from saccade.cli.console import facts, print_json, progress
from saccade.cli.console import out as stdout
from saccade.cli.options import Json, PrecisionChoice, Seed, Tracker, command_line, default_out, load_model


def demo(
    context: typer.Context,
    tracker: Tracker = "eco",
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the files go; runs/demo/<time> if not given.")
    ] = None,
    frames: Annotated[
        int, typer.Option(min=2, metavar="N", help="Length of the clip; fewer tell it faster.")
    ] = 300,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Render the built-in clip, track it, and show how well that went.

    Leaves the annotated video, charts, boxes.csv, run.json, and report.html to look at.

    Example: [bold]saccade demo --out runs/demo/first[/bold]
    """
    from saccade.deploy.demo import run_demo

    model = load_model(tracker, None, "auto", PrecisionChoice.auto, None)
    about = {"command": command_line(context), "source": "the built-in clip"}
    with progress(f"tracking the built-in clip with {tracker}", frames) as advance:
        shown = run_demo(
            model, out or default_out("demo"), frames=frames, seed=seed, about=about, on_frame=advance
        )
    if json:
        print_json({"tracker": tracker} | shown.to_json())
        return
    percent, recording = shown.scores.percentages(), shown.recording
    stdout.print(
        facts(
            {
                "AUC": f"{percent['auc']:.1f} %",
                "precision": f"{percent['precision']:.1f} % within 20 px",
                "speed": f"{recording.fps:.0f} frames/s over {recording.frames} frames",
                "files": f"{', '.join(recording.files)} in {recording.out}",
                "look at": str(shown.page),
            }
        )
    )
