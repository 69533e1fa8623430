"""What `saccade train` leaves, named where a model's name might stand."""

from pathlib import Path

import pytest
import torch

import saccade
from saccade.cli.options import choose_model
from saccade.core import ModelError, WeightsError
from saccade.weights import Checkpoint
from saccade.weights.trained import FORMAT, Trained
from saccade.zoo import entry
from saccade.zoo.loading import configuration, trained_file


@pytest.fixture
def last(tmp_path: Path) -> Path:
    """A checkpoint that says that it is dimp18's."""
    path = tmp_path / "mine@2" / "last.ckpt"
    path.parent.mkdir()
    about = {"trained": {"model": "dimp18", "recipe": "dimp18", "settings": {}}}
    content = {"format": FORMAT, "step": 7, "about": about, "average": None}
    torch.save({**content, "task": {"network.weight": torch.zeros(1)}}, path)
    return path


def test_a_checkpoint_is_the_model_that_it_is_for(last: Path) -> None:
    # results called NAME@SEED are repetitions
    assert choose_model(str(last), None) == ("dimp18", str(last), "mine-2-last")
    assert choose_model("dimp18", str(last)) == ("dimp18", str(last), "dimp18")
    with pytest.raises(WeightsError, match=r"missing: .*unknown: weight"):
        saccade.load(str(last), device="cpu")


def test_what_says_of_no_model_that_it_is_for_it_is_refused(last: Path, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(1)}, tmp_path / "plain.pth")
    with pytest.raises(WeightsError, match=r"does not say which model.*--weights .*plain.pth"):
        trained_file(str(tmp_path / "plain.pth"))
    with pytest.raises(ModelError, match="there is no such file"):
        trained_file(str(tmp_path / "absent.ckpt"))
    for load in (lambda: choose_model(str(last), "x.pth"), lambda: saccade.load(str(last), weights="x.pth")):
        with pytest.raises(WeightsError, match="brings its own weights"):
            load()
    assert trained_file("dimp18") is None


def test_its_network_is_made_as_it_was_trained() -> None:
    trained = Trained(
        model="dimp18", recipe="dimp18", step=1, settings={"network.classifier.num_blocks": "0"}
    )
    config = configuration(entry("dimp18"), Checkpoint(Path("last.ckpt"), {}, trained=trained))
    assert config.network.classifier.num_blocks == 0
    assert configuration(entry("dimp18"), None).network.classifier.num_blocks == 1
