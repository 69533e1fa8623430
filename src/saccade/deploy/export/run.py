"""Export: files of a model's parts, each with a report that compares it with the model on frames."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from saccade.core import ExportError, Frame, Model, ModelError
from saccade.core.config import to_json
from saccade.core.versions import versions
from saccade.deploy.export.agreement import BOUND, Agreement, agreement, latencies
from saccade.deploy.export.formats import (
    ENDINGS,
    Format,
    OnnxGraph,
    ProgramGraph,
    require_export,
    trace,
    write_onnx,
    write_program,
)
from saccade.deploy.export.models import chosen, parts_of
from saccade.deploy.export.part import Part, Tensors
from saccade.deploy.export.quantise import Int8, quantise
from saccade.media.files import make_folder, replacing

SAYS = "saccade export 1"
"""what a file that was exported says that it is"""
FRAMES = 8
"""that are compared, if nobody says how many"""
RUNTIMES: dict[str, str] = {"onnx": "onnxruntime", "torch-export": "torch-export"}
"""what computes files of each format"""
OPSET = 18
"""version of ONNX's operators"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be exported, and how well it must agree.

    Attributes:
        format: of the files.
        out: the file; of a model with several parts, that of each has the part's name before its ending.
        part: the only one that is wanted; None for all.
        opset: version of ONNX's operators.
        bound: largest difference of the floating-point file from the model; see `agreement.BOUND`.
        int8: how numbers become integers; None where they stay floats.
    """

    format: Format
    out: Path
    part: str | None = None
    opset: int = OPSET
    bound: float = BOUND
    int8: Int8 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file, and how it compares with the model.

    Attributes:
        path: of the file.
        part: which part of the model it is.
        megabytes: of the file.
        frames: it was compared on.
        model: how far the floating-point file is from the model.
        int8: how far the file is from the floating-point one, on frames that it was not calibrated with.
        latency_ms: milliseconds (median) of a picture, one at a time, in the model and in each file.
        bound: see `Wish`.
    """

    path: Path
    part: str
    megabytes: float
    frames: int
    model: Agreement
    int8: Agreement | None
    latency_ms: Mapping[str, float]
    bound: float

    @property
    def holds(self) -> bool:
        """Whether the floating-point file agrees."""
        return self.model.holds(self.bound)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "file": self.path.name,
            "part": self.part,
            "megabytes": round(self.megabytes, 3),
            "frames": self.frames,
            "agrees": self.holds,
            "bound": self.bound,
            "against_the_model": self.model.to_json(),
            "int8_against_float": None if self.int8 is None else self.int8.to_json(),
            "latency_ms": {name: round(ms, 3) for name, ms in self.latency_ms.items()},
            "threads": torch.get_num_threads(),
        }


def export(
    model: Model,
    frames: Sequence[Frame],
    wish: Wish,
    *,
    calibration: Sequence[Frame] = (),
    about: Mapping[str, Any],
    device: torch.device | None = None,
    on_step: Callable[[str], None] = lambda _: None,
) -> list[Exported]:
    """Writes the parts of a model into files, and compares what these say with what the model says.

    Beside each file F there is F.json, the report.

    Args:
        model: loaded with precision="float32".
        frames: to compare on; those of a size other than the first one's are left out.
        calibration: frames that tell int8 static which numbers there are; none of `frames`.
        about: what every file says of itself: where the weights come from, and the like.
        device: where the parts are traced, compared and timed.
        on_step: is told what is done next.

    Raises:
        ModelError: when the model, or the part, cannot be exported, or not like this.
        MissingExtraError: when a package is not installed.
        ExportError: when a file does not say what the model says; its report is left, the file is not.
        OutputError: when a file cannot be written.
    """
    check(wish)
    device = device or torch.device("cpu")
    parts = parts_of(model, frames, device)
    several = len(parts) > 1
    measured = {part.name: part for part in parts_of(model, calibration, device)} if calibration else {}
    done = []
    facts = {"format": SAYS, "model": model.name, "config": to_json(model.config), "versions": versions()}
    make_folder(wish.out.parent)
    for part in chosen(parts, wish.part, model.name):
        path = wish.out
        if several and wish.part is None:
            path = path.with_name(f"{path.stem}.{part.name}{path.suffix}")
        examples = measured[part.name].examples if part.name in measured else ()
        done.append(_export_part(part, path, wish, facts | dict(about), examples, device, on_step))
    return done


