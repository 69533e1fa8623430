# %% [markdown]
# # Follow one object
#
# Point at an object once, with a box, and it stays followed. You learn what comes back from every frame,
# what a status tells you, and how to measure a tracker where the truth is known.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import saccade
from saccade.data.synthetic import render
from saccade.evaluation.metrics import dialect, overlap, score_one_pass

OUT = Path("runs/examples/follow_one")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# The clip comes with the package, and with it the truth about every frame: a balloon grows, passes behind
# a tree, and meets a double of its own colours. For a video of yours, put the name of its file,
# `"clip.mp4"`, where `pictures` stands below, and the box of your object in the first frame, `(x, y, w,
# h)`: left, top, width and height in pixels.

# %%
clip = list(render(60, size_wh=(400, 225)))
pictures = [frame.rgb for frame in clip]
truth = np.array([frame.boxes[0] for frame in clip])
truth[:, 2:] -= truth[:, :2]  # corners to (x, y, w, h)

# %% [markdown]
# `follow` gives each frame with what was found in it. `dimp_nano` brings its weights, `eco` needs none.

# %%
model = saccade.load("dimp_nano")
boxes = []
for frame, found in saccade.follow(model, pictures, boxes=[truth[0]]):
    boxes.append(found.xywh[0])
    if frame.index % 10 == 0 or found.status[0] == saccade.Status.LOST:
        print(
            f"frame {frame.index}: {found.xywh[0].round(1)}, {found.status[0]}, score {found.scores[0]:.2f}"
        )

# %% [markdown]
# Overlap is the area that two boxes share, divided by the area that they cover together: 1 is perfect, 0
# is beside it. The area under the success curve (AUC), which papers quote, is about its mean over all
# frames.

# %%
tracked = np.array(boxes, dtype=float)
overlaps = overlap(tracked, truth)
is_shown = np.ones(len(clip), dtype=bool)
scores = score_one_pass(tracked, truth, is_shown, dialect("otb")).percentages()
print(f"AUC {scores['auc']:.1f} %, within 20 pixels {scores['precision']:.1f} %")

# %%
visible = np.array([frame.visibility[0] for frame in clip])
figure, (picture, chart) = plt.subplots(1, 2, figsize=(9, 2.7), layout="constrained", width_ratios=(1, 1.4))
picture.imshow(found.draw(frame))
picture.set_axis_off()
chart.plot(overlaps, label="overlap with the truth")
chart.fill_between(range(len(clip)), 1 - visible, alpha=0.25, color="gray", label="share that is hidden")
chart.set(xlabel="frame", ylim=(0, 1.02), xlim=(0, len(clip) - 1))
chart.legend(loc="lower left")
figure.savefig(OUT / "overlap.png", dpi=150)
