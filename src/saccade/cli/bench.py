"""`saccade bench`: how fast a model is."""

from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.bench_runtimes import Runtimes, bench_in_runtimes
from saccade.cli.console import facts, notify, out, print_json, progress
from saccade.cli.options import Device, Json, Precision, PrecisionChoice, Settings, Weights, load_model
from saccade.core import WeightsError

if TYPE_CHECKING:
    from saccade.deploy.bench_pictures import Looker

STAGES = {"pre": "pre-processing", "network": "network", "post": "post-processing"}


def bench(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Name of a model, or a checkpoint of `saccade train`.")
    ],
    targets: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="How many targets to follow at once, or people to look at one by one."
        ),
    ] = 1,
    source: Annotated[
        str | None, typer.Option(metavar="S", help="Frames to run on; the built-in clip when not given.")
    ] = None,
    frames: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many frames to measure, after those of the warm-up.")
    ] = 150,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    runtime: Runtimes = None,
    json: Json = False,
) -> None:
    """Measure frames per second, milliseconds by stage, and memory.

    What torchvision has as well is timed in turn with torchvision's own model, eager and in float32.

    Example: [bold]saccade bench eco --targets 8[/bold]

    Example: [bold]saccade bench ssdlite320_mobilenet_v3_large --weights none[/bold]

    Example: [bold]saccade bench dimp_nano --runtime torch --runtime onnxruntime[/bold]
    """
    try:
        loaded = load_model(model, weights, device, precision, settings, detector=None)
    except WeightsError as error:
        if weights is None:
            error.add_note("--weights none times a random network")
        raise
    if runtime:
        bench_in_runtimes(loaded, source, frames, runtime, device, json=json)
        return

    from saccade.deploy import bench as work
    from saccade.deploy.bench_pictures import Looker
    from saccade.zoo.loading import find_device

    if isinstance(loaded, Looker):
        _bench_pictures(loaded, source, frames, targets, device, json=json)
        return
    needed = 1 + work.WARM_UP + frames
    with progress("reading", needed) as advance:
        clip, boxes = work.material(source, needed, targets, advance)
    is_short = len(clip) < needed
    if is_short:
        notify(f"{source} has only {len(clip)} frames")
    with progress(f"timing {model}", len(clip)) as advance:
        result = work.bench(
            loaded,
            clip,
            boxes,
            device=find_device(device, model),
            warm_up=None if is_short else work.WARM_UP,
            on_frame=advance,
        )
    if json:
        print_json(result.to_json())
        return
    width, height = result.size_wh
    about = {
        "model": f"{result.model} on {result.device}, {result.threads} threads",
        "video": f"frames of {width}x{height}, targets: {result.targets}",
        "measured": f"{result.frames} frame{'s' * (result.frames > 1)} after {result.warm_up} of warm-up",
        "speed": f"{result.fps:.1f} frames/s",
        "a frame": f"{result.median_ms:.2f} ms (median){_percentile(result.p95_ms)}",
        "first frame": f"{result.begin_ms:.1f} ms",
        **{
            f"  {name}": f"{ms:.2f} ms ({100 * ms / result.staged_ms:.0f} %)"
            for name, ms in result.stages_ms.items()
        },
    }
    if result.memory_mb is not None:
        about["memory"] = f"{result.memory_mb:.0f} MiB at most"
    if result.backbone_ms is not None and result.overhead is not None:
        bound, rest = 1e3 / result.backbone_ms, 100 * result.overhead
        about["backbone alone"] = f"{bound:.1f} frames/s; all else adds {rest:.0f} % to its time"
    if result.device_memory_mb is not None:
        about["device memory"] = f"{result.device_memory_mb:.0f} MiB at most"
    out.print(facts(about))


def _bench_pictures(
    model: "Looker", source: str | None, frames: int, people: int, device: str, *, json: bool
) -> None:
    from saccade.deploy.bench import material
    from saccade.deploy.bench_pictures import WARM_UP, bench_pictures
    from saccade.zoo.loading import find_device

    with progress("reading", WARM_UP + frames) as advance:
        clip, _ = material(source, WARM_UP + frames, 1, advance)
    place = find_device(device, model.name)
    with progress(f"timing {model.name}", len(clip)) as advance:
        result = bench_pictures(model, clip, device=place, people=people, on_frame=advance)
    if json:
        print_json(result.to_json())
        return
    width, height = result.size_wh
    about = {
        "model": f"{result.model} on {result.device}, {result.threads} threads",
        "measured": f"{result.frames} frames of {width}x{height} after {WARM_UP} of warm-up",
        **({} if result.people is None else {"people": f"{result.people} in each frame"}),
        "speed": f"{result.fps:.1f} frames/s",
        "a frame": f"{result.median_ms:.2f} ms (median)",
        **{f"  {STAGES[name]}": f"{ms:.2f} ms" for name, ms in result.stages_ms.items()},
    }
    if result.torchvision_ms is not None and result.speedup is not None:
        about["torchvision"] = f"{result.torchvision_ms:.2f} ms, {result.speedup:.2f} times as long"
    if result.memory_mb is not None:
        about["memory"] = f"{result.memory_mb:.0f} MiB at most"
    out.print(facts(about))


def _percentile(p95_ms: float | None) -> str:
    return "" if p95_ms is None else f", {p95_ms:.2f} ms (95th percentile)"
