# %% [markdown]
# # Count who crosses a line
#
# What a detector finds in each frame becomes tracks, and tracks that cross a line are counted. You learn
# how to follow everything at once by tracking by detection, here from a file of the MOTChallenge's form,
# so that any detector will do.

# %%
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import saccade
from saccade.association import Counting
from saccade.data.synthetic import render
from saccade.deploy.given_detections import read_detections
from saccade.draw import Overlay

OUT = Path("runs/examples/count_crossings")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# The detections: one line each, `frame,id,left,top,width,height,score`, frames and pixels counted from 1,
# and the id -1, for who is who is what we want to know. A detector is imitated here that misses one of
# eight balloons, misplaces all of them a little, and now and then sees one where there is none.

# %%
clip = list(render(60, size_wh=(400, 225)))
rng = np.random.default_rng(0)
rows = []
for number, (_, boxes, visibility) in enumerate(clip, start=1):
    is_seen = (visibility > 0.3) & (rng.random(len(boxes)) > 1 / 8)
    ghosts = rng.uniform((150, 60, 200, 110), (190, 90, 230, 150), (rng.binomial(1, 0.1), 4))
    places = np.concatenate([boxes[is_seen], ghosts])
    for x1, y1, x2, y2 in places + rng.normal(0, 1, places.shape):
        rows.append((number, -1, x1 + 1, y1 + 1, x2 - x1, y2 - y1, rng.uniform(0.7, 1), -1, -1, -1))
np.savetxt(OUT / "det.txt", rows, fmt="%g", delimiter=",")
print(f"{len(rows)} detections in {len(clip)} frames")

# %% [markdown]
# `read_detections(FILE)` stands where a detector of yours would: `saccade.load("yolox_nano")`. Along the
# line from its first end to its second, *in* is to its left; this one goes up, so in is to the left of
# the picture.

# %%
line = ((215, 225), (215, 0))
counting, overlay = Counting(lines=[line]), Overlay(trace=60)
detector, pictures = read_detections(OUT / "det.txt"), [frame.rgb for frame in clip]
for frame, found in saccade.follow(detector, pictures, associate="bytetrack", threshold=0.6):
    for crossing in counting.update(found):
        print(f"frame {frame.index}: target {crossing.target} goes {crossing.direction}")
    shown = overlay.draw(frame, found[found.ids >= 0])
(tally,) = counting.tallies
print(f"in {tally.entered.total()}, out {tally.left.total()}")

# %% [markdown]
# The truth, by the middles of the true boxes: on which side of the line is each balloon, in the beginning
# and in the end?

# %%
middles = np.array([frame.boxes[:, [0, 2]].mean(axis=1) for frame in (clip[0], clip[-1])])
is_left = middles < line[0][0]
print(f"true: {(~is_left[0] & is_left[1]).sum()} more in, {(is_left[0] & ~is_left[1]).sum()} more out")

# %%
figure, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
axis.imshow(shown)
axis.plot(*np.transpose(line), color="deeppink", lw=2)
arrow = {"arrowstyle": "->", "color": "deeppink"}
axis.annotate("in", (180, 205), (218, 205), color="white", va="center", arrowprops=arrow)
axis.set_title(f"in {tally.entered.total()}, out {tally.left.total()}")
axis.set_axis_off()
figure.savefig(OUT / "crossings.png", dpi=150)
