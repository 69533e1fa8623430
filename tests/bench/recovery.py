"""Whether a lost target is found again with a detector's help: mean overlap after it is back.

    python -m tests.bench.recovery ../shared/data/sot [--trackers dimp_nano,eco]

A sequence is followed, another scene is shown, and the first comes back rolled sideways, so that its target
is elsewhere. The detector is none: it gives the true box, moved and resized at random, among background.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8

from saccade import load
from saccade.core import Frame, Instances, Model, Targets, follow_frames
from saccade.data.formats.boxes import read_boxes
from saccade.evaluation.metrics.boxes import overlap
from saccade.online.recovery import Recovered, Recovering

SEQUENCES = {
    "OTB_Car1": 40,
    "OTB_Crossing": 40,
    "OTB_Football1": 40,
    "OTB_Human3_first120": 40,
    "OTB_Jumping": 40,
    "OTB_Man": 40,
    "OTB_MotorRolling": 40,
    "UAV123_wakeboard7": 20,
}
"""and how many frames of each come before the other scene"""
AWAY, AFTER = 15, 40
"""frames of the other scene, and at most of the first behind it"""
OTHER = 3
"""the other scene is of the sequence that comes so much later"""
BACKGROUND = 6
"""boxes of background in every frame, of the target's size but for a fifth"""
MOVED, RESIZED = 0.05, 0.06
"""standard deviations of the true box, in its own sizes"""
STEP = 8
"""pixels, from one roll that is tried to the next"""
Picture = UInt8[np.ndarray, "H W 3"]
Box = Float[np.ndarray, "4"]


@dataclass(slots=True)
class Video:
    """Frames, the target's box in each (None where it is away), and what the detector says of each.

    Boxes are x, y, w, h in pixels.
    """

    frames: list[Picture] = field(default_factory=list)
    truth: list[Box | None] = field(default_factory=list)
    candidates: list[list[Box]] = field(default_factory=list)

    @property
    def back(self) -> int:
        """The frame in which the target is there again."""
        return max(index for index, box in enumerate(self.truth) if box is None) + 1

    def append(self, picture: Picture, truth: Box | None, candidates: list[Box]) -> None:
        self.frames.append(picture)
        self.truth.append(truth)
        self.candidates.append(candidates)

    def detect(self, frames: list[Frame]) -> list[Instances]:
        """What stands in for a detector."""
        found = []
        for frame in frames:
            xywh = np.array(self.candidates[frame.index]).reshape(-1, 4)
            boxes = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
            found.append(Instances(boxes=boxes, scores=np.full(len(boxes), 0.8), frame=frame.index))
        return found


def spliced(root: Path, name: str, other: str) -> Video:
    """The sequence of that name, with a scene of another in between."""
    dice = np.random.default_rng(0)
    files, boxes = _sequence(root / name)
    others, _ = _sequence(root / other)
    before = SEQUENCES[name]
    after = slice(before, min(len(files), len(boxes), before + AFTER))
    height, width = _read(files[0]).shape[:2]
    video = Video()
    for file, box in zip(files[:before], boxes, strict=False):
        video.append(_read(file), box, [])
    for file in others[:AWAY]:
        scene = cv2.resize(_read(file), (width, height))
        video.append(scene, None, _background(dice, boxes[before - 1], (width, height), is_there=False))
    roll = _farthest(boxes[after], boxes[before - 1], width)
    for file, place in zip(files[after], boxes[after], strict=True):
        box = place.copy()
        box[0] = (box[0] + roll) % width
        size = box[2:] * np.exp(dice.normal(0, RESIZED, 2))
        middle = box[:2] + box[2:] / 2 + dice.normal(0, MOVED, 2) * box[2:]
        seen = np.concatenate([middle - size / 2, size])
        around = _background(dice, box, (width, height), is_there=True)
        video.append(np.roll(_read(file), roll, axis=1), box, [*around, seen])
    return video


def _sequence(folder: Path) -> tuple[list[Path], Float[np.ndarray, "F 4"]]:
    boxes = read_boxes(folder / "groundtruth_rect.txt")
    # pixels are counted from 1
    boxes[:, :2] -= 1
    return sorted((folder / "img").glob("*.jpg")), boxes


def _read(file: Path) -> Picture:
    return cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)


def _background(
    dice: np.random.Generator, target: Box, size_wh: tuple[int, int], *, is_there: bool
) -> list[Box]:
    """Boxes that are not of the target."""
    found: list[Box] = []
    while len(found) < BACKGROUND:
        size = target[2:] * np.exp(dice.normal(0, 0.2, 2))
        box = np.concatenate([dice.uniform(0, np.maximum(size_wh - size, 1)), size])
        if not is_there or overlap(box[None], target[None])[0] < 0.2:
            found.append(box)
    return found


def _farthest(boxes: Float[np.ndarray, "F 4"], last: Box, width: int) -> int:
    """The roll that brings the target farthest from where it was, without cutting it in two."""
    rolls = np.arange(0, width, STEP)
    left = (boxes[:, 0] + rolls[:, None]) % width
    is_whole = (left + boxes[:, 2] < width).all(1)
    return int(rolls[np.where(is_whole, np.abs(left[:, 0] - last[0]), -1).argmax()])


def followed(model: Model, video: Video) -> tuple[float, int]:
    """The mean overlap after the target is back, and how many of its last ten frames it is found in."""
    frames = [Frame(picture, index) for index, picture in enumerate(video.frames)]
    assert video.truth[0] is not None
    run = follow_frames(model, frames, Targets(boxes=[tuple(video.truth[0])]))
    pairs = [(found.xywh[0], video.truth[frame.index]) for frame, found in run if frame.index >= video.back]
    values = overlap(*(np.array(each, float) for each in zip(*pairs, strict=True)))
    return float(values.mean()), int((values[-10:] > 0.3).sum())


def main() -> None:
    """Follows, and prints a row a sequence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path, help="the folder with the sequences")
    parser.add_argument("--trackers", default="dimp_nano,eco")
    options = parser.parse_args()
    torch.set_num_threads(2)
    names = list(SEQUENCES)
    for tracker in options.trackers.split(","):
        model: Any = load(tracker)
        print(f"{tracker:22}{'without':>8}{'with':>8}  back in its last ten frames; put elsewhere")
        rows = []
        for place, name in enumerate(names):
            video = spliced(options.root, name, names[(place + OTHER) % len(names)])
            told: list[Recovered] = []
            (alone, _), (helped, last) = (
                followed(model, video),
                followed(Recovering(model, video.detect, tell=told.append), video),
            )
            rows.append((alone, helped, last > 5))
            wrong = sum(one.frame < video.back for one in told)
            note = f"{last}; {len(told)} times, {wrong} of them while it was away"
            print(f"{name:22}{alone:8.2f}{helped:8.2f}  {note}", flush=True)
        alone, helped, is_back = np.array(rows, float).T
        print(f"{'mean':22}{alone.mean():8.2f}{helped.mean():8.2f}  {int(is_back.sum())} of {len(rows)}\n")


if __name__ == "__main__":
    main()
