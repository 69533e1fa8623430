"""Training samples by number: each follows from a seed and its number alone, whoever makes it."""

import ctypes
import signal
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

from saccade.core import DatasetError, SaccadeError
from saccade.core.errors import SaccadeWarning, warn
from saccade.core.processes import end_with_parent, process_context
from saccade.data.samples.dice import Dice
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.processing import Processing, Scene
from saccade.data.samples.sample import Sample, collate
from saccade.data.samples.sampling import Draw, Sampling

MAX_FAILURES = 20
"""draws in a row that may come to nothing"""
MOST_NAMED = 10
"""of those that warnings name: a broken disk would else fill the screen"""
MAX_WORKERS = 256
"""processes whose failures are counted apart"""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""what glibc's `mallopt` calls them; other systems have none"""


S = TypeVar("S")


class Replacements:
    """Draws again where one comes to nothing, and counts how often that was, in all processes."""

    def __init__(self) -> None:
        # shared with the workers, each of which writes to a place of its own
        self._failures = torch.zeros(MAX_WORKERS, dtype=torch.int64).share_memory_()

    @property
    def count(self) -> int:
        """How many draws have come to nothing."""
        return int(self._failures.sum())

    def first(self, make: Callable[[int], S]) -> S:
        """The first of the draws 0, 1, … that comes to something.

        Raises:
            DatasetError: when one after another comes to nothing, naming what is wrong with each.
        """
        errors: list[str] = []
        while len(errors) < MAX_FAILURES:
            try:
                return make(len(errors))
            except SaccadeError as error:
                self._note(str(error))
                errors.append(str(error))
        named = "\n  ".join(dict.fromkeys(errors))
        raise DatasetError(f"{MAX_FAILURES} samples in a row could not be made; put this right:\n  {named}")

    def _note(self, reason: str) -> None:
        failures = self.count
        if failures < MOST_NAMED:
            rest = "; others like it are counted, but not named" if failures == MOST_NAMED - 1 else ""
            warn(f"{reason}; another sample takes its place{rest}")
        worker = get_worker_info()
        self._failures[0 if worker is None else 1 + worker.id % (MAX_WORKERS - 1)] += 1


class SampleDataset(Dataset[Sample]):
    """The samples of a training, or of its validation.

    Sample i is a pure function of (seed, start + i): it does not matter who makes it, nor what was made
    before. Where a picture cannot be read, or a box is too small, another sample is drawn in its place, from
    the same two numbers; the first ten times, a warning names it.
    """

    def __init__(
        self,
        mixture: Mixture,
        sampling: Sampling,
        processing: Processing,
        *,
        samples: int,
        seed: int,
        start: int = 0,
    ) -> None:
        """Nothing is read yet.

        Args:
            samples: how many there are; larger numbers than that have a sample too.
            seed: of all chance; not negative.
            start: samples that have been seen before, as when a training goes on.
        """
        self.mixture = mixture
        self.sampling = sampling
        self.processing = processing
        self.samples = samples
        self.seed = seed
        self.start = start
        self._replacements = Replacements()

    @property
    def num_failures(self) -> int:
        """How many draws have come to nothing, in this process and in all workers."""
        return self._replacements.count

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> Sample:
        """The sample of that number.

        Raises:
            DatasetError: when one draw after another comes to nothing, naming what is wrong with each.
        """
        return self._replacements.first(
            lambda attempt: self._make(Dice.at(self.seed, self.start + index, attempt))
        )

    def _make(self, dice: Dice) -> Sample:
        draw = self.sampling.draw(self.mixture, dice)
        ids = draw.train + draw.test
        shots = draw.footage.shots(draw.target, ids, dice.random)
        num_train = len(draw.train)
        train, test = Scene(shots[:num_train]), Scene(shots[num_train:])
        if self.sampling.policy == "occlusion":
            test = _with_occlusion(test, draw)
        origin = draw.footage.describe(draw.target, ids)
        return self.processing(train, test, dice, origin=origin)


def _with_occlusion(test: Scene, draw: Draw) -> Scene:
    """Test frames with what is known of the target's visibility."""
    moments = draw.footage.moments(draw.target)
    # a single picture has one moment, whatever the frame
    ids = list(draw.test) if draw.footage.is_video else [0] * len(draw.test)
    visibility = np.ones(len(ids), dtype=np.float32)
    if moments.visibility is not None:
        visibility = np.nan_to_num(moments.visibility[ids], nan=1.0)
    return test._replace(
        is_present=moments.visible[ids] & moments.valid[ids],
        is_valid=np.array(draw.is_valid),
        visibility=visibility,
    )


def make_loader(
    dataset: Dataset[Any],
    batch: int,
    *,
    collate: Callable[[Sequence[Any]], Any] = collate,
    indices: Iterable[int] | None = None,
    workers: int = 0,
    pins: bool = False,
    drops_last: bool = True,
) -> DataLoader[Any]:
    """Batches of samples; workers have one thread each, and live as long as the loader.

    Args:
        batch: samples a batch.
        collate: makes one of them; by default frames come first.
        indices: which samples, in order; all by default. Samples are random as they are: none need shuffling.
        workers: processes; 0 makes the samples in this one.
        pins: whether batches lie in pinned memory, from where a GPU is faster to fetch them.
        drops_last: whether a last batch that is not full is left out.
    """
    return DataLoader(
        dataset,
        batch_size=batch,
        sampler=indices,
        num_workers=workers,
        collate_fn=collate,
        pin_memory=pins,
        drop_last=drops_last,
        multiprocessing_context=process_context(__name__) if workers else None,
        worker_init_fn=_begin,
        # what each pass draws from it is of no use here, but without one it would come from the global one
        generator=torch.Generator(),
        persistent_workers=workers > 0,
    )


def _begin(worker: int) -> None:
    """Leaves other cores to other workers, memory where it is, and Ctrl-C to the process that asked.

    Without that process there is nothing left to do.
    """
    end_with_parent()
    warnings.formatwarning = _in_a_line
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    # frames come and go by the megabyte; giving them back to the kernel each time costs a tenth of all time
    with suppress(AttributeError, OSError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, 2**26)
        mallopt(_TRIM_THRESHOLD, 2**29)


def _in_a_line(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None
) -> str:
    """A warning of a worker: ours without the place in PyTorch that called, which says nothing to anybody."""
    where = "note" if issubclass(category, SaccadeWarning) else f"{filename}:{lineno}: {category.__name__}"
    return f"{where}: {message}\n"
