"""`saccade eval --ray` on a cluster of two nodes on this machine."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

SCRIPT = r'''
"""Trials on both nodes by hand, and then the command line; prints what came of it as JSON."""

import json
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from ray.cluster_utils import Cluster

from saccade.core import Instances


class Model:
    name, config = "toy", {}

    def __init__(self, nodes):
        self.nodes = nodes

    def start(self, *, seed=0):
        return Run(self.nodes)


class Run:
    def __init__(self, nodes):
        self.nodes = nodes

    def step(self, frame, targets=None, *, color="rgb"):
        import ray

        if targets is not None:
            self.box = np.array(targets.boxes[0], dtype=float)
            with Path(self.nodes, ray.get_runtime_context().get_node_id()).open("a") as log:
                log.write(f"{self.box[0]:.0f}\n")
        time.sleep(0.1)
        if self.box[0] == 2:
            raise RuntimeError("lost for words")
        box = self.box + frame.index
        return Instances(boxes=np.array([[*box[:2], *(box[:2] + box[2:])]]), scores=np.array([0.5]))


def load(nodes, *, device):
    assert device == "cpu"
    return Model(nodes)


if __name__ == "__main__":
    from saccade.cli import main
    from saccade.core import ConfigError
    from saccade.data import open_dataset
    from saccade.evaluation import Contender, plan, run_on_cluster

    root, nodes = (Path(word) for word in sys.argv[1:])
    nodes.mkdir()
    small = {"num_cpus": 1, "object_store_memory": 100 * 2**20, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=small)
    del small["include_dashboard"]
    cluster.add_node(**small)
    try:
        dataset, frames = open_dataset("folder", root), []
        trials = plan([Contender("toy", partial(load, nodes), {})], dataset, nodes.parent / "out")
        outcomes = list(run_on_cluster(trials, cluster.address, on_frame=frames.append))
        try:
            gpu = plan([Contender("gpu", load, {}, ("cuda",))], dataset, nodes.parent / "out")
            list(run_on_cluster(gpu, cluster.address))
        except ConfigError as error:
            refusal = str(error)
        words = ["eval", "still", "--dataset", "folder", "--root", str(root), "--ray", cluster.address]
        code = main([*words, "--out", str(nodes.parent / "out"), "--workers", "2"])
    finally:
        cluster.shutdown()
    facts = {
        "failures": {outcome.run: outcome.failure for outcome in outcomes},
        "nodes": [len(log.read_text().splitlines()) for log in nodes.iterdir()],
        "frames": sum(frames),
        "refusal": refusal,
        "code": code,
    }
    Path(sys.argv[2] + ".json").write_text(json.dumps(facts))
'''


@pytest.mark.slow
def test_both_nodes_of_a_cluster_work_and_the_results_come_back(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra [cluster]")
    for number in range(6):
        folder = tmp_path / "sequences" / f"s{number}"
        (folder / "img").mkdir(parents=True)
        for index in range(5):
            cv2.imwrite(str(folder / "img" / f"{index:04d}.png"), np.full((40, 60, 3), 90, dtype=np.uint8))
        (folder / "groundtruth_rect.txt").write_text(f"{number + 1},10,9,9\n" * 5)
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(tmp_path / "sequences"), str(tmp_path / "nodes")],
        check=True,
        timeout=200,
    )
    facts = json.loads((tmp_path / "nodes.json").read_text())
    assert facts["failures"] == {f"s{n}": None for n in range(6)} | {"s1": "RuntimeError: lost for words"}
    assert len(facts["nodes"]) == 2
    assert (sum(facts["nodes"]), facts["frames"], facts["code"]) == (6, 30, 0)
    assert "--device cuda: the cluster" in facts["refusal"]
    results = tmp_path / "out" / "results" / "folder"
    assert (results / "toy" / "s0.txt").read_text().splitlines()[1] == "2.0000,11.0000,10.0000,10.0000"
    assert "lost for words" in (results / "toy" / "s1_failure.txt").read_text()
    assert len(list((results / "still").glob("s?.txt"))) == 6
