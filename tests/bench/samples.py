"""How many training samples a second are made of JPEG frames, and where the time goes.

    python -m tests.bench.samples [--recipe dimp50] [--samples 60] [--workers 2] [--rounds 3]

The frames are 1280x720, as LaSOT's often are. Beside it runs a pipeline of one class a step
(tests/bench/literal.py), which reads each frame as often as it is asked for, with the same decoder, and hands
whole frames from step to step. Both make the same samples from the same dice; their rounds take turns.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Dataset

from saccade.data.samples.augment import Colors, Roll
from saccade.data.samples.crop import Crop
from saccade.data.samples.dataset import SampleDataset, make_loader
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import VideoFootage
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.opening import open_footage
from saccade.data.samples.pictures import read_picture
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.targets import Density, Labels
from saccade.zoo.recipes import find_recipe
from tests.bench.contestants import REPOSITORY
from tests.bench.literal import LiteralProcessing, Pipeline

DATA = Path(os.environ.get("SACCADE_TEST_DATA", REPOSITORY / "../shared/data"))
FRAME_WH = (1280, 720)
SEQUENCES, FRAMES = 8, 40
QUALITY = 90
SIDES = (60.0, 400.0)
"""√(area) of the targets in frame pixels, spread evenly by its logarithm; LaSOT's middle is about 150"""


