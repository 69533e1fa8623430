"""`saccade models`: weights into the store, said for people and for machines."""

import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from saccade.cli import main
from saccade.cli.console import out
from saccade.nets.vggm import ResNet18VGGM
from saccade.weights.store import sha256_of
from tests.unit.weights.servers import Site, serving

FILE = "resnet18_vggmconv1.pth"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The features of ECO, random."""
    path = tmp_path_factory.mktemp("published") / FILE
    torch.save(ResNet18VGGM().state_dict(), path)
    return path


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    return tmp_path / "store"


@pytest.fixture
def site(weights: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with serving(Site({FILE: weights.read_bytes()})) as running:
        monkeypatch.setenv("SACCADE_WEIGHTS_URL", running.url)
        yield running


def test_a_file_is_imported(weights: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "card", "eco_deep"]) == 0
    assert "no; saccade models download eco_deep" in capsys.readouterr().out
    assert main(["models", "import", str(weights)]) == 0
    said = capsys.readouterr().out
    assert "the features of ECO (resnet18_vggmconv1)" in said and "eco_deep" in said
    assert f"sha256         {sha256_of(weights)}\n" in said, "never broken, to be copied"
    assert "replaces" not in said
    assert (store / "resnet18_vggmconv1.safetensors").is_file()
    assert main(["models", "list"]) == 0
    here = dict(re.findall(r"^(\w+) +track +\S+ +(yes|no) ", capsys.readouterr().out, re.MULTILINE))
    assert here["eco_deep"] == "yes" and here["dimp18"] == "no" and "eco" not in here
    assert main(["models", "card", "eco_deep"]) == 0
    assert "resnet18_vggmconv1.safetensors" in "".join(capsys.readouterr().out.split())
    assert main(["models", "import", str(weights)]) == 0
    assert f"replaces       {FILE}, kept on 20" in capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 120])
def test_a_card_can_be_read(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(out, "_width", width)
    assert main(["models", "card", "dimp50"]) == 0
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= width
    assert "\nsearch.border = replicate\n    replicate | inside_major; what becomes of regions" in said
    assert "\nrefines_boxes = true\n    bool; whether the IoU-Net" in said
    online, network = said.split("settings of the network, changed with --weights none only")
    assert "\nmemory.size = 50\n" in online and "\nnetwork." not in online
    assert "\nnetwork.classifier.optimizer.bend = 1.0\n" in network and "\nmemory." not in network


def test_a_download_as_json_is_one_value(
    site: Site, weights: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "download", "eco_deep", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "path": str(store / "resnet18_vggmconv1.safetensors"),
        "network": "the features of ECO (resnet18_vggmconv1)",
        "models": ["eco_deep"],
        "sha256": sha256_of(weights),
        "replaced": None,
    }


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line with which a command ends that the user got wrong."""
    assert main(["models", *words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    return output.err


def test_a_download_that_breaks_says_how_to_go_on(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    site.drops_after = 1000
    assert "interrupted after 1,000 of" in refused(["download", "eco_deep"], capsys)
    site.drops_after = None
    assert main(["models", "download", "eco_deep"]) == 0
    assert site.asked == ["", "bytes=1000-"]


def test_what_cannot_be_obtained_is_said_in_a_line(
    site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.pth"
    text.write_text("hello")
    assert "is a text file" in refused(["import", str(text)], capsys)
    assert "is a folder" in refused(["import", str(tmp_path)], capsys)
    text.write_bytes(pickle.dumps(print))
    assert "asks for builtins.print" in refused(["import", str(text)], capsys)
    assert "there is no such weight file" in refused(["import", str(tmp_path / "none.pth")], capsys)
    torch.save({"a": torch.zeros(1)}, text)
    assert "missing: vggmconv1" not in refused(["import", str(text)], capsys)
    assert "unknown: a; the file looks like no" in refused(["import", str(text), "--as", "eco_deep"], capsys)
    assert "'eco' needs no weights" in refused(["import", str(text), "--as", "eco"], capsys)
    assert "'still' needs no weights" in refused(["download", "still"], capsys)
    assert "did you mean 'eco_deep'" in refused(["download", "eco_dep"], capsys)
    site.files.clear()
    assert "404" in refused(["download", "eco_deep"], capsys)


def test_a_store_that_cannot_be_written_is_no_mistake_of_the_users(
    weights: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.touch()
    assert main(["models", "import", str(weights)]) == 1
    assert "cannot be written" in capsys.readouterr().err
