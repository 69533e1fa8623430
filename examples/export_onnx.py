# %% [markdown]
# # Export to ONNX, and compare
#
# The network of a model becomes a file that other runtimes compute, in C++, on a phone, or in a browser.
# You learn how to export, how well file and model agree and how fast each is, and what the file says of
# itself to whoever uses it.

# %%
import json
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import onnx
import onnxruntime

import saccade
from saccade.data.synthetic import render
from saccade.deploy.export.run import Wish, export

OUT = Path("runs/examples/export_onnx")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# `dimp_nano` is a tracker with a small network, whose features of a crop are exported; what it learns
# while it runs is its target model, and in no file. A detector or a pose estimator becomes a file as a
# whole. Frames are needed to compare: where file and model differ by more than `Wish.bound`, no file is
# left.

# %%
model = saccade.load("dimp_nano", precision="float32")
clip = render(4, size_wh=(640, 360))
frames = [saccade.Frame.of(frame.rgb, index=number) for number, frame in enumerate(clip)]
wish = Wish(format="onnx", out=OUT / "dimp_nano.onnx")
(done,) = export(model, frames, wish, about={"compared_on": "the built-in clip"})
print(f"{done.path.name}: {done.megabytes:.1f} MB, compared on {done.frames} frames")
print(f"differs by {done.model.difference:.1e}, where {done.bound:g} is let pass")
print(", ".join(f"{name} {ms:.1f} ms" for name, ms in done.latency_ms.items()))

# %% [markdown]
# From here on, nothing of saccade is needed.

# %%
about = {entry.key: entry.value for entry in onnx.load(done.path).metadata_props}
print({key: value for key, value in json.loads(about["saccade"]).items() if isinstance(value, str)})

session = onnxruntime.InferenceSession(done.path, providers=["CPUExecutionProvider"])
(crops,) = session.get_inputs()
print(crops.name, crops.shape, "->", [(output.name, output.shape) for output in session.get_outputs()])

# %% [markdown]
# The first dimension is the batch, and may be any number.

# %%
side = crops.shape[2]
batch = np.random.default_rng(0).integers(0, 256, (5, 3, side, side)).astype(np.float32)
(features,) = session.run(None, {crops.name: batch})
print(features.shape)

# %% [markdown]
# Four of its 64 channels, on the balloon that the clip follows.

# %%
crop = frames[0].image[180 : 180 + side, 70 : 70 + side]
(features,) = session.run(None, {crops.name: crop.transpose(2, 0, 1)[None].astype(np.float32)})
figure, axes = plt.subplots(1, 5, figsize=(9, 2), layout="constrained")
axes[0].imshow(crop)
for axis, channel in zip(axes[1:], features[0].std(axis=(1, 2)).argsort()[-4:], strict=True):
    axis.imshow(features[0, channel])
    axis.set_title(f"channel {channel}", fontsize=9)
for axis in axes:
    axis.set_axis_off()
figure.savefig(OUT / "features.png", dpi=150)
