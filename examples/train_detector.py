# %% [markdown]
# # Train a detector on your own boxes
#
# From pictures with boxes in COCO's form to a detector and its scores on pictures that it has never seen.
# You learn how such a folder looks, how to train from nothing on a CPU in a few minutes, and how to load
# and judge what came out.

# %%
import csv
import json
from pathlib import Path
from typing import Any

import cv2
import matplotlib.pyplot as plt

import saccade
from saccade.cli import main
from saccade.data.detection import open_detection, read_image
from saccade.data.synthetic import render
from saccade.evaluation.detection import judge

OUT = Path("runs/examples/train_detector")
DATA = OUT / "data"
WIDTH, HEIGHT = 192, 108


# %% [markdown]
# The data: frames of the package's clip over landscapes of seven seeds, every balloon with its box `(x,
# y, w, h)`. Six are learnt from; the seventh is kept to judge by, and has other colours and another
# landscape.


# %%
def write_split(name: str, seeds: range, frames: int) -> None:
    """Writes `annotations/instances_<name>.json` and the pictures in `<name>/`, as COCO does."""
    images: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for seed in seeds:
        for rgb, boxes, visibility in render(frames, seed=seed, size_wh=(WIDTH, HEIGHT)):
            file, size = f"{len(images):03d}.png", {"width": WIDTH, "height": HEIGHT}
            cv2.imwrite(str(DATA / name / file), rgb[:, :, ::-1])
            images.append(size | {"id": len(images) + 1, "file_name": file})
            for x1, y1, x2, y2 in boxes[visibility > 0.3].clip(0, (WIDTH, HEIGHT) * 2).tolist():
                w, h = x2 - x1, y2 - y1
                if min(w, h) > 3:
                    there = {"bbox": [x1, y1, w, h], "area": w * h, "iscrowd": 0, "category_id": 1}
                    objects.append(there | {"id": len(objects) + 1, "image_id": len(images)})
    truth = {"images": images, "annotations": objects, "categories": [{"id": 1, "name": "balloon"}]}
    (DATA / "annotations" / f"instances_{name}.json").write_text(json.dumps(truth))


for folder in ("annotations", "train", "val"):
    (DATA / folder).mkdir(parents=True, exist_ok=True)
write_split("train", range(1, 7), frames=24)
write_split("val", range(1), frames=24)

# %% [markdown]
# The training is the command's, `saccade train`, called from Python. It goes on where it stopped when it
# is called again; so take another `--out` for another training.

# %%
options = f"""--data coco:train={DATA} --init none --device cpu --workers 0 --out {OUT / "run"}
    --set epochs=24 --set samples=96 --set task.size={WIDTH}"""
assert main(["train", "yolox_tiny_cpu", *options.split()]) == 0

# %% [markdown]
# A checkpoint is loaded as any other model. Average precision wants all that is found, however unsure, so
# that the threshold is low here; for use, take the one at which F1 is highest.

# %%
detector: Any = saccade.load(str(OUT / "run" / "last.ckpt"), settings={"threshold": 0.01})
held_out = open_detection("coco", DATA, "val")
pictures = [read_image(image) for image in held_out.images]
found = [detector(picture) for picture in pictures]
scores = judge(held_out, found, score_floor=0.01)
best = scores.operation
print(f"mAP {100 * scores.map:.1f} %, mAP50 {100 * scores.map50:.1f} % on {len(held_out)} pictures")
print(f"at threshold {best.threshold:.2f}: precision {best.precision:.2f}, recall {best.recall:.2f}")

# %%
with (OUT / "run" / "steps.csv").open() as log:
    losses = [float(row["Loss/total"]) for row in csv.DictReader(log)]
figure, (curve, picture) = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained")
curve.plot(losses)
curve.set(xlabel="step", ylabel="loss", xlim=(0, len(losses) - 1), ylim=(0, None))
picture.imshow(found[15][found[15].scores > best.threshold].draw(pictures[15]))
picture.set_axis_off()
figure.savefig(OUT / "training.png", dpi=150)
