"""Weight files: what is read, and what is refused, by name and without running anything in it."""

import json
import os
import pickle
import re
import sys
import threading
import zipfile
from collections import Counter, OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.serialization import get_safe_globals, safe_globals

from saccade.core import WeightsError
from saccade.weights import Checkpoint, Constructor, read_checkpoint
from saccade.weights.legacy import StandIn
from tests.unit.weights.originals import Claim, claiming, foreign_classes, old_of, save_original, zip_of

PACKAGES = ["ltr.admin", "dlframework.admin", "dlframework.common.utils"]
KWARGS: dict[str, Any] = {
    "filter_size": 4,
    "init_gauss_sigma": 0.9,
    "clf_feat_norm": True,
    "softmax_reg": None,
    "score_act": "relu",
    "detach_length": float("inf"),
    "frozen_backbone_layers": ["conv1", "bn1"],
}


def weights() -> dict[str, Tensor]:
    return {"conv.weight": torch.rand(2, 1, 3, 3), "norm.num_batches_tracked": torch.tensor(3)}


def old(content: Any, path: Path) -> None:
    torch.save(content, path, _use_new_zipfile_serialization=False)


def same(found: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("save", "name"),
    [
        pytest.param(torch.save, "w.pth", id="zip"),
        pytest.param(old, "w.pth", id="before PyTorch 1.6"),
        pytest.param(save_file, "w.safetensors", id="safetensors"),
        pytest.param(lambda w, path: torch.save({"net": w}, path), "w.pth.tar", id="nothing but the net"),
        pytest.param(
            lambda w, path: torch.save({"state_dict": w, "scheduler": {"at": Counter([3])}}, path),
            "w.pth",
            id="a state dict among other things",
        ),
        pytest.param(
            lambda w, path: torch.save({f"module.{k}": v for k, v in w.items()}, path),
            "w.pth",
            id="of several devices",
        ),
        pytest.param(
            lambda w, path: torch.save(
                {k: nn.Parameter(v, v.is_floating_point()) for k, v in w.items()}, path
            ),
            "w.pth",
            id="parameters",
        ),
    ],
)
def test_tensors_are_read(tmp_path: Path, save: Callable[..., None], name: str) -> None:
    saved = weights()
    save(saved, tmp_path / name)
    found = read_checkpoint(tmp_path / name)
    same(found.tensors, saved)
    assert found.constructor is None
    assert not any(value.requires_grad for value in found.tensors.values())


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("is_old", [False, True], ids=["zip", "before PyTorch 1.6"])
def test_a_checkpoint_of_the_original_is_read(tmp_path: Path, package: str, is_old: bool) -> None:
    saved = weights()
    path = save_original(tmp_path / "w.pth.tar", saved, "dimpnet18", KWARGS, package=package, is_old=is_old)
    assert not {"ltr", "dlframework"} & sys.modules.keys(), "the original must not be at hand"
    found = read_checkpoint(path)
    same(found.tensors, saved)
    assert found.constructor == Constructor(
        "dimpnet18", KWARGS | {"frozen_backbone_layers": ("conv1", "bn1")}
    )


def test_a_checkpoint_without_a_constructor_has_its_tensors_only(tmp_path: Path) -> None:
    path = save_original(tmp_path / "w.pth", weights(), "x", {}, constructor=None)
    assert read_checkpoint(path).constructor is None


def test_a_label_beside_safetensors_names_the_constructor(tmp_path: Path) -> None:
    save_file(weights(), tmp_path / "w.safetensors")
    (tmp_path / "w.json").write_text('{"format": "another program\'s"}')
    assert read_checkpoint(tmp_path / "w.safetensors").constructor is None
    (tmp_path / "w.json").write_text('{"format": "saccade weights 1"}')
    with pytest.raises(WeightsError, match=r"w\.json: no label that saccade wrote"):
        read_checkpoint(tmp_path / "w.safetensors")
    (tmp_path / "w.json").write_text("{")
    with pytest.raises(WeightsError, match=r"w\.json: no label that saccade wrote"):
        read_checkpoint(tmp_path / "w.safetensors")
    (tmp_path / "w.json").write_text(json.dumps({"format": "saccade weights 2"}))
    with pytest.raises(WeightsError, match="later version of saccade"):
        read_checkpoint(tmp_path / "w.safetensors")


