"""What a training is fed with: the samples of each step, for each process, from wherever it goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import UInt8
from torch.utils.data import DataLoader, Dataset, Sampler

from saccade.core import ConfigError, TrainingError
from saccade.data.samples.augment import Colors
from saccade.data.samples.dataset import SampleDataset, make_loader
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.sample import Sample, collate
from saccade.training.batch import Batch
from saccade.training.pictures import draw_batch
from saccade.training.recipe import TrackingRecipe
from saccade.weights import Preprocessing


@runtime_checkable
class Feed(Protocol):
    """Where samples come from: each is a function of its number alone, so that any process can make any.

    Attributes:
        preprocessing: what of a picture the samples show the network.
        smaller: what a user can do to make samples smaller, as the rest of "take …".
    """

    @property
    def preprocessing(self) -> Preprocessing: ...

    @property
    def smaller(self) -> str: ...

    def train(self, start: int, count: int) -> Dataset[Any]:
        """The training samples `start` … `start + count - 1` of an endless row."""
        ...

    def validation(self) -> Dataset[Any] | None:
        """The samples that are measured on, the same each time; None for none."""
        ...

    def collate(self, samples: Sequence[Any]) -> Batch:
        """Samples as a batch; this may be called in other processes."""
        ...

    def draw(self, batch: Any) -> UInt8[np.ndarray, "H W 3"]:
        """A batch as a picture, to be looked at."""
        ...


SMALLER = "smaller crops (--set processing.crop.size_wh=…), fewer frames (--set sampling.num_test=…)"
"""what makes samples of tracking smaller"""
_WHITE = 255.0
_VALIDATION_SEED = 1_000_003
"""added to the seed, so that nothing is measured on what it was trained on just before"""


@dataclass(frozen=True, slots=True)
class MixtureFeed:
    """Samples of data sets, as a recipe makes them.

    Attributes:
        recipe: says which frames, and how they are processed.
        mixture: what is trained on.
        held_out: what is measured on; None for nothing.
        seed: of all chance.
    """

    recipe: TrackingRecipe
    mixture: Mixture
    held_out: Mixture | None
    seed: int

    def train(self, start: int, count: int) -> Dataset[Any]:
        """See `Feed`."""
        recipe = self.recipe
        return SampleDataset(
            self.mixture, recipe.sampling, recipe.processing, samples=count, seed=self.seed, start=start
        )

    def validation(self) -> Dataset[Any] | None:
        """See `Feed`."""
        recipe = self.recipe
        if self.held_out is None or not recipe.validation_samples:
            return None
        processing, seed = recipe.processing.for_validation(), self.seed + _VALIDATION_SEED
        return SampleDataset(
            self.held_out, recipe.sampling, processing, samples=recipe.validation_samples, seed=seed
        )

    @property
    def preprocessing(self) -> Preprocessing:
        """See `Feed`."""
        return preprocessing_of(self.recipe.processing.colors)

    @property
    def smaller(self) -> str:
        """See `Feed`."""
        return SMALLER

    def collate(self, samples: Sequence[Sample]) -> Sample:
        """See `Feed`."""
        return collate(samples)

    def draw(self, batch: Sample) -> UInt8[np.ndarray, "H W 3"]:
        """See `Feed`."""
        return draw_batch(batch, self.recipe.processing.colors)


def preprocessing_of(colors: Colors) -> Preprocessing:
    """What a network was trained to see, for pictures with values 0 … 255."""
    factor = _WHITE / colors.white
    mean, std = ([factor * value for value in row] for row in (colors.mean, colors.std))
    return Preprocessing(
        colours=colors.order, mean=(mean[0], mean[1], mean[2]), scale=(std[0], std[1], std[2])
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How the samples of a step are shared out.

    Attributes:
        batch: samples a step, of all processes together.
        accumulate: pieces that the step is made in, one after the other.
        rank: this process.
        world: how many processes there are.
    """

    batch: int
    accumulate: int = 1
    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        parts = self.accumulate * self.world
        if self.batch % parts:
            near = max(self.batch // parts, 1) * parts
            raise ConfigError(
                f"a batch of {self.batch} cannot be shared out to {self.world} devices in {self.accumulate} "
                f"pieces each; --set batch={near} could"
            )

    @property
    def size(self) -> int:
        """Samples that a process sees at once."""
        return self.batch // (self.accumulate * self.world)


class Order(Sampler[int]):
    """The samples of a process in the order in which it sees them, `share.size` at a time.

    Numbers are counted from the first of the steps.
    """

    def __init__(self, share: Share, steps: int) -> None:
        self._share, self._steps = share, steps

    def __iter__(self) -> Iterator[int]:
        share = self._share
        for piece in range(self._steps * share.accumulate):
            first = (piece * share.world + share.rank) * share.size
            yield from range(first, first + share.size)

    def __len__(self) -> int:
        return self._steps * self._share.accumulate * self._share.size


def train_loader(feed: Feed, share: Share, *, start: int, stop: int, workers: int) -> DataLoader[Any]:
    """The batches of this process for the steps `start` … `stop - 1`, in one go over all epochs.

    Which samples a step has depends on nothing else, least of all on the number of workers.
    """
    dataset = feed.train(start * share.batch, (stop - start) * share.batch)
    return _loader(feed, dataset, share, stop - start, workers)


def validation_loader(
    feed: Feed, dataset: Dataset[Any], count: int, share: Share, workers: int
) -> DataLoader[Any]:
    """The batches of this process over the validation samples; what fills no batch is left out."""
    whole = Share(share.size * share.world, 1, share.rank, share.world)
    return _loader(feed, dataset, whole, count // whole.batch, workers)


def is_lost_worker(error: RuntimeError) -> bool:
    """Whether a process that makes samples is gone; PyTorch knows no error of its own for it."""
    return str(error).startswith("DataLoader worker (pid")


def lost_worker(workers: int) -> TrainingError:
    """The end of a training for want of samples."""
    return TrainingError(
        f"a process that makes samples was killed, mostly for want of memory; take fewer than "
        f"--workers {workers}, and the same command goes on from the last checkpoint"
    )


def _loader(feed: Feed, dataset: Dataset[Any], share: Share, steps: int, workers: int) -> DataLoader[Any]:
    return make_loader(
        dataset,
        share.size,
        collate=feed.collate,
        indices=Order(share, steps),
        workers=workers,
        pins=torch.cuda.is_available(),
    )
