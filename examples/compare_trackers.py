# %% [markdown]
# # Compare trackers, with numbers fit for a paper
#
# Several trackers run over a folder of sequences, one pass each, and are scored by success and precision.
# You learn how to run and score them from Python, what the benchmarks' dialects change in the very same
# results, and how much a difference of means is worth when sequences are few.

# %%
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np

import saccade
from saccade.data import open_dataset
from saccade.data.synthetic import render
from saccade.evaluation import Contender, DatasetResults, board_of, plan, run_here, scores_table

OUT = Path("runs/examples/compare_trackers")

# %% [markdown]
# `DATA` is your folder of sequences, or the root of a benchmark: `open_dataset("lasot", "/data/LaSOT",
# "test")`. So that this runs anywhere, it is made here, laid out as OTB is, from three clips of the
# package's own.

# %%
DATA = OUT / "sequences"
for seed in range(3):
    images = DATA / f"balloon-{seed}" / "img"
    images.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, frame in enumerate(render(40, seed=seed, size_wh=(400, 225)), start=1):
        cv2.imwrite(str(images / f"{number:04d}.jpg"), frame.rgb[:, :, ::-1])
        x1, y1, x2, y2 = frame.boxes[0]
        rows.append((x1, y1, x2 - x1, y2 - y1))
    np.savetxt(images.parent / "groundtruth_rect.txt", rows, fmt="%.2f", delimiter=",")

# %% [markdown]
# Each result is written when its sequence is finished. A run that is broken off goes on with what is
# missing, and one that is complete runs nothing again.

# %%
dataset = open_dataset("folder", DATA)
contenders = [Contender.of(name, saccade.load(name)) for name in ("eco", "dimp_nano", "still")]
for outcome in run_here(plan(contenders, dataset, OUT)):
    print(f"{outcome.contender} on {outcome.run}: {outcome.failure or 'done'}")

# %% [markdown]
# A board is all that a report says. `write_report(board, OUT)` would leave it as HTML, Markdown, LaTeX
# and plots.

# %%
results = DatasetResults.find(OUT)
board = board_of(dataset, results, dialect="otb")
print(scores_table(board).to_markdown())
for row in board.rows:
    auc = row.intervals["auc"]
    print(f"{row.name}: AUC between {auc.low:.1f} and {auc.high:.1f} %, at 95 %")

# %% [markdown]
# "AUC" is not one number: benchmarks differ in which frames count, whether a threshold itself is reached,
# and how a curve becomes a number. Here, where the target is in every frame, only TrackingNet's differs.

# %%
for name in board.rows[0].dialects:
    scores = [f"{row.name} {row.dialects[name]['auc']:.2f}" for row in board.rows]
    print(f"{name:12}", ", ".join(scores))

# %%
success = next(chart for chart in board.charts if chart.key == "success")
figure, (curves, each) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
for offset, row in enumerate(board.rows):
    label = f"{row.name}, AUC {row.summary.values['auc']:.1f} %"
    curves.plot(success.x, row.summary.curves["success"], label=label)
    values = [one.values["auc"] for one in row.sequences.values()]
    each.bar(np.arange(len(values)) + 0.25 * (offset - 1), values, 0.22)
curves.set(xlabel=success.x_label, ylabel=success.y_label, xlim=(0, 1), ylim=(0, 102))
figure.legend(loc="outside upper center", ncols=3)
each.set_xticks(range(len(values)), row.sequences)
each.set_ylabel("AUC [%]")
figure.savefig(OUT / "success.png", dpi=150)