@pytest.mark.parametrize("label", ["{", "[" * 200_000, '{"format": "saccade weights 1"}'])
def test_a_damaged_label_in_safetensors_is_named(tmp_path: Path, label: str) -> None:
    save_file(weights(), tmp_path / "w.safetensors", metadata={"saccade": label})
    with pytest.raises(WeightsError, match=r"w\.safetensors: no label that saccade wrote"):
        read_checkpoint(tmp_path / "w.safetensors")


def test_numbers_that_no_constructor_is_given_are_refused(tmp_path: Path) -> None:
    path = save_original(tmp_path / "w.pth", weights(), "dimpnet18", {"filter_size": 10**400})
    with pytest.raises(WeightsError, match=r"dimpnet18\(filter_size=…\) is given a number of more than 64"):
        read_checkpoint(path)


class Attack:
    """A pickle of it runs a command when it is read in the ordinary way."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("touch attacked",)


class Evaluation:
    """A pickle of it evaluates an expression when it is read in the ordinary way."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("__import__('pathlib').Path('attacked').touch()",)


def half(path: Path, save: Callable[..., None] = torch.save) -> None:
    save(weights(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w/data.pkl", pickle.dumps(OrderedDict(), 2))
        archive.writestr("w/data/0", bytes(1 << 24))


def names(constructor: Any) -> Callable[[Path], object]:
    """A checkpoint with this for a constructor."""
    return lambda path: save_original(path, weights(), "x", {}, constructor=constructor)


def given(value: Any) -> Callable[[Path], object]:
    """A checkpoint whose constructor is given a value."""
    return lambda path: save_original(path, weights(), "lwlnet", {"net": value})


def deep_list() -> list[Any]:
    """As text, 2 to the power of 60 values; in memory, and in a file, 60 short lists."""
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    return value


SYSTEM = r"asks for \w+\.system, which is no tensor; nothing in the file was run"
EVAL = r"asks for builtins\.eval, which is no tensor"
STORED = {"net": OrderedDict(a=Claim((1000,), (1,), 1000))}

REFUSED = [
    pytest.param(lambda path: None, "there is no such weight file", id="missing"),
    pytest.param(lambda path: path.mkdir(), "is a folder; name the weight file in it", id="folder"),
    pytest.param(lambda path: path.touch(), "is empty; fetch it again", id="empty"),
    pytest.param(lambda path: path.write_text("hello\n"), "is a text file, no weight file", id="text"),
    pytest.param(
        lambda path: path.write_text("config\nsecret\n=0.1\n"),
        r"pth: is a text file, no weight file; expected[^\n]*$",
        id="text that begins as a pickle",
    ),
    pytest.param(
        lambda path: path.write_text("Größe " + "ü" * 300), "is a text file, no weight file", id="UTF-8"
    ),
    pytest.param(lambda path: path.write_text("<html>"), "is a web page, no weight file", id="web page"),
    pytest.param(
        lambda path: path.write_text("\n<!DOCTYPE html>"),
        "is a web page, no weight file",
        id="page with a type",
    ),
    pytest.param(lambda path: path.write_bytes(bytes(99)), "damaged, or no weight file", id="zeros"),
    pytest.param(lambda path: path.write_bytes(b"\x80\x02N."), "or no weight file", id="pickle"),
    pytest.param(half, "is cut short, .*; fetch it again", id="half a zip"),
    pytest.param(lambda path: half(path, old), "is cut short, .*; fetch it again", id="half a pickle"),
    pytest.param(bomb, r"declares 16,777,\d+ bytes but has \d\d?,\d+, as a zip bomb would", id="zip bomb"),
    pytest.param(
        lambda path: zipfile.ZipFile(path, "w").writestr("a/b.txt", "hello"),
        "a zip archive, but none with a state dict",
        id="zip of something else",
        marks=pytest.mark.filterwarnings("ignore"),
    ),
    pytest.param(
        lambda path: zip_of(path, pickle.dumps({}, 2), constants__pkl=b"", **{"constants.pkl": b"."}),
        "a zip archive, but none with a state dict",
        id="TorchScript",
    ),
    pytest.param(
        lambda path: zip_of(path, pickle.dumps({}, 2), **{"DATA.pkl": b"."}),
        "a zip archive, but none with a state dict",
        id="two pickles",
    ),
    pytest.param(lambda path: torch.save(Attack(), path), SYSTEM, id="code"),
    pytest.param(lambda path: old(Attack(), path), SYSTEM, id="code, before PyTorch 1.6"),
    pytest.param(lambda path: path.write_bytes(pickle.dumps(Attack(), 2)), SYSTEM, id="code in a pickle"),
    pytest.param(lambda path: path.write_bytes(pickle.dumps(Attack(), 5)), SYSTEM, id="code in a new pickle"),
    pytest.param(lambda path: path.write_bytes(pickle.dumps(Attack(), 0)), SYSTEM, id="code in text"),
    pytest.param(
        lambda path: torch.save({"net": weights(), "stats": Attack()}, path), SYSTEM, id="hidden code"
    ),
    pytest.param(
        lambda path: old({"net": weights(), "stats": [{"x": Attack()}]}, path), SYSTEM, id="hidden code, old"
    ),
    pytest.param(
        lambda path: zip_of(path, pickle.dumps({"x": Attack()}, 4)), SYSTEM, id="hidden code, new pickle"
    ),
    pytest.param(given(Attack()), SYSTEM, id="code for a constructor"),
    pytest.param(lambda path: torch.save({"x": Evaluation()}, path), EVAL, id="eval"),
    pytest.param(lambda path: path.write_bytes(b"c__builtin__\neval\n."), EVAL, id="eval by its old name"),
    pytest.param(lambda path: path.write_bytes(b"(ios\nsystem\n."), SYSTEM, id="instance"),
    pytest.param(
        lambda path: torch.save(nn.Linear(1, 1), path), "asks for torch.nn.modules.linear.Linear", id="module"
    ),
    pytest.param(given(nn.ReLU()), "asks for torch.nn.modules.activation.ReLU", id="live module"),
    pytest.param(
        lambda path: path.write_bytes(pickle.dumps({"a": torch.zeros(2)}, 2)),
        "asks for torch.storage._load_from_bytes",
        id="pickle within a pickle",
    ),
    pytest.param(
        lambda path: torch.save({"a": torch.eye(2).to_sparse()}, path),
        "asks for torch._utils._rebuild_sparse_tensor",
        id="sparse",
    ),
    pytest.param(given(torch.zeros(1)), r"lwlnet\(net=…\) is given a torch.Tensor", id="tensor for a value"),
    pytest.param(given(deep_list()), r"lwlnet\(net=…\) is given a builtins.list", id="endless list"),
    pytest.param(given({"a": 1}), r"lwlnet\(net=…\) is given a builtins.dict", id="dict for a value"),
    pytest.param(names({"fun_name": "x"}), "in no way that saccade knows", id="dict for a constructor"),
    pytest.param(
        lambda path: torch.save({"weights": weights()}, path),
        r"more than named tensors \(weights\)",
        id="nested",
    ),
    pytest.param(
        lambda path: torch.save({"net": {"a": 1}}, path), r"more than named tensors \(a\)", id="a number"
    ),
    pytest.param(
        lambda path: torch.save({0: torch.zeros(1)}, path), "more than named tensors", id="numbered"
    ),
    pytest.param(lambda path: torch.save(torch.zeros(1), path), "holds no named tensors", id="bare tensor"),
    pytest.param(
        lambda path: torch.save({"a": torch.zeros(1).expand(10**6, 10**6)}, path),
        "'a' is larger than the values that the file has",
        id="one value a million times",
    ),
    pytest.param(
        lambda path: zip_of(path, claiming(STORED), data__0=bytes(400)),
        "damaged",
        id="storage beyond its record",
    ),
    pytest.param(
        lambda path: zip_of(path, claiming({"a": Claim((1000,), (1,), 10)}), data__0=bytes(40)),
        "damaged",
        id="tensor beyond its storage",
    ),
    pytest.param(
        lambda path: zip_of(path, claiming({"a": Claim((-4,), (1,), 10)}), data__0=bytes(40)),
        "damaged",
        id="negative size",
    ),
    pytest.param(
        lambda path: old_of(path, claiming({"a": Claim((1 << 50,), (1,), 1 << 50)}, is_old=True)),
        "is cut short, or no weight file",
        id="absurd size",
    ),
    pytest.param(
        lambda path: old_of(
            path,
            claiming({"a": Claim((1 << 30,), (1,), 1 << 30)}, is_old=True),
            pickle.dumps(["0"], 2),
            storages=(1 << 30).to_bytes(8, "little"),
        ),
        "is cut short, or no weight file",
        id="size beyond the file",
    ),
    pytest.param(
        lambda path: zip_of(path, claiming(STORED, kind="module"), data__0=bytes(4000)),
        "damaged",
        id="another kind of persistent id",
    ),
]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(
            "mine.py", b"raise SystemExit\n", "is a program, .*add-a-tracker", id="a tracker in one file"
        ),
        pytest.param("mine.onnx", b"\x08\x0a\x12\x07", "is an exported network, .*name the model", id="ONNX"),
    ],
)
def test_what_is_named_in_place_of_a_model_is_told(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=rf"{re.escape(name)}: {message}"):
        read_checkpoint(path)


