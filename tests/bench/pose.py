"""How long it takes to put people together of a network's maps, and to read heat maps. It judges not.

    python -m tests.bench.pose [--people 1,8,20,60] [--repeats 50] [--threads 1]

The maps are those of stick figures anywhere in a picture of 656 x 368 pixels, over one another, with noise.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from saccade.core import COCO_18
from saccade.ops.heat_maps import decode
from saccade.ops.joints import find_joints, refined
from saccade.ops.limbs import assemble, score_limbs
from tests.unit.ops.crowds import Crowd, crowd

_LIMBS = COCO_18.limb_indices
_ONLY_FILLS = [limb not in COCO_18.edge_indices for limb in _LIMBS]


def main() -> None:
    """Measures, and prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pose", description=__doc__.splitlines()[0])
    parser.add_argument("--people", default="1,8,20,60", help="how many of them")
    parser.add_argument("--repeats", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    console = Console(width=110)
    counts = [int(count) for count in options.people.split(",")]
    console.print(_assembly(counts, options.repeats))
    console.print(_decoding(counts, options.repeats))


def _assembly(counts: list[int], repeats: int) -> Table:
    table = Table(title="people of heat maps and fields, 46 x 82 cells: milliseconds, median (best)")
    for name in ("people", "joints", "limbs", "assembly", "together"):
        table.add_column(name, justify="right")
    for count in counts:
        maps = crowd(count, noise=0.02)
        spent = np.array([_once(maps) for _ in range(repeats + 3)])[3:]
        spent = np.column_stack([spent, spent.sum(1)])
        cells = zip(np.median(spent, axis=0), spent.min(0), strict=True)
        table.add_row(str(count), *(f"{median:.2f} ({best:.2f})" for median, best in cells))
    return table


def _once(maps: Crowd) -> list[float]:
    """Milliseconds of the three steps."""
    joints, first = _timed(lambda: refined(find_joints(maps.heats, threshold=0.1, distance=0.75), maps.heats))
    scores, second = _timed(lambda: score_limbs(maps.fields, joints, _LIMBS))
    _, third = _timed(lambda: assemble(joints, scores, _LIMBS, _ONLY_FILLS))
    return [first, second, third]


def _decoding(counts: list[int], repeats: int) -> Table:
    table = Table(title="key points of 17 heat maps of 64 x 48 cells a person: milliseconds, median (best)")
    for name in ("people", "quarter", "dark"):
        table.add_column(name, justify="right")
    for count in counts:
        maps = torch.rand(count, 17, 64, 48)
        cells = []
        for method in ("quarter", "dark"):
            spent = [_timed(partial(decode, maps, method, sigma=2.0))[1] for _ in range(repeats)]
            cells.append(f"{np.median(spent):.2f} ({min(spent):.2f})")
        table.add_row(str(count), *cells)
    return table


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What comes out, and the milliseconds that it took."""
    begun = time.perf_counter()
    result = work()
    return result, 1e3 * (time.perf_counter() - begun)


if __name__ == "__main__":
    main()
