"""Whole samples, from frames to network input and targets, are those of the original trainings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saccade.data.samples.augment import MASK_RCNN_COLORS, Affine, Changes, Joint
from saccade.data.samples.crop import Crop
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Shot
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing, Scene
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.sample import Sample
from saccade.data.samples.targets import Density, Labels

SIDE = (64, 64)
SQUARE = Crop(size_wh=SIDE, mode="centred")
STILL, FAR = Jitter(), Jitter(centre=(4.5, 4.5), scale=0.5)
MIRRORED = {"joint": Joint(flip=0.5), "changes": Changes(brightness=0.2, flip=0.5)}
CELLS = Labels(cells_wh=(4, 4))

ATOM = Processing(crop=SQUARE, train_jitter=STILL, test_jitter=FAR, proposals=PerturbedProposals(count=16))
DIMP = Processing(crop=Crop(size_wh=SIDE), proposals=PerturbedProposals(), labels=CELLS)
PRDIMP = replace(DIMP, proposals=GaussianProposals(), density=Density())
SUPER = Processing(
    crop=Crop(size_wh=SIDE, area=6.0, mode="inside_major", max_scale_change=1.5),
    test_jitter=Jitter(centre=(5.5, 5.5), scale=0.5),
    proposals=GaussianProposals(),
    labels=Labels(cells_wh=(4, 4), sigma=0.25 / 6),
    density=Density(normalizes=False),
    **MIRRORED,
)
KYS = Processing(
    crop=SQUARE,
    train_jitter=Jitter(centre=(3.0, 3.0), scale=0.25, min_inside=0.1),
    test_jitter=Jitter(centre=(4.5, 4.5), scale=0.3, min_inside=0.1, max_motion=2.5),
    labels=CELLS,
)
LWL = Processing(
    crop=Crop(size_wh=(104, 60), mode="inside_major"),
    test_jitter=Jitter(centre=(5.5, 4.5), scale=0.5),
    joint=Joint(flip=0.5, apart=True),
    changes=Changes(affine=Affine(rotation=15.0, scale=0.2), brightness=0.2),
    colors=MASK_RCNN_COLORS,
    has_masks=True,
)
TOMP = Processing(
    crop=Crop(size_wh=SIDE, mode="inside_major", max_scale_change=1.5),
    train_jitter=STILL,
    test_jitter=FAR,
    labels=Labels(cells_wh=(4, 4), kernel=1),
    **MIRRORED,
)
RECIPES = {
    "atom": ATOM,
    "atom_val": ATOM.for_validation(),
    "atom_gmm": replace(ATOM, proposals=GaussianProposals(judged_by="iou")),
    "atom_prob": replace(ATOM, proposals=GaussianProposals(truth_sigma=(0.0, 0.0), has_mean=True)),
    "dimp": DIMP,
    "prdimp": PRDIMP,
    "prdimp_distractor": PRDIMP.for_validation(),
    "super": SUPER,
    "tomp": TOMP,
    "kys": KYS,
    "lwl": LWL,
    "rts": replace(LWL, labels=Labels(cells_wh=(6, 3))),
}

FIELDS = {
    "train_images": "train.images",
    "train_anno": "train.boxes",
    "train_masks": "train.masks",
    "train_label": "train.labels",
    "train_label_density": "train.densities",
    "test_images": "test.images",
    "test_anno": "test.boxes",
    "test_masks": "test.masks",
    "test_label": "test.labels",
    "test_label_density": "test.densities",
    "test_proposals": "test.proposals",
    "proposal_iou": "test.proposal_ious",
    "proposal_density": "test.proposal_densities",
    "gt_density": "test.truth_densities",
}
# inputs that are written down beside the results, and ToMP's regression targets, which no recipe here has
OTHERS = {"seed", "test_visible", "test_valid_anno"}
OTHERS |= {f"{which}_{what}" for which in ("train", "test") for what in ("ltrb_target", "sample_region")}


@pytest.fixture(scope="module")
def values(training_golden: Path) -> dict[str, np.ndarray]:
    return dict(np.load(training_golden / "processing.npz"))


def _sample(values: dict[str, np.ndarray], name: str) -> Sample:
    frames = {"atom": (1, 1), "tomp": (2, 2)}.get(name.split("_")[0], (3, 3))
    boxes = values["boxes"].copy()
    if name == "kys":
        boxes[4] = 0
    shots = [Shot(*row) for row in zip(values["images"], boxes, values["masks"], strict=True)]
    train, test = Scene(shots[: frames[0]]), Scene(shots[3 : 3 + frames[1]])
    if name == "kys":
        present = values["kys.test_visible"].astype(bool) & values["kys.test_valid_anno"]
        test = test._replace(is_present=present)
    if name == "prdimp_distractor":
        test = test._replace(is_distractor=np.array([False, True, False]))
    return RECIPES[name](train, test, Dice.of(int(values[f"{name}.seed"])))


@pytest.mark.parametrize("name", RECIPES)
def test_samples(values, name):
    sample = _sample(values, name)
    wanted = {key.partition(".")[2]: value for key, value in values.items() if key.startswith(f"{name}.")}
    assert len(wanted.keys() - OTHERS) >= 4
    for key, value in wanted.items():
        if key in OTHERS:
            continue
        part, field = FIELDS[key].split(".")
        tensor = getattr(getattr(sample, part), field)
        rtol, atol = _tolerance(key, name)
        np.testing.assert_allclose(tensor.numpy(), value, rtol=rtol, atol=atol, err_msg=key)


def _tolerance(key: str, name: str) -> tuple[float, float]:
    """Relative and absolute."""
    if key.endswith("images"):
        # kept as float16
        return 0, 0.07 if name in ("lwl", "rts") else 1e-3
    if key == "test_proposals":
        return 0, 2e-2
    return (1e-4, 1e-6) if "density" in key else (0, 1e-3 if key.endswith("anno") else 1e-5)
