# %% [markdown]
# # Your own tracker, beside eco
#
# A tracker is two functions: how targets are learnt in their first frame, and how they are found in the
# next. You write a whole one here, mean shift on colours (Comaniciu, Ramesh and Meer, 2000), in 40 lines,
# and the benchmark runner compares it with others: ids, several targets, saving, scores and the report
# are there already.

# %%
from dataclasses import dataclass
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

import saccade
from saccade.data import open_dataset
from saccade.data.synthetic import render
from saccade.evaluation import Contender, DatasetResults, board_of, plan, run_here, scores_table
from saccade.evaluation.metrics import overlap
from saccade.online.model import OnlineModel
from saccade.online.run import LOST, TRACKED, Estimate
from saccade.online.state import TargetState

OUT = Path("runs/examples/own_tracker")
BINS = 16
"""of each colour channel"""


# %%
@dataclass(frozen=True, slots=True, kw_only=True)
class MeanShiftConfig:
    """What is chosen."""

    lost_below: float = 0.2
    """share of the box in the target's colours under which it counts as lost, in [0, 1]"""


@dataclass(slots=True)
class MeanShiftState(TargetState):
    """What is remembered: every tensor has a row a target."""

    boxes: Tensor
    """(N, 4) x, y, w, h in frame pixels"""
    colors: Tensor
    """(N, BINS³) how much rather a colour is the target's than that of its surroundings, in [0, 1]"""


@dataclass(frozen=True, slots=True)
class MeanShiftTracker:
    """What is done."""

    State = MeanShiftState
    device = torch.device("cpu")
    config: MeanShiftConfig

    def cohort(self, frame: saccade.Frame, box: np.ndarray) -> None:
        """All targets may share a batch."""

    def begin(
        self, frame: saccade.Frame, boxes: Tensor, generators: object, stopwatch: object
    ) -> MeanShiftState:
        """Learns N targets: which colours are theirs."""
        bins, colors = binned(frame.image), []
        for x, y, w, h in boxes.numpy().round().astype(int):
            inside = np.bincount(bins[y : y + h, x : x + w].ravel(), minlength=BINS**3)
            around = bins[max(y - h, 0) : y + 2 * h, max(x - w, 0) : x + 2 * w]
            colors.append(inside / np.bincount(around.ravel(), minlength=BINS**3).clip(1))
        return MeanShiftState(boxes.clone(), torch.tensor(np.array(colors)))

    def track(
        self, frame: saccade.Frame, state: MeanShiftState, generators: object, stopwatch: object
    ) -> Estimate:
        """Finds N targets: climbs to where most of their colours are."""
        bins, scores = binned(frame.image), []
        for box, colors in zip(state.boxes.numpy(), state.colors.numpy(), strict=True):
            likely = colors[bins].astype(np.float32)
            window = tuple(box.round().astype(int).tolist())
            _, (x, y, w, h) = cv2.meanShift(likely, window, (cv2.TERM_CRITERIA_COUNT, 20, 0))
            box[:2] = x, y
            scores.append(float(likely[y : y + h, x : x + w].mean()))
        found = torch.tensor(scores)
        status = torch.where(found >= self.config.lost_below, TRACKED, LOST).to(torch.int8)
        return Estimate(state.boxes, found, status)


def binned(picture: np.ndarray) -> np.ndarray:
    """The number of each pixel's colour, (H, W)."""
    red, green, blue = np.moveaxis(picture.astype(int) * BINS // 256, 2, 0)
    return (red * BINS + green) * BINS + blue


# %% [markdown]
# A folder of your own, laid out as OTB is, is a data set: pictures in `NAME/img`, and the true boxes
# beside. Here it gets the clip that comes with the package.

# %%
images = OUT / "sequences" / "balloon" / "img"
images.mkdir(parents=True, exist_ok=True)
rows = []
for number, frame in enumerate(render(60, size_wh=(400, 225)), start=1):
    cv2.imwrite(str(images / f"{number:04d}.jpg"), frame.rgb[:, :, ::-1])
    x1, y1, x2, y2 = frame.boxes[0]
    rows.append((x1, y1, x2 - x1, y2 - y1))
np.savetxt(images.parent / "groundtruth_rect.txt", rows, fmt="%.2f", delimiter=",")

# %%
config = MeanShiftConfig()
models = {
    "mean shift": OnlineModel("mean shift", config, MeanShiftTracker(config)),
    "eco": saccade.load("eco"),
    "still": saccade.load("still"),
}
dataset = open_dataset("folder", OUT / "sequences")
contenders = [Contender.of(name, model) for name, model in models.items()]
for outcome in run_here(plan(contenders, dataset, OUT)):
    print(outcome.contender, outcome.run, outcome.failure or "done")
board = board_of(dataset, DatasetResults.find(OUT), dialect="otb")
print(scores_table(board).to_markdown())
rates = {row.name: row.summary.values["auc"] or 0.0 for row in board.rows}

# %% [markdown]
# What each has left is plain text, a box a frame, so that it can be looked at with anything.

# %%
figure, axis = plt.subplots(figsize=(7, 2.6), layout="constrained")
for name, rate in rates.items():
    found = np.loadtxt(next(OUT.glob(f"results/*/{name}/balloon.txt")), delimiter=",")
    axis.plot(overlap(found, np.array(rows)), label=f"{name}, AUC {rate:.1f} %")
axis.set(xlabel="frame", ylabel="overlap with the truth", xlim=(0, len(rows) - 1), ylim=(0, 1.02))
axis.legend()
figure.savefig(OUT / "overlap.png", dpi=150)
