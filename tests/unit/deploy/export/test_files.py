"""Files of both formats compute, say what they are, and are detectors; what is wrong with one is said."""

import builtins
import json
from collections.abc import Iterator
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import saccade
from saccade.core import ConfigError, ExportError, MissingExtraError, ModelError, OutputError
from saccade.deploy.export import formats, run
from saccade.deploy.export.agreement import BOUND, agreement
from saccade.deploy.export.exported import exported_detector
from saccade.deploy.export.formats import OnnxGraph, ProgramGraph, trace, write_onnx, write_program
from saccade.deploy.export.quantise import quantise
from saccade.deploy.export.run import Wish, export
from tests.unit.deploy.export.alive import frames
from tests.unit.deploy.export.toy import ABOUT, CLASSES, SIZE, shaded, toy

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def program() -> torch.export.ExportedProgram:
    return trace(toy())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """toy.onnx and toy.pt2."""
    folder = tmp_path_factory.mktemp("files")
    part = toy()
    program = trace(part)
    write_program(program, folder / "toy.pt2", ABOUT)
    write_onnx(program, part, folder / "toy.onnx", ABOUT, 18)
    return folder


def test_both_formats_compute_the_same(folder: Path) -> None:
    part = toy()
    expected = [part.reference(*inputs) for inputs in part.examples]
    for graph in (OnnxGraph(folder / "toy.onnx"), ProgramGraph(folder / "toy.pt2")):
        found = agreement(part, graph, expected)
        assert found.holds(BOUND) and found.matches is not None and found.matches["matched"] > 10
        assert graph.about == json.loads(json.dumps(ABOUT))


def test_any_number_of_pictures_goes_in_at_once(folder: Path) -> None:
    graph = OnnxGraph(folder / "toy.onnx")
    pictures = torch.stack([shaded(seed) for seed in range(5)])
    sizes = torch.tensor([SIZE] * 5, dtype=torch.float32)
    together = graph(pictures, sizes)
    for index in range(5):
        alone = graph(pictures[index : index + 1], sizes[:1])
        for ours, theirs in zip(together, alone, strict=True):
            torch.testing.assert_close(ours[index], theirs[0])


def test_the_graph_names_its_batch(folder: Path) -> None:
    import onnx

    graph = onnx.load(folder / "toy.onnx").graph
    names = {
        each.name: each.type.tensor_type.shape.dim[0].dim_param for each in (*graph.input, *graph.output)
    }
    assert names == dict.fromkeys(("pictures", "sizes", "boxes", "scores", "labels"), "batch")


def test_a_file_is_a_detector(folder: Path) -> None:
    detector = exported_detector(folder / "toy.onnx", CPU)
    light = np.zeros((64, 96, 3), np.uint8)
    light[:16, :16] = 255
    found = detector(light)
    assert found.names is not None and sorted(set(found.names)) == list(CLASSES)
    best = found[found.names == "light"]
    np.testing.assert_allclose(best.boxes, [[0, 0, 16, 16]], atol=1e-4)
    two = detector([light, light[:32]])
    assert len(two) == 2 and len(two[1]) > 0 and two[1].boxes[:, 3].max() <= 32


def test_a_threshold_can_be_raised_but_not_lowered(folder: Path) -> None:
    picture = (255 * shaded(3)).byte().permute(1, 2, 0).numpy()
    everything = exported_detector(folder / "toy.onnx", CPU)(picture)
    best = exported_detector(folder / "toy.onnx", CPU, 0.93)(picture)
    assert 0 < len(best) < len(everything) and best.scores.min() > 0.93
    with pytest.raises(ConfigError, match=r"exported with a threshold of 0\.2.*--set threshold=0\.1"):
        exported_detector(folder / "toy.onnx", CPU, 0.1)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "there is no such file; make it with saccade export"),
        (b"", "onnxruntime cannot run it"),
        (b"<html>", "onnxruntime cannot run it"),
    ],
)
def test_what_is_no_file_is_refused(tmp_path: Path, content: bytes | None, complaint: str) -> None:
    path = tmp_path / "x.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=complaint):
        exported_detector(path, CPU)


