"""How fast a model's networks are in several runtimes, on the same inputs, in turn."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from saccade.core import Frame, Model, ModelError
from saccade.deploy.export.agreement import agreement, latencies
from saccade.deploy.export.formats import OnnxGraph, require_export, trace, write_onnx
from saccade.deploy.export.models import parts_of
from saccade.deploy.export.part import Compute, Part
from saccade.deploy.export.run import OPSET

Runtime = Literal["torch", "torch-compile", "onnxruntime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeBench:
    """What was measured of a part of a model in a runtime."""

    part: str
    """see `saccade.deploy.export.part.Part`"""
    runtime: str
    median_ms: float
    """milliseconds of a picture, one at a time"""
    fps: float
    """pictures a second at the median"""
    difference: float
    """the largest from the model; see `saccade.deploy.export.agreement.BOUND`"""
    frames: int
    """how many were timed"""
    threads: int
    """CPU threads that each may use"""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def bench_runtimes(
    model: Model,
    frames: Sequence[Frame],
    runtimes: Sequence[Runtime],
    *,
    device: torch.device,
    on_step: Callable[[str], None] = lambda _: None,
) -> list[RuntimeBench]:
    """Times each part of a model that can be exported, in each runtime.

    Args:
        model: loaded with precision="float32".
        on_step: is told what is done next.

    Raises:
        ModelError: for a model of which nothing can be exported, or a runtime that does not work here.
        MissingExtraError: when a package is not installed.
    """
    if "onnxruntime" in runtimes:
        require_export("onnx", "onnxruntime", "onnxscript")
    rows = []
    for part in parts_of(model, frames, device):
        with tempfile.TemporaryDirectory() as folder:
            computes: dict[str, Compute] = {}
            for runtime in runtimes:
                on_step(f"preparing {part.name} for {runtime}")
                computes[runtime] = _MAKE[runtime](part, Path(folder), device)
            on_step(f"timing {part.name}")
            rows += _rows(part, computes)
    return rows


def _rows(part: Part, computes: dict[str, Compute]) -> list[RuntimeBench]:
    expected = [part.reference(*inputs) for inputs in part.examples]
    # what the model itself gives is what was expected, and needs no finishing
    differences = {
        name: 0.0 if name == "torch" else agreement(part, compute, expected).difference
        for name, compute in computes.items()
    }
    return [
        RuntimeBench(
            part=part.name,
            runtime=name,
            median_ms=ms,
            fps=1e3 / ms,
            difference=differences[name],
            frames=len(part.examples),
            threads=torch.get_num_threads(),
        )
        for name, ms in latencies(computes, part.examples).items()
    ]


def _torch(part: Part, folder: Path, device: torch.device) -> Compute:
    """As saccade runs it, in float32."""
    return part.ready


def _compiled(part: Part, folder: Path, device: torch.device) -> Compute:
    """What is exported, by PyTorch's compiler."""
    compute: Compute = torch.inference_mode()(torch.compile(part.network))
    try:
        compute(*part.examples[0])
    except (RuntimeError, OSError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ModelError(
            f"torch-compile does not work here ({reason}); it needs a C++ compiler on a CPU; leave it out"
        ) from error
    return compute


def _onnx(part: Part, folder: Path, device: torch.device) -> Compute:
    path = folder / "part.onnx"
    write_onnx(trace(part), part, path, {}, OPSET)
    return OnnxGraph(path, device)


_MAKE: dict[str, Callable[[Part, Path, torch.device], Compute]] = {
    "torch": _torch,
    "torch-compile": _compiled,
    "onnxruntime": _onnx,
}