def check(wish: Wish) -> None:
    """Refuses what cannot be before anything has been computed.

    Raises:
        ModelError: for a file whose name does not say its format, or int8 in a format that has none.
        MissingExtraError: when a package is not installed.
    """
    ending = ENDINGS[wish.format]
    if wish.out.suffix != ending:
        raise ModelError(f"{wish.out}: a file of the format {wish.format} ends in {ending}; name it so")
    if wish.format == "torch-export" and wish.int8 is not None:
        raise ModelError("--int8 is onnxruntime's, for --format onnx; leave it out for torch-export")
    require_export(*(("onnx", "onnxruntime", "onnxscript") if wish.format == "onnx" else ()))


def _export_part(
    part: Part,
    path: Path,
    wish: Wish,
    facts: Mapping[str, Any],
    calibration: Sequence[Tensors],
    device: torch.device,
    on_step: Callable[[str], None],
) -> Exported:
    facts = {**facts, "part": part.name, "precision": wish.int8 or "float32", **part.about}
    on_step(f"tracing {part.name}")
    program = trace(part)
    with replacing(path) as file:
        done = _written(part, program, path, file, wish, facts, calibration, device, on_step)
        with replacing(path.with_name(f"{path.name}.json")) as report:
            text = json.dumps(done.to_json() | {"about": facts}, indent=2)
            report.write_text(text + "\n", encoding="utf-8")
        if not done.holds:
            raise ExportError(f"{path}: was not written: {_complaint(done)}; see {path.name}.json")
    return done


def _written(
    part: Part,
    program: torch.export.ExportedProgram,
    path: Path,
    file: Path,
    wish: Wish,
    facts: Mapping[str, Any],
    calibration: Sequence[Tensors],
    device: torch.device,
    on_step: Callable[[str], None],
) -> Exported:
    """Writes a graph to a temporary file, and compares it."""
    first = file.with_name(f"{file.name}.float") if wish.int8 else file
    try:
        on_step(f"writing {part.name}")
        if wish.format == "onnx":
            write_onnx(program, part, first, facts, wish.opset)
        else:
            write_program(program, first, facts)
        graph = OnnxGraph(first, device) if wish.format == "onnx" else ProgramGraph(first)
        on_step(f"comparing {part.name}")
        agrees = agreement(part, graph, [part.reference(*inputs) for inputs in part.examples])
        runs = {"torch": part.ready, RUNTIMES[wish.format]: graph}
        integers = None
        if wish.int8:
            on_step(f"quantising {part.name}")
            quantise(first, file, wish.int8, part.inputs, calibration)
            quantised = OnnxGraph(file, device)
            runs[f"onnxruntime int8 {wish.int8}"] = quantised
            integers = agreement(part, quantised, [part.finish(*graph(*each)) for each in part.examples])
    finally:
        if first != file:
            first.unlink(missing_ok=True)
    on_step(f"timing {part.name}")
    return Exported(
        path=path,
        part=part.name,
        megabytes=file.stat().st_size / 1e6,
        frames=len(part.examples),
        model=agrees,
        int8=integers,
        latency_ms=latencies(runs, part.examples),
        bound=wish.bound,
    )


def _complaint(done: Exported) -> str:
    """Why a file is not left behind, and what to do."""
    agrees = done.model
    if agrees.is_empty:
        return (
            f"nothing was found in {done.frames} frames, so that nothing could be compared; give --frames "
            f"with something in it, or a lower --set threshold=X"
        )
    if agrees.difference > done.bound:
        return (
            f"it differs from the model by {agrees.difference:.2g}, where {done.bound:g} is let pass; change "
            f"that with --bound"
        )
    assert agrees.matches is not None
    return (
        f"{agrees.matches['unmatched']:.0f} detections are only in one of the file and the model, and "
        f"{agrees.matches['matched']:.0f} in both; random weights do that, in which rounding decides"
    )
