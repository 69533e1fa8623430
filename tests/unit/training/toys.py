"""A small task, and samples for it out of nothing, so that the loop can be tried without any tracker."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from saccade.data.samples.augment import Colors
from saccade.data.samples.processing import Processing
from saccade.data.samples.sample import FrameSet, Sample, collate
from saccade.data.samples.sampling import Sampling
from saccade.training.feed import SMALLER, preprocessing_of
from saccade.training.fit import Machines, Plan
from saccade.training.loop import Rhythm
from saccade.training.pictures import draw_batch
from saccade.training.recipe import Group, Optimisation, Part, Recipe, TrackingRecipe
from saccade.training.task import Task

SIDE, CELLS = 16, 4


class ToyNet(nn.Module):
    """Says where something bright is; normalises over the batch and drops at random, as real ones do."""

    def __init__(self, is_normalised: bool) -> None:
        super().__init__()
        norm, drop = (nn.BatchNorm2d(6), nn.Dropout(0.1)) if is_normalised else (nn.Identity(), nn.Identity())
        self.body = nn.Sequential(nn.Conv2d(3, 6, 5, 2, 2), norm, nn.ReLU(), drop)
        self.head = nn.Conv2d(6, 1, 3, 2, 1)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.body(images))[:, 0]


class ToyTask(Task):
    """Learns the label of every test frame."""

    def __init__(self, config: "ToyConfig") -> None:
        super().__init__(ToyNet(config.is_normalised))
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        if len(batch.origins) > self.config.most_samples:
            refusal = self.config.refusal
            raise RuntimeError(refusal) if refusal else torch.OutOfMemoryError("too many")
        if len(batch.origins) < self.config.fewest_samples:
            raise ValueError("Expected more than 1 value per channel when training, got input size …")
        assert batch.test.labels is not None
        scores = self.network(batch.test.images.flatten(0, 1))
        loss = (scores - batch.test.labels.flatten(0, 1)).square().mean()
        if any(origin in self.config.poisoned for origin in batch.origins):
            loss = loss * float("nan")
        if any(origin in self.config.steep for origin in batch.origins):
            loss = loss + (scores - scores.detach()).sqrt().sum()  # 0, with infinite gradients
        return {"loss": loss, "Loss/total": loss.detach(), "Stats/peak": scores.detach().max()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyConfig:
    """What the toy learns, and what goes wrong with it."""

    is_normalised: bool = True
    most_samples: int = 1000
    refusal: str = ""
    fewest_samples: int = 1
    poisoned: tuple[str, ...] = ()
    steep: tuple[str, ...] = ()

    def build(self) -> ToyTask:
        return ToyTask(self)


class ToySamples(Dataset[Sample]):
    """Bright squares on noise: each sample is a function of the seed and its number."""

    def __init__(self, seed: int, start: int, count: int) -> None:
        self.seed, self.start, self.count = seed, start, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        number = self.start + index
        dice = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        train, test = (self._frames(dice) for _ in range(2))
        return Sample(train, test, (f"toys/{number}",))

    def _frames(self, dice: torch.Generator) -> FrameSet:
        images = torch.rand(2, 3, SIDE, SIDE, generator=dice)
        corner = torch.randint(0, SIDE - 6, (2, 2), generator=dice)
        boxes = torch.cat([corner, torch.full((2, 2), 6)], dim=1).float()
        labels = torch.zeros(2, CELLS, CELLS)
        for frame, (x, y) in enumerate(corner.tolist()):
            images[frame, :, y : y + 6, x : x + 6] += 1
            labels[frame, (y + 3) * CELLS // SIDE, (x + 3) * CELLS // SIDE] = 1
        return FrameSet(images=images, boxes=boxes, labels=labels)


@dataclass(frozen=True)
class ToyFeed:
    """Samples out of nothing."""

    seed: int = 0
    has_validation: bool = True

    def train(self, start: int, count: int) -> Dataset[Any]:
        return ToySamples(self.seed, start, count)

    def validation(self) -> Dataset[Any] | None:
        return ToySamples(self.seed + 1, 0, 4) if self.has_validation else None

    preprocessing = preprocessing_of(Colors())
    smaller = SMALLER

    def collate(self, samples: Sequence[Sample]) -> Sample:
        return collate(samples)

    def draw(self, batch: Sample) -> Any:
        return draw_batch(batch, Colors())


def toy_recipe(**changes: Any) -> Recipe:
    """Three epochs of four steps."""
    recipe = TrackingRecipe(
        name="toy",
        summary="a toy",
        model="still",
        task=ToyConfig(),
        data=(Part(dataset="toys"),),
        sampling=Sampling(),
        processing=Processing(),
        optimisation=Optimisation(
            groups=(Group(path="body", lr=1e-2), Group(path="head", lr=2e-2)), milestones=(2,), clip=10.0
        ),
        epochs=3,
        samples=16,
        batch=4,
        validation_samples=4,
        validation_every=2,
        ema=0.9,
    )
    return replace(recipe, **changes)


def toy_plan(out: Path, recipe: Recipe | None = None, **changes: Any) -> Plan:
    """The toy's training on the CPU, without workers."""
    plan = Plan(
        recipe=recipe or toy_recipe(),
        feed=ToyFeed(),
        data=[{"dataset": "toys", "split": None, "weight": 1.0}],
        out=out,
        machines=Machines(device="cpu", workers=0),
        rhythm=Rhythm(checkpoint_steps=1),
    )
    return replace(plan, **changes)


class Log:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.begun: list[tuple[int, int]] = []
        self.steps: list[int] = []
        self.epochs: dict[int, dict[str, float]] = {}

    def begin(self, step: int, total: int) -> None:
        self.begun.append((step, total))

    def on_step(self, step: int, values: Any) -> None:
        self.steps.append(step)

    def on_epoch(self, epoch: int, values: Any) -> None:
        self.epochs[epoch] = dict(values)

    def end(self, replaced: int) -> None:
        self.replaced = replaced
