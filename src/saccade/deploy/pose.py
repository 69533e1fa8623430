"""Runs a pose estimator over a source, and leaves what it finds: poses, and pictures or a video with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from saccade.association import Associator
from saccade.core import Frame, Instances, Stopwatch
from saccade.core.instances import NOBODY
from saccade.deploy.coco_results import CocoResults
from saccade.deploy.openpose_files import OpenPoseFiles
from saccade.deploy.run import Done, Found, Look, Plan, looked_at, picture_stems, run
from saccade.draw import Overlay
from saccade.pose.smoothing import PoseSmoother


@dataclass(slots=True)
class Poses(Done):
    """What a pose estimator has left behind.

    Attributes:
        people: how many were found, all frames together.
        peopled: in how many frames there was anybody.
        who: ids of all that had one.
    """

    people: int = 0
    peopled: int = 0
    who: set[Any] = field(default_factory=set)

    def count(self, found: Instances, seconds: float) -> None:
        """Counts who is in one more frame."""
        self.people += len(found)
        self.peopled += len(found) > 0
        if found.ids is not None:
            self.who |= set(found.ids.tolist()) - {NOBODY}

    def counted(self) -> dict[str, Any]:
        """As JSON values."""
        return {"found": self.people, "frames_with_people": self.peopled, "identities": len(self.who)}


def pose(
    look: Look,
    frames: Iterable[Frame],
    out: Path,
    plan: Plan,
    *,
    associator: Associator | None = None,
    smoother: PoseSmoother | None = None,
    batch: int = 1,
    skipped: Sequence[str] = (),
    openpose: str | None = None,
) -> Poses:
    """Runs a pose estimator over frames and writes what it finds into a folder; see `run`.

    Args:
        look: finds people, as a pose estimator that is called with frames does; or a `GivenLook`.
        frames: in order.
        out: where the files go; the folder is made when the first frame has been looked at.
        associator: says who is who; None where nobody is to know, or the estimator does.
        smoother: smooths the poses of those who have an id; None to leave them as found.
        batch: frames that are looked at together.
        skipped: what the source leaves out; it may still grow.
        openpose: what OpenPose's files of frames begin with, see `OpenPoseFiles`; None to leave none.

    Raises:
        SaccadeError: whatever reading, finding and writing raise; a note on it says what was kept.
        KeyboardInterrupt: on Ctrl-C, with the same note.
    """
    done = Poses(out, skipped)
    found = _one_after_another(looked_at(look, frames, batch), associator, smoother)
    run(found, done, partial(PoseFiles, pictures=plan.pictures, openpose=openpose), plan, Overlay())
    return done


def _one_after_another(
    found: Iterable[Found], associator: Associator | None, smoother: PoseSmoother | None
) -> Iterator[Found]:
    """What is found in each frame, after what depends on the frames before it."""
    for frame, people, seconds in found:
        stopwatch = Stopwatch()
        if associator is not None:
            with stopwatch.stage("associate"):
                people = associator.update(people, frame)
        if smoother is not None:
            with stopwatch.stage("smooth"):
                people = smoother.update(people)
        spent = stopwatch.take()
        timings = {**people.timings, **spent}
        yield frame, replace(people, timings=timings), seconds + sum(spent.values()) / 1e3


class PoseFiles:
    """`poses.json`, and OpenPose's files where they are wished for.

    Args:
        pictures: the files that the frames are of, by `Frame.index`; none where they are a video.
        openpose: what the files of the frames of a video begin with; None to leave none.
    """

    leftovers: ClassVar[tuple[str, ...]] = ("poses.json", *OpenPoseFiles.leftovers)

    def __init__(self, folder: Path, *, pictures: Sequence[Path], openpose: str | None = None) -> None:
        self._results = CocoResults(folder / "poses.json", pictures)
        stems = picture_stems(pictures)
        self._openpose = None
        if openpose is not None:
            self._openpose = OpenPoseFiles(
                folder, lambda index: stems[index] if stems else f"{openpose}{index:012d}"
            )

    def write(self, found: Instances) -> None:
        """Writes who was found in the next frame."""
        self._results.append(found.frame, found.to_coco())
        if self._openpose is not None:
            self._openpose.write(found)

    def facts(self) -> Mapping[str, Any]:
        """Nothing that would have to be said of them."""
        return {}

    def close(self) -> None:
        """Gives the file its name."""
        self._results.close()
