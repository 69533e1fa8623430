"""Models as the options of `saccade eval` ask for them."""

from functools import partial
from pathlib import Path

import pytest

from saccade.cli import contenders
from saccade.cli.contenders import make_contender
from saccade.cli.options import PrecisionChoice
from saccade.core import ConfigError
from saccade.data import Dataset
from saccade.evaluation import plan
from saccade.zoo import CATALOG, entry, load
from tests.unit.evaluation.conftest import ScriptedModel, dataset, follows

__all__ = ["dataset"]

make = partial(
    make_contender,
    "dimp50",
    device="cpu",
    precision=PrecisionChoice.float32,
    settings=None,
    is_shared=False,
    is_remote=False,
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The store's file of the model, which nobody reads."""
    monkeypatch.setattr(contenders, "load_model", lambda *options: ScriptedModel(follows))
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    published = entry("dimp50").weights
    assert published is not None
    (tmp_path / "store").mkdir()
    file = tmp_path / "store" / f"{published.key}.safetensors"
    file.write_bytes(b"weights")
    return file


@pytest.mark.parametrize("is_named", [False, True], ids=["from the store", "named"])
def test_results_of_other_weights_under_the_same_name_are_not_added_to(
    dataset: Dataset, tmp_path: Path, store: Path, is_named: bool
) -> None:
    weights = str(store) if is_named else None
    plan([make(weights=weights)], dataset, tmp_path)
    # the same file under another name is the same
    (tmp_path / "copy.pth").write_bytes(store.read_bytes())
    plan([make(weights=str(tmp_path / "copy.pth"))], dataset, tmp_path)
    store.write_bytes(b"other weights")
    with pytest.raises(ConfigError, match="dimp50 holds results with another weights; choose another --out"):
        plan([make(weights=weights)], dataset, tmp_path)
    with pytest.raises(ConfigError, match="dimp50 holds results with another weights"):
        plan([make(weights="none")], dataset, tmp_path)


def test_the_path_of_weights_is_a_circumstance(store: Path) -> None:
    contender = make(weights=None)
    assert contender.circumstances == {"weights": str(store)}
    assert str(store) not in str(contender.settings)
    assert make(weights="none").settings["weights"] is None


def test_a_cluster_has_no_other_devices(store: Path) -> None:
    with pytest.raises(ConfigError, match="--device cdua: no device of a cluster; choose auto, cpu or cuda"):
        make(weights=None, device="cdua", is_shared=True, is_remote=True)


@pytest.mark.parametrize("name", [row.name for row in CATALOG.values() if row.task == "segment"])
def test_the_catalogue_knows_what_segmenters_learn_from(name: str) -> None:
    config = load(name, weights=None, device="cpu").config
    assert entry(name).needs_masks == (config.starts_from == "mask")
