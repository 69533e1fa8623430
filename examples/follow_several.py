# %% [markdown]
# # Follow several, who come and go
#
# Several targets are followed together, in one batch, and none minds the others. You learn how targets
# join, are corrected and dropped on any frame, and how to write the video.

# %%
from pathlib import Path

import matplotlib.pyplot as plt

import saccade
from saccade.data.synthetic import render
from saccade.draw import Overlay
from saccade.media import VideoSink

OUT = Path("runs/examples/follow_several")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Four balloons fly through the clip that comes with the package. Where they are is known, so that the
# boxes which somebody would draw with the mouse are taken from there.

# %%
clip = list(render(60, size_wh=(400, 225)))


def drawn(number: int, balloon: int) -> tuple[float, float, float, float]:
    """The box (x, y, w, h) that a user draws around a balloon in a frame."""
    x1, y1, x2, y2 = clip[number].boxes[balloon].clip(0, (400, 225) * 2).tolist()
    return x1, y1, x2 - x1, y2 - y1


# %% [markdown]
# What happens on which frame. An id that is new joins, one that is there already is learnt anew from this
# box, and `drop` ends it. All else of a run's life is `step`.

# %%
events = {
    0: saccade.Targets(boxes=[drawn(0, 0), drawn(0, 2)], ids=["red", "far"]),
    15: saccade.Targets(boxes=[drawn(15, 1)], ids=["double"]),
    27: saccade.Targets(boxes=[drawn(27, 0)], ids=["red"]),
    40: saccade.Targets(drop=["far"]),
}
model = saccade.load("eco")
run = model.start(seed=0)
overlay, shown = Overlay(trace=25), {}
with VideoSink(OUT / "video.mp4", fps=15) as video:
    for number, (picture, *_) in enumerate(clip):
        found = run.step(picture, events.get(number))
        shown[number] = overlay.draw(picture, found)
        video.write(shown[number])
        if number in events:
            print(f"frame {number:2d}: {', '.join(found.ids)}")

# %% [markdown]
# Alone, the double is found in the same place as among others, but for rounding.

# %%
alone = model.start(seed=0)
for number in range(15, len(clip)):
    single = alone.step(clip[number].rgb, events.get(number) if number == 15 else None)
together = found[found.ids == "double"]
print(f"the double, among others {together.xywh[0].round(1)}, alone {single.xywh[0].round(1)}")

# %%
figure, axes = plt.subplots(1, 3, figsize=(10.5, 2.1), layout="constrained")
for axis, number in zip(axes, (10, 30, 55), strict=True):
    axis.imshow(shown[number])
    axis.set_title(f"frame {number}", fontsize=9)
    axis.set_axis_off()
figure.savefig(OUT / "frames.png", dpi=150)
