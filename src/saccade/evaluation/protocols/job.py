"""What a protocol makes of a sequence: jobs, each of which is one run of a model."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, runtime_checkable
from typing import Protocol as Interface

from saccade.core import DatasetError, Model
from saccade.core.targets import Box
from saccade.data import Dataset, Sequence
from saccade.data.truth import ObjectId

Kind = Literal["boxes", "masks", "tracks"]
"""what a model is to answer: boxes of the targets that it is given, their masks, or all that it finds"""

OnFrame = Callable[[int], None]
"""is told how many frames more have been run"""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One run of a model over a sequence.

    Attributes:
        sequence: whose frames are looked at.
        frames: their indices, in the order in which the model sees them.
        starts: the targets that it is given, each with the frame in which it is; none where the model finds
            them by itself.
        name: tells the jobs of a sequence apart; empty where there is only one.
        box: (x, y, w, h), given instead of the true box, where it is to be a wrong one.
        has_codes: whether its results say where the model was started, failed and was not run.
    """

    sequence: Sequence
    frames: range
    starts: Mapping[ObjectId, int]
    name: str = ""
    box: Box | None = None
    has_codes: bool = False

    @property
    def stem(self) -> str:
        """What its result files are called."""
        return f"{self.sequence.name}@{self.name}" if self.name else self.sequence.name

    @property
    def first(self) -> int:
        """The place in `frames` at which the first target joins."""
        return min((self.frames.index(start) for start in self.starts.values()), default=0)

    @property
    def target_stems(self) -> dict[ObjectId, str]:
        """What the result files of each target are called: as the job's where there is but one."""
        if len(self.starts) == 1:
            return dict.fromkeys(self.starts, self.stem)
        return {target: f"{self.stem}@{target}" for target in self.starts}

    @property
    def claims(self) -> Iterator[str]:
        """The text files in the folder of results that may be its own."""
        for stem in dict.fromkeys((self.stem, *self.target_stems.values())):
            yield from (f"{stem}{ending}.txt" for ending in ("", "_score", "_time", "_failure"))


@runtime_checkable
class Protocol(Interface):
    """How models are run over sequences: from where, in which direction, and what happens on failure."""

    @property
    def name(self) -> str:
        """What it is called on the command line and in result files."""
        ...

    @property
    def kind(self) -> Kind:
        """What models must answer."""
        ...

    def jobs(self, sequence: Sequence) -> list[Job]:
        """The runs that are to be made.

        Raises:
            DatasetError: when the protocol does not fit the sequence.
        """
        ...

    def files(self, job: Job) -> list[str]:
        """The files that say that a job is finished when all of them are there."""
        ...

    def run(self, model: Model, job: Job, *, seed: int, on_frame: OnFrame) -> dict[str, bytes]:
        """Runs a model.

        Returns:
            all files that a job leaves behind, by name; those that `files` names come last.

        Raises:
            ModelError: when the answer is not what the protocol asks for, naming the frame.
            SaccadeError: whatever reading and tracking the frames raise.
        """
        ...


def jobs_of(protocol: Protocol, dataset: Dataset) -> list[Job]:
    """The runs that are to be made over a data set.

    Raises:
        DatasetError: when the protocol does not fit a sequence, or result files of two runs would have the
            same name, as the boxes of `car_time` and the seconds of `car` would.
    """
    jobs = [job for sequence in dataset.sequences for job in protocol.jobs(sequence)]
    owners: dict[str, Job] = {}
    for job in jobs:
        for name in job.claims:
            owner = owners.setdefault(name, job)
            if owner is not job:
                raise DatasetError(
                    f"{dataset.label}: '{owner.stem}' and '{job.stem}' would both have a result file {name}; "
                    f"rename one of the sequences"
                )
    return jobs


def only_target(sequence: Sequence) -> ObjectId:
    """The one target of a sequence.

    Raises:
        DatasetError: when it has none, or several.
    """
    starts = sequence.starts
    if len(starts) != 1:
        raise DatasetError(
            f"sequence '{sequence.name}' has {len(starts)} targets, but this protocol needs one; "
            f"--protocol one-pass takes several"
        )
    return next(iter(starts))
