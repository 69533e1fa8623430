"""`saccade export`: a model as a file that other runtimes compute."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import err, facts, notify, out, print_json, progress
from saccade.cli.options import (
    Device,
    Json,
    PrecisionChoice,
    Settings,
    Weights,
    choose_model,
    load_model,
)

if TYPE_CHECKING:
    from saccade.deploy.export.agreement import Agreement
    from saccade.deploy.export.run import Exported


class FormatChoice(StrEnum):
    """What kind of file."""

    onnx = "onnx"
    torch_export = "torch-export"


class Int8Choice(StrEnum):
    """How floats become integers."""

    static = "static"
    dynamic = "dynamic"


def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Name of a model, or a checkpoint of `saccade train`.")
    ],
    file: Annotated[
        Path,
        typer.Option(
            "--out", metavar="F", help="The file: F.onnx or F.pt2; of several parts, F.PART.onnx is one."
        ),
    ],
    format: Annotated[FormatChoice, typer.Option("--format", help="What kind of file.")] = FormatChoice.onnx,
    part: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Only that part of a tracker: features, modulation or overlaps."),
    ] = None,
    weights: Weights = None,
    device: Device = "cpu",
    source: Annotated[
        str | None,
        typer.Option(
            "--frames", metavar="SOURCE", help="Frames to compare on; the built-in clip when not given."
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(
            "--num-frames", min=1, metavar="N", help="How many; --int8 static calibrates with as many before."
        ),
    ] = 8,
    opset: Annotated[int, typer.Option(min=18, metavar="N", help="Version of ONNX's operators.")] = 18,
    bound: Annotated[
        float,
        typer.Option(
            min=0, metavar="X", help="Largest difference from the model that is let pass, in floats."
        ),
    ] = 1e-4,
    int8: Annotated[
        Int8Choice | None,
        typer.Option("--int8", help="Eight-bit integers, by onnxruntime.", show_default="floats"),
    ] = None,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Write a detector, a pose estimator or the stages of a tracker into a file for other runtimes.

    What the file says is compared with what the model says, on frames; where they differ by more than
    --bound, no file is left and the exit code is 1. F.json beside it is the report. A file takes any number
    of pictures at a time, of the shape of the first frame.

    Example: [bold]saccade export yolox_nano --out yolox.onnx --frames clip.mp4[/bold]

    Example: [bold]saccade export dimp50 --format torch-export --part features --out features.pt2[/bold]
    """
    name, weights, title = choose_model(model, weights)
    from saccade.deploy.export.run import Wish, check
    from saccade.deploy.export.run import export as run

    wish = Wish(
        format=format.value,
        out=file,
        part=part,
        opset=opset,
        bound=bound,
        int8=int8.value if int8 else None,
    )
    check(wish)
    loaded = load_model(name, weights, "cpu", PrecisionChoice.float32, settings)

    from saccade.deploy.bench import material
    from saccade.deploy.export.origin import origin_of
    from saccade.zoo.loading import find_device

    calibrates = int8 is Int8Choice.static
    needed = count * (2 if calibrates else 1)
    with progress("reading", needed) as advance:
        frames, _ = material(source, needed, 1, advance)
    if len(frames) < needed:
        notify(f"{source} has only {len(frames)} frames")
    held_out = len(frames) // 2 if calibrates else 0
    chosen = {None: "auto", "none": None}.get(weights, weights)
    done = run(
        loaded,
        frames[held_out:],
        wish,
        calibration=frames[:held_out],
        about={"weights": origin_of(name, chosen), "compared_on": source or "the built-in clip"},
        device=find_device(device),
        on_step=lambda step: err.print(f"{step} …", style="dim"),
    )
    if json:
        print_json({"model": title, "files": [each.to_json() | {"path": str(each.path)} for each in done]})
        return
    for each in done:
        out.print(facts(_rows(each)))


def _rows(done: "Exported") -> dict[str, str]:
    """The report of a file, for people."""
    first, *others = done.latency_ms.items()
    rows = {
        "file": f"{done.path} ({done.megabytes:.1f} MB), {done.part}",
        "compared on": f"{done.frames} frame{'s' * (done.frames != 1)}",
        "difference": f"{done.model.difference:.2g}, which must not exceed {done.bound:g}",
        **_matches(done.model, ""),
    }
    if done.int8 is not None:
        rows["int8 differs by"] = f"{done.int8.difference:.2g} from the file in floats"
        rows |= _matches(done.int8, "int8 ")
    rows["a picture"] = f"{first[1]:.1f} ms in {first[0]}, " + ", ".join(
        f"{ms:.1f} ms in {name}" for name, ms in others
    )
    rows["report"] = f"{done.path}.json"
    return rows


def _matches(agrees: "Agreement", prefix: str) -> dict[str, str]:
    """What is said of boxes and key points."""
    rows = {}
    if agrees.matches is not None:
        found = agrees.matches
        rows[f"{prefix}boxes"] = (
            f"{found['matched']:.0f} are in both, IoU {found['mean_iou']:.4f} in the mean and "
            f"{found['lowest_iou']:.4f} at least; {found['unmatched']:.0f} are in one of both"
        )
        rows[f"{prefix}scores"] = f"differ by {found['largest_score_difference']:.2g} at most"
    if agrees.keypoint_px is not None:
        points = agrees.keypoint_px
        rows[f"{prefix}key points"] = (
            f"differ by {points['largest']:.2g} pixels at most, {points['mean']:.2g} in the mean"
        )
    return rows
