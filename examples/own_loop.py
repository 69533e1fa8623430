# %% [markdown]
# # A camera in your own loop
#
# Your program reads the frames, from OpenCV or any other camera, and asks the tracker one frame at a
# time. You learn how to pass OpenCV's pictures, what to do when a target is lost, how long a frame takes,
# and how to save a run and go on later, in another process if you like.

# %%
from pathlib import Path
from time import perf_counter

import cv2
import matplotlib.pyplot as plt
import numpy as np
import torch

import saccade
from saccade.data.synthetic import render
from saccade.media import VideoSink

OUT = Path("runs/examples/own_loop")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# `CAMERA = 0` is the first camera, an address such as `"rtsp://…"` a stream. So that this runs anywhere,
# the camera is a file here, with the clip that comes with the package; and the box is the balloon's,
# where you would draw one.

# %%
CAMERA: int | str = str(OUT / "clip.mp4")
clip = list(render(60, size_wh=(400, 225)))
with VideoSink(OUT / "clip.mp4", fps=30) as video:
    for frame in clip:
        video.write(frame.rgb)
x1, y1, x2, y2 = clip[0].boxes[0].tolist()
BOX = (x1, y1, x2 - x1, y2 - y1)

# %% [markdown]
# The first frame comes with the target, all others without. OpenCV has blue first, and `color="bgr"` says
# so.

# %%
model = saccade.load("dimp_nano")
run = model.start(seed=0)
camera, targets = cv2.VideoCapture(CAMERA), saccade.Targets(boxes=[BOX], ids=["balloon"])
scores, milliseconds, saved = [], [], None
while True:
    is_read, picture = camera.read()
    if not is_read:
        break
    began = perf_counter()
    found = run.step(picture, targets, color="bgr")
    milliseconds.append(1000 * (perf_counter() - began))
    targets = None
    scores.append(found.scores[0])
    if found.status[0] == saccade.Status.LOST:
        print(f"frame {found.frame}: lost; it is looked for near {found.xywh[0].round()}")
    if found.frame == 30:
        saved = run.state_dict()
camera.release()
print(f"{len(scores)} frames, {np.median(milliseconds):.1f} ms each in the median")

# %% [markdown]
# All that a run remembers are tensors and plain values, which `torch.save` writes. A run that begins from
# there goes on as if nothing had happened.

# %%
torch.save(saved, OUT / "run.pt")
later = saccade.load("dimp_nano").start()
later.load_state_dict(torch.load(OUT / "run.pt", weights_only=True))
camera = cv2.VideoCapture(CAMERA)
camera.set(cv2.CAP_PROP_POS_FRAMES, 31)
while True:
    is_read, picture = camera.read()
    if not is_read:
        break
    again = later.step(picture, color="bgr")
camera.release()
print(f"in one go {found.xywh[0].round(2)}, with a break {again.xywh[0].round(2)}")

# %%
figure, axis = plt.subplots(figsize=(7, 2.5), layout="constrained")
axis.plot(scores, label="score of dimp_nano")
axis.plot([frame.visibility[0] for frame in clip], ":", color="gray", label="share that can be seen")
axis.axvline(30, color="tab:orange", label="saved here")
axis.set(xlabel="frame", xlim=(0, len(clip) - 1), ylim=(0, 1.05))
axis.legend()
figure.savefig(OUT / "scores.png", dpi=150)
