"""Runs models over the sequences of a data set, once each, and keeps what they answer."""

import platform
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from saccade.core import Model, ModelError, Targets, follow_frames
from saccade.core.config import to_json
from saccade.core.timing import StepClock
from saccade.core.versions import versions
from saccade.data import Dataset, Sequence
from saccade.evaluation.results import DatasetResults, Track, is_box


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A model that takes part in an evaluation.

    Attributes:
        name: names its results and its row in the report.
        model: what runs.
        settings: what decides on its boxes besides configuration and seed, e.g. the weight file.
    """

    name: str
    model: Model
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one contender fared on one sequence.

    Attributes:
        contender: its name.
        sequence: name of the sequence.
        failure: what went wrong; None when there is a result.
        is_new: whether it ran now, rather than in an earlier evaluation that this one continues.
    """

    contender: str
    sequence: str
    failure: str | None
    is_new: bool


def run_one_pass(
    contenders: Iterable[Contender],
    dataset: Dataset,
    out: Path,
    *,
    seed: int = 0,
    on_frame: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Runs each contender once over each sequence, from the first true box to the last frame.

    Results are written under `out` as soon as a sequence is finished; what is finished already is not run
    again. A contender that fails on a sequence is written down with its traceback, and the rest goes on; it
    runs again in the next evaluation.

    Args:
        on_frame: is called after every frame.

    Yields:
        each outcome, as soon as it is there.

    Raises:
        InputError: when other results lie under `out` already.
        OutputError: when results cannot be written.
    """
    everything = DatasetResults.begin(out, dataset)
    for contender in contenders:
        results = everything.of(contender.name)
        results.begin(_settings(contender, seed), _circumstances())
        for sequence in dataset.sequences:
            if results.is_finished(sequence.name):
                yield Outcome(contender.name, sequence.name, None, is_new=False)
                continue
            failure = None
            try:
                track = track_sequence(contender.model, sequence, seed=seed, on_frame=on_frame)
            # a tracker under test may raise anything at all, and the others shall have their turn
            except Exception as error:  # noqa: BLE001
                failure = " ".join(f"{type(error).__name__}: {error}".split())
                results.save_failure(sequence.name, failure, "".join(traceback.format_exception(error)))
            else:
                results.save(sequence.name, track)
            yield Outcome(contender.name, sequence.name, failure, is_new=True)


def track_sequence(
    model: Model, sequence: Sequence, *, seed: int = 0, on_frame: Callable[[], None] = lambda: None
) -> Track:
    """Follows the target of a sequence, from its first true box to the last frame.

    The seconds of a frame are those of the model's step; the first frame's are those of learning the target.

    Raises:
        ModelError: when the model answers with a box that is none, naming the frame.
        SaccadeError: whatever reading and tracking the frames raise.
    """
    clock = StepClock()
    boxes, seconds = [], []
    targets = Targets(boxes=[tuple(sequence.truth.boxes[0])])
    for frame, found in follow_frames(model, clock.started(sequence), targets, seed=seed):
        seconds.append(clock.elapsed())
        if len(found) != 1 or not is_box(found.xywh).all():
            raise ModelError(
                f"frame {frame.index}: {model.name} answered {found.xywh.tolist()}, not one box x,y,w,h"
            )
        boxes.append(found.xywh[0])
        on_frame()
    return Track(np.array(boxes, dtype=np.float64), np.array(seconds))


def _settings(contender: Contender, seed: int) -> dict[str, Any]:
    """What decides on the boxes: with all of it equal, so are they."""
    config = to_json(contender.model.config)
    return {"model": contender.model.name, "configuration": config, "seed": seed, **contender.settings}


def _circumstances() -> dict[str, Any]:
    return {
        "versions": versions(),
        "machine": {"processor": platform.machine(), "threads": torch.get_num_threads()},
    }
