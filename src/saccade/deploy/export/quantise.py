"""Eight-bit integers in place of floats: onnxruntime's quantisation of what has been exported."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from saccade.core import ModelError
from saccade.deploy.export.formats import METADATA, require_export
from saccade.deploy.export.part import Tensors

Int8 = Literal["static", "dynamic"]
_QUANTISED = ["Conv", "ConvTranspose", "Gemm", "MatMul"]
"""operators that compute in integers; what selects boxes stays as it is"""


def quantise(
    source: Path, path: Path, how: Int8, inputs: Sequence[str], calibration: Sequence[Tensors]
) -> None:
    """Writes an ONNX file again with weights of eight bits, and all that is multiplied with them.

    Args:
        source: as it was exported.
        path: where it goes.
        how: "static" reads from `calibration` in which range each number is; "dynamic" looks it up each time,
            which needs none and is slower.
        inputs: names of the inputs.
        calibration: what goes into the inputs, one picture at a time.

    Raises:
        MissingExtraError: when onnxruntime or onnx are not installed.
        ModelError: when nothing is there to calibrate with, or onnxruntime cannot do it.
    """
    require_export("onnx", "onnxruntime")
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    if how == "static" and not calibration:
        raise ModelError(
            "int8 static needs frames to calibrate with; give a longer --frames, or --int8 dynamic"
        )
    about = [(each.key, each.value) for each in onnx.load(source).metadata_props]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, _quiet():
        prepared = Path(folder) / "prepared.onnx"
        try:
            quant_pre_process(source, prepared, skip_symbolic_shape=True)
            if how == "static":
                quantization.quantize_static(
                    prepared,
                    path,
                    _reader(inputs, calibration),
                    quant_format=quantization.QuantFormat.QDQ,
                    op_types_to_quantize=_QUANTISED,
                    per_channel=True,
                )
            else:
                quantization.quantize_dynamic(prepared, path, op_types_to_quantize=_QUANTISED)
        except (RuntimeError, ValueError, TypeError, KeyError) as error:
            raise ModelError(f"onnxruntime cannot quantise it ({error}); leave --int8 out") from error
        written = onnx.load(path)
        onnx.helper.set_model_props(written, dict(about) | {METADATA: dict(about)[METADATA]})
        onnx.save(written, path)


def _reader(names: Sequence[str], examples: Sequence[Tensors]) -> Any:
    """What onnxruntime reads its calibration from."""
    from onnxruntime.quantization import CalibrationDataReader

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._rows = iter(examples)

        def get_next(self) -> dict[str, np.ndarray] | None:
            inputs = next(self._rows, None)
            return None if inputs is None else {n: t.numpy() for n, t in zip(names, inputs, strict=True)}

    return Reader()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps to themselves the advice that is for people who call onnxruntime themselves."""
    level = logging.root.level
    logging.root.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.root.setLevel(level)
