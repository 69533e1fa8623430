"""Files of our own training: read as what they are, and refused where they are not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from saccade.core import WeightsError
from saccade.weights import Label, Preprocessing, Store, read_checkpoint
from saccade.weights.trained import FORMAT, Trained


def checkpoint(**changes: Any) -> dict[str, Any]:
    trained = {"model": "dimp18", "recipe": "mine", "settings": {"network.steps": "3"}}
    content = {
        "format": FORMAT,
        "step": 7,
        "about": {"trained": trained},
        "task": {"network.weight": torch.ones(2), "temperature": torch.ones(1)},
        "average": None,
        "optimizer": {"state": {0: {"exp_avg": torch.zeros(2)}}},
    }
    return content | changes


def read(path: Path, content: dict[str, Any]) -> Any:
    torch.save(content, path)
    return read_checkpoint(path)


def test_a_checkpoint_is_its_network_and_how_it_was_trained(tmp_path: Path) -> None:
    found = read(tmp_path / "last.ckpt", checkpoint())
    assert {name: value.tolist() for name, value in found.tensors.items()} == {"weight": [1, 1]}
    assert found.trained == Trained(model="dimp18", recipe="mine", step=7, settings={"network.steps": "3"})


def test_the_moving_average_is_what_counts(tmp_path: Path) -> None:
    found = read(tmp_path / "last.ckpt", checkpoint(average={"weight": torch.zeros(2)}))
    assert found.tensors["weight"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (checkpoint(format="saccade training 2"), "later version of saccade; upgrade"),
        (checkpoint(about={}), "damaged checkpoint of saccade train"),
        (checkpoint(task=[]), "damaged checkpoint of saccade train"),
        (checkpoint(task={"network.weight": "none"}), "holds more than named tensors"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(WeightsError, match=said):
        read(tmp_path / "last.ckpt", content)


def test_exported_weights_say_the_same(tmp_path: Path) -> None:
    trained = Trained(model="dimp18", recipe="mine", step=7, settings={"network.steps": "3"})
    label = Label(
        network="a network",
        constructor=None,
        file="last.ckpt",
        sha256="0",
        publisher="me",
        licence="mine",
        preprocessing=Preprocessing(),
        trained=trained,
    )
    path = Store(tmp_path).keep("model", {"weight": torch.ones(2)}, label)
    assert read_checkpoint(path).trained == trained
