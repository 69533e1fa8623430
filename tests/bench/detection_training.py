"""Our training of SSDLite beside the reference loop of torchvision: mAP on the same data, and time a step.

    python -m tests.bench.detection_training ../shared/data/det/BCCD --epochs 40

The reference is what torchvision's `references/detection` does for this model, without its options.
"""

import argparse
import math
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.transforms import v2

from saccade.core.config import override
from saccade.data.detection import DetectionDataset, open_detection, read_image
from saccade.detectors.model import Detector
from saccade.detectors.torchvision import make_network
from saccade.evaluation.detection import judge
from saccade.training.detection_feed import DetectionFeed
from saccade.training.fit import Machines, Plan, fit
from saccade.training.recipe import DetectionRecipe
from saccade.weights import read_checkpoint
from saccade.zoo.recipes import find_recipe

NAME = "ssdlite320_mobilenet_v3_large"
FLOOR = 0.01


class ReferenceSamples(Dataset[Any]):
    """Pictures and boxes as the reference wants them: background is label 0."""

    def __init__(self, dataset: DetectionDataset) -> None:
        self.dataset = dataset
        self.change = v2.Compose(
            [
                v2.RandomIoUCrop(),
                v2.RandomHorizontalFlip(),
                v2.SanitizeBoundingBoxes(),
                v2.ToDtype(torch.float32, scale=True),
            ]
        )

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        annotated = self.dataset.images[index]
        pixels = torch.from_numpy(read_image(annotated).copy()).permute(2, 0, 1)
        target = {
            "boxes": tv_tensors.BoundingBoxes(
                torch.from_numpy(annotated.boxes), format="XYXY", canvas_size=tuple(pixels.shape[1:])
            ),
            "labels": torch.from_numpy(annotated.labels) + 1,
        }
        return self.change(tv_tensors.Image(pixels), target)


class Clock:
    """Takes the time of each step."""

    def __init__(self) -> None:
        self.times = [time.perf_counter()]

    def begin(self, step: int, total: int) -> None:
        self.times = [time.perf_counter()]

    def on_step(self, step: int, values: Any) -> None:
        self.times.append(time.perf_counter())

    def on_epoch(self, epoch: int, values: Any) -> None: ...

    def end(self, replaced: int) -> None: ...

    @property
    def milliseconds(self) -> float:
        """The median step."""
        return 1000 * float(torch.tensor(self.times).diff().median())


def reference(
    recipe: DetectionRecipe, dataset: DetectionDataset, workers: int
) -> tuple[dict[str, Any], float]:
    """The weights that the reference loop comes to, and milliseconds a step."""
    settings, steps = recipe.optimisation, recipe.samples // recipe.batch
    torch.manual_seed(0)
    model = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=1 + len(dataset.classes)
    )
    loader = DataLoader(
        ReferenceSamples(dataset),
        batch_size=recipe.batch,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        collate_fn=lambda rows: tuple(zip(*rows, strict=True)),
        persistent_workers=workers > 0,
    )
    (group,) = settings.groups
    optimiser = torch.optim.SGD(
        model.parameters(), lr=group.lr, momentum=settings.momentum, weight_decay=settings.weight_decay
    )
    clock, total = Clock(), steps * recipe.epochs
    model.train()
    for number, (images, targets) in enumerate(_endless(loader, recipe.epochs)):
        factor = (1 + math.cos(math.pi * number / total)) / 2 * min((number + 1) / steps, 1)
        optimiser.param_groups[0]["lr"] = group.lr * factor
        losses = model(list(images), list(targets))
        loss = sum(losses.values())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.on_step(number, losses)
    return model.state_dict(), clock.milliseconds


def _endless(loader: DataLoader[Any], epochs: int) -> Iterator[Any]:
    for _ in range(epochs):
        yield from loader


def ours(recipe: DetectionRecipe, dataset: DetectionDataset, workers: int) -> tuple[dict[str, Any], float]:
    """The same of our training."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(
            recipe=recipe,
            feed=DetectionFeed(recipe, (dataset,), (1.0,), 0),
            data=[{"dataset": dataset.name, "split": dataset.split, "weight": 1.0}],
            out=Path(folder),
            init="none",
            machines=Machines(device="cpu", workers=workers),
        )
        fitted = fit(plan, clock)
        return dict(read_checkpoint(fitted.weights).tensors), clock.milliseconds


def score(recipe: DetectionRecipe, tensors: dict[str, Any], dataset: DetectionDataset) -> tuple[float, float]:
    """mAP, and that at an overlap of 0.5."""
    config = override(recipe.task, {"threshold": FLOOR})
    network = make_network(config)
    network.load_state_dict(tensors)
    detector = Detector.of(NAME, config, network, device=torch.device("cpu"), precision="float32")
    found = [detector(read_image(image)) for image in dataset.images]
    result = judge(dataset, found, score_floor=FLOOR)
    return result.map, result.map50


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="a data set in VOC's form with the splits train and val")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(words)
    dataset, held_out = (open_detection("voc", given.root, split) for split in ("train", "val"))
    recipe = find_recipe(NAME)
    assert isinstance(recipe, DetectionRecipe)
    task = recipe.task.of_classes(dataset.classes).from_scratch()
    samples = len(dataset) // given.batch * given.batch
    recipe = replace(recipe, task=task, epochs=given.epochs, batch=given.batch, samples=samples)
    print(f"{'':14}{'mAP':>8}{'mAP50':>8}{'ms/step':>10}")
    for name, train in (("torchvision", reference), ("saccade", ours)):
        tensors, milliseconds = train(recipe, dataset, given.workers)
        values = score(recipe, tensors, held_out)
        print(f"{name:14}{values[0]:8.3f}{values[1]:8.3f}{milliseconds:10.0f}", flush=True)


if __name__ == "__main__":
    main()
