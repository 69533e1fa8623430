"""How fast the trackers with a network are, beside their backbone alone as anybody would run it.

    python -m tests.bench.networks [--models dimp18,dimp50] [--targets 1,8] [--device cuda] [--rounds 2]

Weights are random, which changes no time. The baseline is torchvision's ResNet up to layer3 on one crop,
eager and in float32, neither folded nor channels-last; the rounds of all contestants take turns, so that
whatever else the machine does hits all.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

import saccade
from saccade.core import Model, Run
from saccade.core.timing import stages_end_with
from saccade.data.synthetic import render
from saccade.nets.resnet import resnet18, resnet50
from saccade.zoo import CATALOG

MODELS = ["atom", "dimp18", "dimp50", "prdimp50", "super_dimp", "kys"]
FRAMES = 8
"""tracked in each round"""
CORNERS = [(x, y) for y in (60.0, 160.0, 240.0, 120.0) for x in (40.0, 190.0, 350.0, 510.0)]
SIDES = (60.0, 50.0)


class Contestant:
    """A model that goes on with its video, round by round."""

    def __init__(
        self, model: Model, targets: int, images: list[np.ndarray], wait: Callable[[], None]
    ) -> None:
        self.frames: list[float] = []
        self.backbone: list[float] = []
        self.rest: list[float] = []
        self._images, self._wait = images, wait
        self._run: Run = model.start(seed=0)
        boxes = [(x, y, *SIDES) for x, y in CORNERS[:targets]]
        self._run.step(images[0], saccade.Targets(boxes=boxes))

    def play(self, *, staged: bool) -> None:
        """Tracks one round; a staged one tells the backbone from the rest, but may take longer as a whole."""
        for image in self._images[1:]:
            start = time.perf_counter()
            if staged:
                with stages_end_with(self._wait):
                    self.backbone.append(self._run.step(image).timings["backbone"])
                self.rest.append(1e3 * (time.perf_counter() - start) - self.backbone[-1])
                continue
            self._run.step(image)
            self._wait()
            self.frames.append(1e3 * (time.perf_counter() - start))


class Baseline:
    """The backbone by itself."""

    def __init__(
        self, make: Callable[[], Any], side: int, device: torch.device, wait: Callable[[], None]
    ) -> None:
        self.frames: list[float] = []
        self._network, self._wait = make().eval().to(device), wait
        self._picture = torch.zeros(1, 3, side, side, device=device)

    @torch.inference_mode()
    def play(self) -> None:
        """Runs it as often as a round has frames."""
        for _ in range(FRAMES):
            start = time.perf_counter()
            found: dict[str, Tensor] = self._network.features(self._picture, ("layer2", "layer3"))
            self._wait()
            del found
            self.frames.append(1e3 * (time.perf_counter() - start))


def main() -> None:
    """Measures what is asked for and prints the table."""
    options = _options()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    wait = _at_once if device.type == "cpu" else lambda: torch.accelerator.synchronize(device)
    images = [shot.rgb for shot in render(FRAMES + 1)]
    table = Table(
        title=f"frames of 640x360 on {device}, {options.threads} threads, torch {torch.__version__}"
    )
    for column in ("model", "precision", "targets", "median ms", "fps", "backbone", "rest / backbone"):
        table.add_column(column, justify="left" if column in ("model", "precision") else "right")
    table.add_column("time / one target", justify="right")
    table.add_column("eager backbone / frame", justify="right")
    for name in options.models:
        for row in _measure(name, images, device, wait, options):
            table.add_row(*row)
    Console(width=max(Console().width, 130)).print(table)


def _measure(
    name: str, images: list[np.ndarray], device: torch.device, wait: Callable[[], None], options: Any
) -> list[list[str]]:
    contestants: dict[tuple[str, int], Contestant] = {}
    for precision in options.precisions:
        model = saccade.load(name, weights=None, device=device, precision=precision)
        for targets in options.targets:
            contestants[precision, targets] = Contestant(model, targets, images, wait)
    is_small = CATALOG[name].preset.endswith("18") or name.startswith("atom")
    config: Any = model.config
    baseline = Baseline(resnet18 if is_small else resnet50, config.search.side, device, wait)
    for _ in range(options.rounds):
        baseline.play()
        for contestant in contestants.values():
            contestant.play(staged=False)
            contestant.play(staged=True)
    eager = float(np.median(baseline.frames))
    rows = []
    for (precision, targets), contestant in contestants.items():
        ms, backbone, rest = (
            float(np.median(times)) for times in (contestant.frames, contestant.backbone, contestant.rest)
        )
        one = float(np.median(contestants[precision, options.targets[0]].frames))
        cells = [f"{ms:.1f}", f"{1e3 / ms:.0f}", f"{backbone:.1f}", f"{100 * rest / backbone:.0f} %"]
        rows.append([name, precision, str(targets), *cells, f"{ms / one:.2f}", f"{eager / ms:.2f}"])
    return rows


def _at_once() -> None:
    """A CPU has done its work when a call returns."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.networks")
    parser.add_argument("--models", type=lambda text: text.split(","), default=MODELS)
    parser.add_argument("--precisions", type=lambda text: text.split(","), default=["float32", "auto"])
    parser.add_argument("--targets", type=lambda text: [int(n) for n in text.split(",")], default=[1, 8])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


if __name__ == "__main__":
    main()
