"""A GPU gives what a CPU gives: run with `pytest --device cuda -m gpu` where there is one."""

import numpy as np
import pytest
import torch

import saccade
from saccade.core import Targets
from saccade.data.synthetic import render
from saccade.zoo import CATALOG

MODELS = [row.name for row in CATALOG.values() if row.task == "track" and not row.cpu_only]

BOX = 0.5
"""frame pixels between devices in float32 over ten frames: sums are taken in another order, which random
networks amplify"""
BOXES = [(200.0, 120.0, 60.0, 50.0), (380.0, 200.0, 50.0, 60.0)]


@pytest.mark.gpu
@pytest.mark.parametrize("name", MODELS)
def test_a_gpu_gives_the_boxes_of_the_cpu(name: str, device: torch.device) -> None:
    if device.type == "cpu":
        pytest.skip("give --device cuda to compare a GPU with the CPU")
    frames = [shot.rgb for shot in render(10)]
    tracks = []
    for where in (torch.device("cpu"), device):
        torch.manual_seed(0)
        # what the first frame of ATOM and its kin amplifies is kept small
        settings = {"learning.first_steps": 2}
        model = saccade.load(name, weights=None, device=where, precision="float32", settings=settings)
        run = model.start(seed=0)
        found = [run.step(frame, Targets(boxes=BOXES) if t == 0 else None) for t, frame in enumerate(frames)]
        tracks.append(np.stack([each.boxes for each in found]))
    np.testing.assert_allclose(tracks[0], tracks[1], rtol=0, atol=BOX)