@pytest.mark.parametrize(
    ("about", "complaint"),
    [({}, "holds something else"), (ABOUT | {"part": "features"}, "holds the part 'features' of a model")],
)
def test_what_holds_no_detector_is_refused(
    folder: Path, tmp_path: Path, about: dict[str, Any], complaint: str
) -> None:
    import onnx

    written = onnx.load(folder / "toy.onnx")
    onnx.helper.set_model_props(written, {formats.METADATA: json.dumps(about)} if about else {})
    onnx.save(written, tmp_path / "x.onnx")
    with pytest.raises(ModelError, match=complaint):
        exported_detector(tmp_path / "x.onnx", CPU)


@pytest.mark.parametrize("how", ["static", "dynamic"])
def test_eight_bits_keep_what_the_file_says_of_itself(folder: Path, tmp_path: Path, how: Any) -> None:
    part = toy()
    quantise(folder / "toy.onnx", tmp_path / "q.onnx", how, part.inputs, part.examples)
    graph = OnnxGraph(tmp_path / "q.onnx")
    found = agreement(part, graph, [part.reference(*inputs) for inputs in part.examples])
    assert 0 < found.difference < 0.05 and graph.about == json.loads(json.dumps(ABOUT))


def test_eight_bits_need_frames_to_calibrate_with(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="needs frames to calibrate with"):
        quantise(folder / "toy.onnx", tmp_path / "q.onnx", "static", ("pictures", "sizes"), [])


@pytest.fixture
def toy_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A model whose only part is the toy."""
    monkeypatch.setattr(run, "parts_of", lambda *_: [toy()])
    yield saccade.load("still")


def test_every_file_has_its_report(
    toy_model: Any,
    program: torch.export.ExportedProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "trace", lambda _: program)
    out = tmp_path / "new" / "t.pt2"
    steps: list[str] = []
    wish = Wish(format="torch-export", out=out)
    [done] = export(toy_model, frames(1), wish, about={"weights": "w"}, on_step=steps.append)
    report = json.loads(out.with_name(f"{out.name}.json").read_text())
    assert done.holds and report["agrees"] and report["against_the_model"]["largest_difference"] < BOUND
    assert set(report["latency_ms"]) == {"torch", "torch-export"}
    assert report["about"]["weights"] == "w" and report["about"]["precision"] == "float32"
    assert {"saccade", "torch"} <= set(report["about"]["versions"])
    assert sorted(path.name for path in out.parent.iterdir()) == [out.name, f"{out.name}.json"]
    assert [step.split()[0] for step in steps] == ["tracing", "writing", "comparing", "timing"]


def test_what_does_not_agree_is_not_left_behind(
    toy_model: Any,
    program: torch.export.ExportedProgram,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = toy()
    part.reference.mean.bias += 0.01
    monkeypatch.setattr(run, "parts_of", lambda *_: [part])
    monkeypatch.setattr(run, "trace", lambda _: program)
    out = tmp_path / "t.pt2"
    out.write_text("before")
    with pytest.raises(ExportError, match=r"differs from the model by 0\.01, where 0\.0001 is let pass"):
        export(toy_model, frames(1), Wish(format="torch-export", out=out), about={})
    assert out.read_text() == "before"
    assert not json.loads((tmp_path / "t.pt2.json").read_text())["agrees"]
    export(toy_model, frames(1), Wish(format="torch-export", out=out, bound=0.1), about={})
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("wish", "complaint"),
    [
        ({"format": "onnx", "out": Path("x.pt2")}, r"ends in \.onnx; name it so"),
        (
            {"format": "torch-export", "out": Path("x.pt2"), "int8": "dynamic"},
            "leave it out for torch-export",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_once(wish: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ModelError, match=complaint):
        run.check(Wish(**wish))


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_a_package_that_is_missing_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = util.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == package else find(name))
    with pytest.raises(MissingExtraError, match=rf"'{package}'; .*pip install 'saccade\[export\]'"):
        run.check(Wish(format="onnx", out=Path("x.onnx")))


def test_a_folder_that_cannot_be_written_is_said(toy_model: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        export(toy_model, frames(1), Wish(format="torch-export", out=tmp_path / "file" / "t.pt2"), about={})


def test_a_network_that_cannot_be_traced_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    part = toy()
    monkeypatch.setattr(part.network, "forward", lambda pictures, sizes: builtins.int(pictures.sum().item()))
    with pytest.raises(ModelError, match=r"detections: PyTorch .* cannot make a graph of it"):
        trace(part)
