"""`saccade bench --runtime`: a model's networks in several runtimes, in one table."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from saccade.cli.console import err, out, print_json, progress, table


class RuntimeChoice(StrEnum):
    """What computes a network."""

    torch = "torch"
    torch_compile = "torch-compile"
    onnxruntime = "onnxruntime"


Runtimes = Annotated[
    list[RuntimeChoice] | None,
    typer.Option(
        "--runtime",
        metavar="NAME",
        help="Time the networks alone, in float32: torch, torch-compile, onnxruntime; several in one table.",
    ),
]


def bench_in_runtimes(
    model: Any, source: str | None, count: int, runtimes: list[RuntimeChoice], device: str, *, json: bool
) -> None:
    """Times the parts of a model that can be exported, and prints a line for each in each runtime."""
    from saccade.deploy.bench import material
    from saccade.deploy.bench_runtimes import bench_runtimes
    from saccade.zoo.loading import find_device

    with progress("reading", count) as advance:
        frames, _ = material(source, count, 1, advance)
    rows = bench_runtimes(
        model,
        frames,
        [each.value for each in dict.fromkeys(runtimes)],
        device=find_device(device, model.name),
        on_step=lambda step: err.print(f"{step} …", style="dim"),
    )
    if json:
        print_json({"model": model.name, "runtimes": [row.to_json() for row in rows]})
        return
    cells = [
        (row.part, row.runtime, f"{row.median_ms:.2f}", f"{row.fps:.1f}", f"{row.difference:.1g}")
        for row in rows
    ]
    out.print(table(("part", "runtime", "ms a picture", "pictures/s", "difference"), cells))
