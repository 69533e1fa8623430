# %% [markdown]
# # Look inside a tracker
#
# A tracker looks at a square around the last place of its target, scores every position in it, and
# remembers what it saw. You learn how to see all of this while it runs, without changing what it does:
# the search region, the score map, and how much each remembered sample counts.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

import saccade
from saccade.data.synthetic import render
from saccade.online.insight import InspectableRun

OUT = Path("runs/examples/look_inside")
OUT.mkdir(parents=True, exist_ok=True)

# %%
clip = list(render(60, size_wh=(400, 225)))
x1, y1, x2, y2 = clip[0].boxes[0].tolist()

run = saccade.load("dimp_nano").start(seed=0)
assert isinstance(run, InspectableRun)
run.step(clip[0].rgb, saccade.Targets(boxes=[(x1, y1, x2 - x1, y2 - y1)], ids=["balloon"]))

# %% [markdown]
# `inspect` is asked before the step: it answers what the tracker is about to see. It learns and draws
# nothing, and whoever never asks pays nothing.

# %%
MOMENTS = {"alone": 8, "behind the tree": 22, "its double passes": 38}
seen = {}
for number, frame in enumerate(clip[1:], start=1):
    insights = run.inspect(frame.rgb) if number in MOMENTS.values() else {}
    found = run.step(frame.rgb)
    for insight in insights.values():
        seen[number] = frame, insight, found
        print(
            f"frame {number}: highest score {insight.scores.max():.2f}, "
            f"{frame.visibility[0]:.0%} visible, {found.status[0]}, "
            f"{np.count_nonzero(insight.weights)} samples in memory, loss {insight.loss:.3f}"
        )

# %% [markdown]
# One row a moment: the frame with the search region; the score map over it, which has a second peak where
# the double is; and the sample memory. What is learnt from the first frame has slots of its own at the
# beginning, newer samples come behind, and old ones fade.

# %%
figure, axes = plt.subplots(3, 3, figsize=(9, 6), layout="constrained", width_ratios=(1.7, 1, 1.3))
for (title, number), (picture, scores, memory) in zip(MOMENTS.items(), axes, strict=True):
    frame, insight, found = seen[number]
    left, top, right, bottom = insight.region
    picture.imshow(found.draw(frame.rgb))
    picture.add_patch(Rectangle((left, top), right - left, bottom - top, fill=False, ls="--", ec="white"))
    picture.set(title=f"frame {number}: {title}", xlim=(0, 400), ylim=(225, 0))
    scores.imshow(insight.scores, vmin=0, vmax=1, cmap="magma")
    scores.set_title(f"scores, {insight.scores.max():.2f} at most")
    memory.bar(range(len(insight.weights)), insight.weights, width=1)
    memory.set(title="weight of each sample", xlabel="slot")
    picture.set_axis_off()
    scores.set_axis_off()
figure.savefig(OUT / "inside.png", dpi=150)