def main() -> None:
    """Measures and prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.samples")
    parser.add_argument("--recipe", default="dimp50", help="of DiMP's kind")
    parser.add_argument("--samples", type=int, default=60, help="in each round")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    recipe, console = find_recipe(options.recipe), Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        size = _film(root)
        console.print(f"{recipe.name}, frames of {FRAME_WH[0]}x{FRAME_WH[1]} in {size / 1e3:.0f} kB")
        mixture = Mixture([open_footage("folder", root)])
        ours = SampleDataset(mixture, recipe.sampling, recipe.processing, samples=options.samples, seed=0)
        contestants = {"saccade": ours, "a class a step": Literal(ours, root)}
        console.print(_stages(contestants, options.rounds))
        batch, workers = min(recipe.batch, options.samples), options.workers
        loaders = {
            name: make_loader(ours, batch, workers=workers, drops_last=False)
            if contestant is ours
            else DataLoader(
                contestant, batch, num_workers=workers, worker_init_fn=_alone, persistent_workers=workers > 0
            )
            for name, contestant in contestants.items()
        }
        console.print(_beside(loaders, options.samples, options.rounds))


def _alone(worker: int) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def _film(root: Path) -> float:
    """Sequences of real pictures, with targets that wander; returns the mean size of a file in bytes."""
    rng, sizes = np.random.default_rng(0), []
    pictures = sorted(DATA.glob("**/*.jpg"))
    for number in range(SEQUENCES):
        home = root / f"sequence-{number}"
        (home / "img").mkdir(parents=True)
        side = np.exp(np.interp(number, [0, SEQUENCES - 1], np.log(SIDES)))
        middle = rng.uniform(0.25, 0.75, 2) * FRAME_WH + rng.normal(0, 8, (FRAMES, 2)).cumsum(axis=0)
        boxes = np.hstack([middle - side / 2, np.full((FRAMES, 2), side)])
        (home / "groundtruth_rect.txt").write_text(
            "".join(f"{x:.1f},{y:.1f},{w:.1f},{h:.1f}\n" for x, y, w, h in boxes)
        )
        for frame, place in enumerate(rng.integers(0, len(pictures), FRAMES), 1):
            picture = cv2.resize(cv2.imread(str(pictures[place])), FRAME_WH)
            file = home / "img" / f"{frame:08d}.jpg"
            cv2.imwrite(str(file), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            sizes.append(file.stat().st_size)
    return float(np.mean(sizes))


class Literal(Dataset[dict[str, Any]]):
    """The same samples, made one step after another."""

    def __init__(self, dataset: SampleDataset, root: Path) -> None:
        self.dataset = dataset
        self.root = root

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> dict[str, Any]:
        dataset, dice = self.dataset, Dice.at(self.dataset.seed, index, 0)
        draw = dataset.sampling.draw(dataset.mixture, dice)
        boxes = draw.footage.moments(draw.target).boxes
        folder = self.root / f"sequence-{draw.target}" / "img"
        train, test = (
            {"images": self.read_all(folder, ids), "boxes": [torch.from_numpy(boxes[i]) for i in ids]}
            for ids in (draw.train, draw.test)
        )
        return LiteralProcessing(dataset.processing, dice)(train, test)

    def read_all(self, folder: Path, ids: Sequence[int]) -> list[np.ndarray]:
        return [read_picture(folder / f"{i + 1:08d}.jpg") for i in ids]


STAGES: dict[str, Sequence[tuple[type, str]]] = {
    "decode": [(VideoFootage, "shots"), (Literal, "read_all")],
    "crop": [(Crop, "region"), (Crop, "cut"), (LiteralProcessing, "_crop")],
    "colour, flip": [(Roll, "on_pixels"), (Colors, "write"), (Pipeline, "__call__")],
    "proposals": [
        (PerturbedProposals, "__call__"),
        (GaussianProposals, "__call__"),
        (LiteralProcessing, "_propose"),
    ],
    "labels": [(Labels, "__call__"), (Density, "__call__"), (LiteralProcessing, "_label")],
}
"""what is timed, of either pipeline"""


def _stages(contestants: dict[str, Dataset[Any]], rounds: int) -> Table:
    """Milliseconds a sample of each stage, in this process, and of its own time: others may run beside it."""
    spent = {name: dict.fromkeys([*STAGES, "all"], 0.0) for name in contestants}
    for contestant in contestants.values():
        contestant[0]
    samples = len(contestants["saccade"])  # type: ignore[arg-type]
    for _ in range(rounds):
        for name, contestant in contestants.items():
            with _timed(spent[name]):
                began = time.process_time()
                for index in range(samples):
                    contestant[index]
                spent[name]["all"] += time.process_time() - began
    table = Table(title="milliseconds a sample of one core")
    for column in ("", *contestants):
        table.add_column(column, justify="right" if column else "left")
    for stage in [*STAGES, "the rest", "all"]:
        cells = []
        for times in spent.values():
            rest = 2 * times["all"] - sum(times.values())
            cells.append(f"{1e3 * times.get(stage, rest) / rounds / samples:.2f}")
        table.add_row(stage, *cells)
    return table


@contextmanager
def _timed(seconds: dict[str, float]) -> Iterator[None]:
    """Inside, the functions of `STAGES` add the time that they take to that of their stage."""
    with ExitStack() as stack:
        for stage, functions in STAGES.items():
            for owner, name in functions:
                clocked = _clocked(getattr(owner, name), stage, seconds)
                stack.enter_context(mock.patch.object(owner, name, clocked))
        yield


def _clocked(function: Callable[..., Any], stage: str, seconds: dict[str, float]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            seconds[stage] += time.process_time() - began

    return wrapped


def _beside(loaders: dict[str, DataLoader[Any]], samples: int, rounds: int) -> Table:
    """Samples a second of whole loaders, in batches; each has made a pass before."""
    seconds: dict[str, list[float]] = {name: [] for name in loaders}
    for _ in range(1 + rounds):
        for name, loader in loaders.items():
            began = time.perf_counter()
            for _batch in loader:
                pass
            seconds[name].append(time.perf_counter() - began)
    ours = samples / float(np.median(seconds["saccade"][1:]))
    table = Table(title=f"samples a second, median of {rounds} rounds")
    for column in ("", "samples/s", "saccade is"):
        table.add_column(column, justify="right" if column else "left")
    for name, times in seconds.items():
        rate = samples / float(np.median(times[1:]))
        table.add_row(name, f"{rate:.1f}", f"{ours / rate:.2f} times as fast")
    return table


if __name__ == "__main__":
    main()
