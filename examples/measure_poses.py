# %% [markdown]
# # What poses say: angles, and which way somebody looks
#
# Key points of a person become the angle of a joint, the turn of head and body, and a place in front of
# the camera. You learn which question needs which function, and how far each can be trusted, on somebody
# whose pose is known.

# %%
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np

import saccade
from saccade.core import COCO_17
from saccade.pose import angles, body_model, body_orientation, head_orientation, solve_pnp

OUT = Path("runs/examples/measure_poses")
OUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# Key points come from a pose estimator: `people = saccade.load("keypointrcnn_resnet50_fpn")(picture)`,
# once its weights are there. Here they are those of an average body, three metres in front of a camera,
# who turns from left to right and stretches the left arm; and each is two pixels off, as estimators' are.

# %%
CAMERA = np.array([[900.0, 0, 640], [0, 900, 360], [0, 0, 1]])
FRAMES = 60
true_yaw = np.linspace(-60, 60, FRAMES)
true_bend = np.linspace(60, 170, FRAMES)
body = body_model(COCO_17, height=1.75)
index = {name: number for number, name in enumerate(COCO_17.points)}
rng = np.random.default_rng(0)

places = []
for yaw, bend in zip(np.radians(true_yaw), np.radians(true_bend), strict=True):
    limbs = body.copy()
    limbs[index["left_elbow"]] = limbs[index["left_shoulder"]] + (0.28, 0, 0)
    limbs[index["left_wrist"]] = limbs[index["left_elbow"]] + 0.26 * np.array(
        [-np.cos(bend), -np.sin(bend), 0]
    )
    turn = np.array([0, -yaw, 0])
    seen, _ = cv2.projectPoints(np.nan_to_num(limbs), turn, np.array([0.0, 0, 3]), CAMERA, None)
    is_known = np.isfinite(limbs).all(axis=1)
    places.append(np.where(is_known[:, None], seen[:, 0], 0))
points = np.array(places)
points[:, is_known] += rng.normal(0, 2, points[:, is_known].shape)

# %% [markdown]
# As an estimator gives them: legs, which are not in the picture, have the score 0, and so do not count.

# %%
people = saccade.Instances(
    boxes=np.concatenate([points[:, is_known].min(axis=1), points[:, is_known].max(axis=1)], axis=1),
    scores=np.ones(FRAMES),
    keypoints=points,
    keypoint_scores=np.tile(is_known.astype(float), (FRAMES, 1)),
    skeleton=COCO_17,
)
elbow = angles(people)["left_elbow"]
by_body, by_head = body_orientation(people).yaw, head_orientation(people).yaw
placed = solve_pnp(people, body_model(COCO_17, height=1.75), CAMERA)
distance = placed.translation[:, 2]

# %%
for name, yaw in (("trunk", by_body), ("head", by_head), ("PnP", placed.angles["yaw"])):
    print(f"yaw by {name}: {np.abs(yaw - true_yaw).mean():.1f} degrees off in the mean")
print(f"distance: {distance.mean():.2f} m, true 3.00 m, deviation {distance.std():.2f} m")
square = np.abs(true_yaw) < 10
print(
    f"elbow: {np.abs(elbow - true_bend)[square].mean():.1f} degrees off where it is seen squarely, ", end=""
)
print(f"{np.abs(elbow - true_bend)[~square].mean():.1f} elsewhere")

# %%
figure, (turned, bent) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
turned.plot(true_yaw, true_yaw, color="gray", label="true")
for name, yaw in (("trunk", by_body), ("head", by_head), ("PnP", placed.angles["yaw"])):
    turned.plot(true_yaw, yaw, ".", label=name)
turned.set(xlabel="true yaw [degrees]", ylabel="measured yaw [degrees]")
bent.plot(true_yaw, true_bend, color="gray", label="true")
bent.plot(true_yaw, elbow, ".", label="in the picture")
bent.set(xlabel="true yaw [degrees]", ylabel="left elbow [degrees]")
turned.legend()
bent.legend()
figure.savefig(OUT / "poses.png", dpi=150)
