"""What is refused before a cluster is asked for anything."""

import sys
from pathlib import Path
from types import ModuleType

import pytest

from saccade.core import ConfigError
from saccade.core.cluster import check_device
from saccade.data import Dataset
from saccade.evaluation import Contender, plan, run_on_cluster


@pytest.mark.parametrize("wish", ["auto", "cpu", "cuda", "cuda:1"])
def test_devices_of_a_cluster_are_taken(wish: str) -> None:
    check_device(wish)


@pytest.mark.parametrize("wish", ["cdua", "mps", "cuda:", "cuda:x", "CPU", ""])
def test_other_devices_are_refused_before_the_cluster_is_joined(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wish: str
) -> None:
    # without init, joining would be an AttributeError
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    trials = plan([Contender("toy", object, {}, (wish,))], dataset, tmp_path)
    with pytest.raises(ConfigError, match=f"--device {wish}: no device of a cluster; choose auto, cpu"):
        list(run_on_cluster(trials, "auto"))


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_cluster_that_does_not_answer_is_no_wait_of_minutes(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setitem(sys.modules, "ray", ModuleType("ray"))
    trials = plan([Contender("toy", object, {})], dataset, tmp_path)
    with pytest.raises(ConfigError, match=f"--ray {address}: no cluster answers .*ray start --head"):
        list(run_on_cluster(trials, address))