@pytest.mark.parametrize(("make", "message"), REFUSED)
def test_what_is_no_weight_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "w.pth"
    make(path)
    with pytest.raises(WeightsError, match=message) as caught:
        read_checkpoint(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value), "advice to read it without the check is no remedy"
    assert not re.search(r"\w+(Error|opcode)\b", str(caught.value)), "a library's own words help nobody"
    assert not (tmp_path / "attacked").exists()


def test_honest_claims_are_read(tmp_path: Path) -> None:
    """Else the claims above might be refused for what they do not lie about."""
    zipped = zip_of(tmp_path / "w.pth", claiming(STORED), data__0=bytes(4000))
    same(read_checkpoint(zipped).tensors, {"a": torch.zeros(1000)})
    pickles = claiming({"a": Claim((10, 10), (10, 1), 100)}, is_old=True), pickle.dumps(["0"], 2)
    legacy = old_of(tmp_path / "old.pth", *pickles, storages=(100).to_bytes(8, "little") + bytes(400))
    same(read_checkpoint(legacy).tensors, {"a": torch.zeros(10, 10)})


def test_the_attacks_would_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would prove nothing."""
    monkeypatch.chdir(tmp_path)
    for attack in (Attack(), Evaluation()):
        pickle.loads(pickle.dumps(attack, 2))
        assert (tmp_path / "attacked").exists()
        (tmp_path / "attacked").unlink()


def test_what_a_program_allows_for_its_own_files_is_refused_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"x": Evaluation()}, tmp_path / "w.pth")
    with safe_globals([eval]):
        with pytest.raises(WeightsError, match=EVAL):
            read_checkpoint(tmp_path / "w.pth")
        assert not (tmp_path / "attacked").exists()
        torch.load(tmp_path / "w.pth", weights_only=True)
    assert (tmp_path / "attacked").exists(), "without our list, PyTorch would have run it"


def test_stand_ins_do_nothing() -> None:
    stand_in = StandIn("anything", os.system)
    assert stand_in.get("anything") is None
    stand_in.__setstate__({"__class__": Attack, "__setstate__": os.abort, "__dict__": 1, "name": "x"})
    assert type(stand_in) is StandIn
    stand_in.__setstate__({"name": "y"})
    assert stand_in.get("name") == "y"
    for state in (None, 5, ({"name": "z"}, {"get": os.abort})):
        stand_in.__setstate__(state)
        assert stand_in.get("name") is None
    with pytest.raises(AttributeError):
        stand_in.anything = 1  # type: ignore[attr-defined]


def test_stand_ins_are_not_changed_by_a_file(tmp_path: Path) -> None:
    """A file may call a foreign class, build objects twice, and try to build the class itself."""
    module = b"cltr.admin.settings\nSettings\n"
    state = b"}X\x0c\x00\x00\x00__setstate__ccollections\nOrderedDict\nsX\x04\x00\x00\x00nameK\x01s"
    twice = b"\x80\x02}X\x01\x00\x00\x00x" + module + b")\x81" + state + b"b" + state + b"bs."
    called = b"\x80\x02}X\x01\x00\x00\x00x" + module + b"X\x05\x00\x00\x00helloK\x01\x86Rs."
    for pickled in (twice, called):
        with pytest.raises(WeightsError, match=r"more than named tensors \(x\)"):
            read_checkpoint(zip_of(tmp_path / "w.pth", pickled))
    itself = b"\x80\x02}X\x01\x00\x00\x00x" + module + state + b"bs."
    with pytest.raises(WeightsError, match="damaged"):
        read_checkpoint(zip_of(tmp_path / "w.pth", itself))
    assert StandIn("anything").get("name") is None


def test_a_constructor_with_nameless_values_is_refused(tmp_path: Path) -> None:
    with foreign_classes("ltr.admin") as kinds:
        constructor = kinds["NetConstructor"]()
        constructor.__dict__.update(fun_name="dimpnet18", args=(4,), kwds={})
        torch.save({"net": weights(), "constructor": constructor}, tmp_path / "w.pth")
    with pytest.raises(WeightsError, match="in no way that saccade knows"):
        read_checkpoint(tmp_path / "w.pth")


def test_nothing_stays_allowed(tmp_path: Path) -> None:
    before = set(get_safe_globals())
    read_checkpoint(save_original(tmp_path / "w.pth", weights(), "x", {}))
    assert set(get_safe_globals()) == before


def test_several_threads_read_at_once(tmp_path: Path) -> None:
    path = save_original(tmp_path / "w.pth", weights(), "x", {"a": 1})
    found: list[Checkpoint] = []
    threads = [
        threading.Thread(target=lambda: found.extend(read_checkpoint(path) for _ in range(10)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40


def test_damaged_safetensors_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    half(path, save_file)
    with pytest.raises(WeightsError, match="damaged, or no weight file"):
        read_checkpoint(path)


@pytest.mark.parametrize("is_old", [False, True], ids=["zip", "before PyTorch 1.6"])
def test_no_damage_gets_past_as_another_error(tmp_path: Path, is_old: bool) -> None:
    path = save_original(tmp_path / "w.pth", weights(), "dimpnet18", KWARGS, is_old=is_old)
    whole = path.read_bytes()
    generator = torch.Generator().manual_seed(0)
    refused = 0
    for _ in range(300):
        at = torch.randint(min(len(whole), 3000), (4,), generator=generator).tolist()
        damaged = bytearray(whole)
        for i in at:
            damaged[i] = int(torch.randint(256, (), generator=generator))
        path.write_bytes(bytes(damaged))
        try:
            read_checkpoint(path)
        except WeightsError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
