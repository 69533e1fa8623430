"""How long `openpose_light` takes for a picture, from its pixels to people. It judges not.

    python -m tests.bench.light_pose ../shared/data [--steps 150] [--repeats 60] [--threads 2] [--keep FILE]

The maps of a random network are nothing but peaks, which take longest to put together. So the network, whole
and at the size of its preset, first learns the shared pictures of COCO by heart; then it is timed on them as
users have it: on each as it is, and on the square in its middle, of which the network sees 256 x 256 pixels.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from rich.console import Console
from rich.table import Table

from saccade.data.pose import read_image
from saccade.pose.bottom_up import bottom_up
from saccade.training.task import Task
from tests.unit.training.test_pose_overfitting import Case, learn, people_of, prepared

LR = 2e-3
WARM_UP = 5


def main() -> None:
    """Learns, measures, and prints the table."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.light_pose", description=__doc__.splitlines()[0]
    )
    parser.add_argument("data", type=Path, help="the folder of shared data")
    parser.add_argument("--steps", type=int, default=150, help="of learning")
    parser.add_argument("--repeats", type=int, default=60)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="file of what was learned, which is not learned again")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    case = Case(recipe="openpose_light", steps=options.steps, lr=LR)
    people = people_of(case, options.data)
    recipe, batch = prepared(case, people)
    task: Task = recipe.task.build()
    if options.keep is not None and options.keep.is_file():
        task.network.load_state_dict(torch.load(options.keep, weights_only=True))
    else:
        learn(task, batch, case.steps, case.lr)
        if options.keep is not None:
            torch.save(task.network.state_dict(), options.keep)

    ready = partial(bottom_up, "openpose_light", recipe.task, task.network.eval(), device=torch.device("cpu"))
    full, auto = ready(precision="float32"), ready(precision="auto")
    table = Table(title=f"a picture, {options.threads} threads: milliseconds, median (best)")
    for name in ("picture", "pixels", "people", "found", "float32", "auto", "pictures/s"):
        table.add_column(name, justify="right")
    for image in people.images:
        frame = read_image(image)
        for label, pixels, count in (
            (image.name, frame, len(image.people)),
            ("its middle", _middle(frame), ""),
        ):
            (_, slow), (found, fast) = (
                _timed(partial(each, pixels), options.repeats) for each in (full, auto)
            )
            table.add_row(
                label,
                f"{pixels.shape[1]}x{pixels.shape[0]}",
                str(count),
                str(len(found)),
                f"{np.median(slow):.1f} ({min(slow):.1f})",
                f"{np.median(fast):.1f} ({min(fast):.1f})",
                f"{1e3 / np.median(fast):.1f}",
            )
    Console(width=110).print(table)


def _middle(frame: UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "S S 3"]:
    side = min(frame.shape[:2])
    top, left = (frame.shape[0] - side) // 2, (frame.shape[1] - side) // 2
    return np.ascontiguousarray(frame[top : top + side, left : left + side])


def _timed(work: Callable[[], Any], repeats: int) -> tuple[Any, list[float]]:
    """What comes out, and the milliseconds of each time."""
    spent = []
    for _ in range(WARM_UP + repeats):
        begun = time.perf_counter()
        result = work()
        spent.append(1e3 * (time.perf_counter() - begun))
    return result, spent[WARM_UP:]


if __name__ == "__main__":
    main()
