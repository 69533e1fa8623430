"""The two formats: written from one traced program, and read again into something that computes."""

import contextlib
import io
import json
import logging
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn

from saccade.core import MissingExtraError, ModelError
from saccade.deploy.export.part import Part, Tensors

Format = Literal["onnx", "torch-export"]
ENDINGS: dict[str, str] = {"onnx": ".onnx", "torch-export": ".pt2"}
"""of the files of each format"""
METADATA = "saccade"
"""under which name a file says what it is"""
_TRACED = 2
"""pictures that are traced: of one, PyTorch would take it for granted that there is one"""
_LARGEST = 2**31
"""bytes of an ONNX file, at most"""


def require_export(*packages: str) -> None:
    """Refuses to go on without packages of the extra `export`.

    Raises:
        MissingExtraError: when one is not installed.
    """
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError.of(package, "export")


def trace(part: Part) -> torch.export.ExportedProgram:
    """The graph of a part, for any number of pictures at a time.

    Raises:
        ModelError: when PyTorch cannot trace it.
    """
    several = tuple(torch.cat([tensor] * _TRACED) for tensor in part.examples[0])
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in several)
    try:
        with _quiet(), torch.no_grad():
            return torch.export.export(_Graph(part.network), several, dynamic_shapes=(shapes,))
    except (RuntimeError, TypeError, ValueError, AttributeError) as error:
        raise _untraceable(part, error) from error


class _Graph(nn.Module):
    """A part, whose weights have names with a dot: none is that of an input or an output."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Any:
        return self.network(*inputs)


def write_onnx(
    program: torch.export.ExportedProgram, part: Part, path: Path, about: Mapping[str, Any], opset: int
) -> None:
    """Writes a graph as ONNX, weights and all in one file.

    Raises:
        MissingExtraError: when a package that does it is not installed.
        ModelError: when it has an operator that ONNX does not have, or is too large for one file.
    """
    require_export("onnx", "onnxscript")
    size = sum(tensor.nbytes for tensor in program.state_dict.values())
    if size > _LARGEST:
        raise ModelError(
            f"{part.name}: has {size / 2**30:.1f} GiB of weights, and ONNX files hold 2; use torch-export"
        )
    try:
        with _quiet():
            written: Any = torch.onnx.export(
                program,
                dynamo=True,
                verbose=False,
                opset_version=opset,
                input_names=list(part.inputs),
                output_names=list(part.outputs),
            )
    except torch.onnx.OnnxExporterError as error:
        raise _untraceable(part, error) from error
    graph = written.model.graph
    for value in (*graph.inputs, *graph.outputs):
        value.shape = type(value.shape)(["batch", *value.shape[1:]])
    written.model.metadata_props[METADATA] = json.dumps(about)
    with _quiet():
        written.save(path, external_data=False)


def write_program(program: torch.export.ExportedProgram, path: Path, about: Mapping[str, Any]) -> None:
    """Writes a graph as PyTorch's own format."""
    with path.open("wb") as file, _quiet():  # a file, as PyTorch wants names to end in .pt2
        torch.export.save(program, file, extra_files={METADATA: json.dumps(about)})


class OnnxGraph:
    """An ONNX file that computes, in onnxruntime.

    Attributes:
        about: what the file says of itself; empty for one that saccade has not written.
        inputs: names of what goes in.

    Raises:
        MissingExtraError: when onnxruntime is not installed.
        ModelError: when the file is none, or cannot be run.
    """

    def __init__(self, path: Path, device: torch.device | None = None) -> None:
        require_export("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        wanted = ["CUDAExecutionProvider"] if device is not None and device.type == "cuda" else []
        if missing := [name for name in wanted if name not in onnxruntime.get_available_providers()]:
            raise ModelError(
                f"{path}: this onnxruntime has no {missing[0]}; install onnxruntime-gpu in its place, or use "
                f"--device cpu"
            )
        if not path.is_file():
            raise ModelError(f"{path}: there is no such file; make it with saccade export")
        failures = onnxruntime.capi.onnxruntime_pybind11_state
        refusals = (
            failures.Fail,
            failures.InvalidArgument,
            failures.InvalidGraph,
            failures.InvalidProtobuf,
            failures.NotImplemented,
            failures.RuntimeException,
        )
        try:
            self._session = onnxruntime.InferenceSession(
                path, options, providers=[*wanted, "CPUExecutionProvider"]
            )
        except refusals as error:
            raise ModelError(f"{path}: onnxruntime cannot run it ({_first_line(error)})") from None
        text = self._session.get_modelmeta().custom_metadata_map.get(METADATA)
        self.about: dict[str, Any] = json.loads(text) if text else {}
        self.inputs = [each.name for each in self._session.get_inputs()]

    def __call__(self, *inputs: Tensor) -> Tensors:
        """What comes out, on the device of what goes in."""
        arrays = {
            name: tensor.detach().cpu().contiguous().numpy()
            for name, tensor in zip(self.inputs, inputs, strict=True)
        }
        found = cast(Sequence[Any], self._session.run(None, arrays))
        return tuple(torch.from_numpy(array).to(inputs[0].device) for array in found)


class ProgramGraph:
    """A file of torch.export that computes, in PyTorch.

    Attributes:
        about: what the file says of itself.
    """

    def __init__(self, path: Path) -> None:
        extra = {METADATA: ""}
        with path.open("rb") as file, _quiet():
            program = torch.export.load(file, extra_files=extra)
        self.about: dict[str, Any] = json.loads(extra[METADATA])
        self._module = program.module()

    @torch.inference_mode()
    def __call__(self, *inputs: Tensor) -> Tensors:
        """What comes out."""
        found: Tensors = self._module(*inputs)
        return found


def _untraceable(part: Part, error: Exception) -> ModelError:
    return ModelError(
        f"{part.name}: PyTorch {torch.__version__} cannot make a graph of it "
        f"({_first_line(error.__cause__ or error)}); another version may, and so may the other format"
    )


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return textwrap.shorten(lines[0], 200, placeholder=" …") if lines else type(error).__name__


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to themselves what exporters print, log and warn of that no user can do anything about."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")]
    levels = [each.level for each in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for each in loggers:
            each.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for each, level in zip(loggers, levels, strict=True):
                each.setLevel(level)
