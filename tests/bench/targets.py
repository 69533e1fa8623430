"""What several targets cost beside one, on a clip of 640x360 pixels."""

import time

import cv2
import numpy as np
import torch

import saccade
from saccade.data.synthetic import render

COUNTS = (1, 2, 4, 8)
FRAMES = 100
# the time of a tracker depends on the number and size of targets, not on what is in the boxes
SIDE = 60.0
CORNERS = [(x, y) for y in (80.0, 220.0) for x in (50.0, 210.0, 370.0, 530.0)]


def time_targets(name: str, threads: int) -> dict[int, float]:
    """Median milliseconds of a step of a model of saccade, by number of targets."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    model = saccade.load(name, device="cpu")
    images = [shot.rgb for shot in render(FRAMES)]
    spent: dict[int, list[float]] = {count: [] for count in COUNTS}
    for count in COUNTS:
        run = model.start(seed=0)
        run.step(images[0], saccade.Targets(boxes=[(x, y, SIDE, SIDE) for x, y in CORNERS[:count]]))
        for image in images[1:]:
            start = time.perf_counter()
            run.step(image)
            spent[count].append(1e3 * (time.perf_counter() - start))
    return {count: float(np.median(values)) for count, values in spent.items()}
