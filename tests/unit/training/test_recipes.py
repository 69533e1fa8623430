"""Recipes: their values, and that they are values."""

import json
from dataclasses import replace
from operator import attrgetter
from typing import Any

import pytest

from saccade.core.config import override, to_json
from saccade.core.errors import ConfigError
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.targets import Density, Labels
from saccade.training.recipe import Group, Recipe
from saccade.training.tiny import tiny
from saccade.zoo.recipes import ALIASES, RECIPES, TRACKING, find_recipe, read_recipe

Values = dict[str, Any]

IMAGENET: Values = {
    "processing.colors.order": "rgb",
    "processing.colors.white": 1.0,
    "processing.colors.mean": (0.485, 0.456, 0.406),
    "processing.colors.std": (0.229, 0.224, 0.225),
}
BOX_TRACKER: Values = IMAGENET | {
    "processing.joint.grayscale": 0.05,
    "processing.joint.flip": 0.0,
    "processing.joint.apart": False,
    "processing.changes.affine": None,
    "processing.changes.brightness": 0.2,
    "processing.changes.flip": 0.0,
    "processing.has_masks": False,
    "optimisation.method": "adam",
    "optimisation.weight_decay": 0.0,
    "optimisation.schedule": "step",
    "optimisation.gamma": 0.2,
    "optimisation.warmup": 0,
    "optimisation.clip": None,
    "validation_every": 5,
    "ema": None,
}
"""5.0"""
FEW = PerturbedProposals(count=16, min_iou=0.1, sigmas=(0.01, 0.05, 0.1, 0.2, 0.3))
MIXTURE = ((0.05, 0.05), (0.5, 0.5))
ATOM: Values = BOX_TRACKER | {
    "batch": 64,
    "processing.crop.area": 5.0,
    "processing.crop.size_wh": (288, 288),
    "processing.crop.mode": "centred",
    "processing.train_jitter.centre": (0.0, 0.0),
    "processing.train_jitter.scale": 0.0,
    "processing.test_jitter.centre": (4.5, 4.5),
    "processing.test_jitter.scale": 0.5,
    "processing.labels": None,
    "sampling.policy": "interval",
    "sampling.num_train": 1,
    "sampling.num_test": 1,
    "samples": 64_000,
    "validation_samples": 32_000,
    "optimisation.groups": (Group(path="bb_regressor", lr=1e-3),),
    "optimisation.milestones": (15, 30, 45),
    "epochs": 50,
    "start": None,
    "task.boxes.weight": 1.0,
    "task.boxes.target": "overlap",
    "sampling.max_gap": 50,
    "processing.proposals": FEW,
}
DIMP: Values = BOX_TRACKER | {
    "processing.crop.area": 5.0,
    "processing.crop.size_wh": (288, 288),
    "processing.crop.mode": "replicate",
    "processing.crop.max_scale_change": None,
    "processing.train_jitter.centre": (3.0, 3.0),
    "processing.train_jitter.scale": 0.25,
    "processing.test_jitter.centre": (4.5, 4.5),
    "processing.test_jitter.scale": 0.5,
    "sampling.policy": "causal",
    "sampling.num_train": 3,
    "sampling.num_test": 3,
    "samples": 26_000,
    "validation_samples": 5_000,
    "epochs": 50,
    "optimisation.milestones": (15, 30, 45),
    "processing.labels": Labels(cells_wh=(18, 18), sigma=0.05, kernel=4, pads_end=True),
    "start": None,
    "task.stored_norms": (),
    "task.steps": 5,
    "task.network.classifier.filter_size": 4,
    "task.network.classifier.has_relu": False,
    "task.filters.background_below": 0.05,
}
LEARNED: Values = {
    "task.network.classifier.initializer": "linear",
    "task.network.classifier.optimizer.initial_step": 0.9,
    "task.network.classifier.optimizer.initial_reg": 0.1,
    "task.network.classifier.optimizer.min_reg": 1e-3,
    "task.network.classifier.optimizer.num_bins": 100,
    "task.network.classifier.optimizer.bin_width": 0.1,
    "task.network.classifier.optimizer.mask_factor": 3.0,
    "task.network.classifier.optimizer.mask": "sigmoid",
    "task.network.classifier.optimizer.activation": "relu",
    "task.network.classifier.optimizer.damping": 0.0,
}
HINGE: Values = {
    "task.filters.target": "label",
    "task.filters.final_weight": 100.0,
    "task.filters.initial_weight": 100.0,
    "task.filters.between_weight": 400.0,
}
DIMP_BOXES: Values = {
    "sampling.max_gap": 30,
    "processing.proposals": replace(FEW, count=8),
    "processing.density": None,
    "task.boxes.target": "overlap",
    "task.boxes.weight": 1.0,
    "task.network.classifier.optimizer.initial_sigma": 0.9,
}
PRDIMP: Values = DIMP | {
    "sampling.max_gap": 200,
    "processing.proposals": GaussianProposals(
        count=128, sigmas=MIXTURE, truth_sigma=(0.05, 0.05), has_mean=False, judged_by="density"
    ),
    "processing.density": Density(normalizes=True),
    "task.boxes.target": "density",
    "task.boxes.weight": 0.0025,
    "task.filters.target": "density",
    "task.filters.final_weight": 0.25,
    "task.filters.initial_weight": 0.25,
    "task.filters.between_weight": 1.0,
    "task.network.classifier.initializer": "zero",
    "task.network.classifier.optimizer.initial_step": 1.0,
    "task.network.classifier.optimizer.initial_reg": 0.05,
    "task.network.classifier.optimizer.min_reg": 0.05,
    "task.network.classifier.optimizer.label_sigma": 0.9,
    "task.network.classifier.optimizer.damping": 0.05,
    "task.network.classifier.optimizer.normalises_label": True,
}
ON_18: Values = {
    "batch": 26,
    "task.network.backbone": "resnet18",
    "task.network.classifier.num_blocks": 1,
    "task.network.classifier.channels": 256,
}
ON_50: Values = {
    "batch": 10,
    "task.network.backbone": "resnet50",
    "task.network.classifier.num_blocks": 0,
    "task.network.classifier.channels": 512,
}
FILTER_GROUPS = (
    Group(path="classifier.filter_initializer", lr=5e-5),
    Group(path="classifier.filter_optimizer", lr=5e-4),
    Group(path="classifier.feature_extractor", lr=5e-5),
)
SUPER: Values = (
    DIMP
    | HINGE
    | ON_50
    | {
        "batch": 20,
        "processing.crop.area": 6.0,
        "processing.crop.size_wh": (352, 352),
        "processing.crop.mode": "inside_major",
        "processing.crop.max_scale_change": 1.5,
        "processing.test_jitter.centre": (5.5, 5.5),
        "processing.labels": Labels(cells_wh=(22, 22), sigma=0.25 / 6, kernel=4, pads_end=True),
        "processing.joint.flip": 0.5,
        "processing.changes.flip": 0.5,
        "samples": 40_000,
        "validation_samples": 10_000,
        "sampling.max_gap": 200,
        "processing.proposals": PRDIMP["processing.proposals"],
        "task.boxes.target": "density",
        "task.boxes.weight": 0.01,
        "task.stored_norms": (
            "feature_extractor.conv1",
            "feature_extractor.bn1",
            "feature_extractor.layer1",
            "feature_extractor.layer2",
        ),
        "optimisation.groups": (
            *FILTER_GROUPS,
            Group(path="bb_regressor", lr=1e-3),
            Group(path="feature_extractor.layer3", lr=2e-5),
        ),
    }
)
LWL: Values = {
    "processing.colors.order": "bgr",
    "processing.colors.white": 255.0,
    "processing.colors.mean": (102.9801, 115.9465, 122.7717),
    "processing.colors.std": (1.0, 1.0, 1.0),
    "processing.crop.area": 5.0,
    "processing.crop.size_wh": (832, 480),
    "processing.crop.mode": "inside_major",
    "processing.crop.max_scale_change": None,
    "processing.train_jitter.centre": (3.0, 3.0),
    "processing.train_jitter.scale": 0.25,
    "processing.test_jitter.centre": (5.5, 4.5),
    "processing.test_jitter.scale": 0.5,
    "processing.test_jitter.scale_law": "normal",
    "processing.joint.grayscale": 0.05,
    "processing.joint.flip": 0.5,
    "processing.joint.apart": True,
    "processing.changes.brightness": 0.2,
    "processing.changes.flip": 0.0,
    "processing.has_masks": True,
    "processing.labels": None,
    "processing.proposals": None,
    "sampling.policy": "ordered",
    "sampling.max_gap": 100,
    "sampling.reverse": 0.0,
    "sampling.num_train": 1,
    "optimisation.method": "adam",
    "optimisation.gamma": 0.2,
    "validation_every": 5,
}
STAGE: Values = LWL | {
    "batch": 20,
    "samples": 20_000,
    "validation_samples": 2_000,
    "sampling.num_test": 3,
    "processing.changes.affine.rotation": 15.0,
    "processing.changes.affine.scale": 0.2,
    "processing.changes.affine.flip": 0.0,
    "processing.changes.affine.shear": 0.0,
    "processing.changes.affine.aspect": 0.0,
    "task.first_steps": 5,
    "task.steps": 2,
    "task.mask_weight": 100.0,
}

EXPECTED: dict[str, Values] = {
    "atom": ATOM,
    "atom_paper": ATOM,
    "atom_gmm": ATOM
    | {
        "sampling.max_gap": 200,
        "processing.proposals": GaussianProposals(
            count=128, sigmas=MIXTURE, truth_sigma=(0.0, 0.0), has_mean=False, judged_by="iou"
        ),
    },
    "atom_prob_ml": ATOM
    | {
        "sampling.max_gap": 200,
        "task.boxes.target": "likelihood",
        "processing.proposals": GaussianProposals(
            count=128, sigmas=MIXTURE, truth_sigma=(0.0, 0.0), has_mean=True, judged_by="density"
        ),
    },
    "dimp18": DIMP
    | HINGE
    | LEARNED
    | DIMP_BOXES
    | ON_18
    | {
        "optimisation.groups": (
            *FILTER_GROUPS,
            Group(path="bb_regressor", lr=1e-3),
            Group(path="feature_extractor", lr=2e-4),
        )
    },
    "dimp50": DIMP
    | HINGE
    | LEARNED
    | DIMP_BOXES
    | ON_50
    | {
        "optimisation.groups": (
            *FILTER_GROUPS,
            Group(path="bb_regressor", lr=2e-4),
            Group(path="feature_extractor", lr=2e-5),
        )
    },
    "prdimp18": PRDIMP
    | ON_18
    | {
        "optimisation.groups": (
            Group(path="classifier", lr=1e-3),
            Group(path="bb_regressor", lr=1e-3),
            Group(path="feature_extractor", lr=2e-4),
        )
    },
    "prdimp50": PRDIMP
    | ON_50
    | {
        "optimisation.groups": (
            Group(path="classifier", lr=1e-3),
            Group(path="bb_regressor", lr=1e-3),
            Group(path="feature_extractor", lr=2e-5),
        )
    },
    "super_dimp": SUPER | LEARNED | {"task.network.classifier.optimizer.initial_sigma": 22 / 24},
    "super_dimp_simple": SUPER
    | {
        "task.label_sigma": 22 / 24,
        "task.network.classifier.optimizer.initial_reg": 0.1,
        "task.network.classifier.optimizer.hinge_threshold": 0.05,
        "task.network.classifier.optimizer.leak": 0.1,
    },
    "kys": BOX_TRACKER
    | {
        "samples": 1_500,
        "batch": 10,
        "sampling.policy": "occlusion",
        "sampling.num_train": 3,
        "sampling.num_test": 50,
        "sampling.max_gap": 30,
        "sampling.min_fraction": 0.5,
        "validation_samples": 1_000,
        "processing.crop.area": 5.0,
        "processing.crop.size_wh": (288, 288),
        "processing.crop.mode": "centred",
        "processing.train_jitter.centre": (3.0, 3.0),
        "processing.train_jitter.scale": 0.25,
        "processing.train_jitter.min_inside": 0.1,
        "processing.train_jitter.max_motion": None,
        "processing.test_jitter.centre": (4.5, 4.5),
        "processing.test_jitter.scale": 0.3,
        "processing.test_jitter.min_inside": 0.1,
        "processing.test_jitter.max_motion": 2.5,
        "processing.labels": Labels(cells_wh=(18, 18), sigma=0.05, kernel=4, pads_end=True),
        "processing.proposals": None,
        "start": "dimp50",
        "optimisation.groups": (Group(path="predictor", lr=1e-2),),
        "optimisation.milestones": (15, 30),
        "epochs": 40,
        "task.steps": 3,
        "task.network.classifier.channels": 512,
        "task.network.classifier.filter_size": 4,
        "task.network.predictor.patch": 3,
        "task.network.predictor.reach": 9,
        "task.network.predictor.state_channels": 8,
        "task.network.predictor.hidden_channels": (16,),
        "task.network.predictor.kernel": 3,
        "task.network.predictor.confidence": "entropy",
        "task.least_score": 0.05,
        "task.background_below": 0.05,
        "task.is_right_above": 0.25,
        "task.response_weight": 500.0,
        "task.unbounded_weight": 50.0,
        "task.presence_weight": 50.0,
        "task.moved_presence_weight": 50.0,
        "task.presence_needs_valid": False,
        "task.jitter.distractor_ratio": 0.1,
        "task.jitter.probability": 0.3,
        "task.jitter.enhancement": (0.8, 1.3),
        "task.jitter.blank_probability": 0.0,
    },
    "lwl_stage1": STAGE
    | {
        "start": None,
        "epochs": 70,
        "optimisation.milestones": (40,),
        "optimisation.groups": (
            Group(path="target_model.filter_optimizer", lr=1e-4),
            Group(path="target_model.feature_extractor", lr=2e-5),
            Group(path="decoder", lr=1e-4),
            Group(path="label_encoder", lr=2e-4),
        ),
    },
    "lwl_stage2": STAGE
    | {
        "start": "lwl_stage1",
        "epochs": 80,
        "optimisation.milestones": (25, 75),
        "optimisation.groups": (
            Group(path="target_model.filter_optimizer", lr=2e-5),
            Group(path="target_model.feature_extractor", lr=2e-5),
            Group(path="decoder", lr=2e-5),
            Group(path="label_encoder", lr=2e-5),
            Group(path="feature_extractor.layer2", lr=2e-5),
            Group(path="feature_extractor.layer3", lr=2e-5),
            Group(path="feature_extractor.layer4", lr=2e-5),
        ),
    },
    "lwl_box": LWL
    | {
        "start": "lwl_stage2",
        "batch": 8,
        "samples": 8_000,
        "validation_samples": 800,
        "sampling.num_test": 1,
        "processing.changes.affine": None,
        "epochs": 50,
        "optimisation.milestones": (20, 40),
        "optimisation.groups": (Group(path="box_label_encoder", lr=1e-3),),
        "task.mask_weight": 10.0,
    },
    # the network is looked through with crops of 36 pixels a target, and sees colours in its own way
    "dimp_nano": {
        "processing.crop.size_wh": (112, 112),
        "processing.crop.area": 112 / 36,
        "processing.colors.order": "rgb",
        "processing.colors.white": 255.0,
        "processing.colors.mean": (117.0, 117.0, 117.0),
        "processing.colors.std": (60.0, 60.0, 60.0),
        "sampling.num_train": 1,
        "sampling.num_test": 1,
        "optimisation.groups": (Group(path="", lr=3e-3),),
        "optimisation.method": "adamw",
        "optimisation.schedule": "cosine",
        "batch": 16,
        "ema": 0.998,
        "start": None,
    },
}
"""typed from the tables of the original's settings"""

EQUAL = {"lasot-train": 1, "got10k-vot_train": 1, "trackingnet": 1, "coco2014-train": 1}
QUARTER = EQUAL | {"lasot-train": 0.25}
DATA: dict[str, dict[str, float]] = {
    "atom": EQUAL,
    "atom_paper": {"lasot-train": 1, "trackingnet": 1, "coco2014-train": 1},
    "atom_gmm": EQUAL,
    "atom_prob_ml": EQUAL,
    "dimp18": QUARTER,
    "dimp50": QUARTER,
    "prdimp18": QUARTER,
    "prdimp50": QUARTER,
    "super_dimp": EQUAL,
    "super_dimp_simple": EQUAL,
    "kys": {"got10k-vot_train": 0.3, "trackingnet": 0.3, "lasot-train": 0.25},
    "lwl_stage1": {"youtubevos2019-jj_train": 6, "davis2017-train": 1},
    "lwl_stage2": {"youtubevos2019-jj_train": 6, "davis2017-train": 1},
    "lwl_box": {"youtubevos2019-jj_train": 1, "coco2014-train": 1},
    "dimp_nano": {"open_pool-stills": 0.25, "open_pool-scenes": 0.4, "open_pool-clips": 0.35},
}
CHUNKS = {"atom_paper": 11, "kys": 5}
"""of TrackingNet, where they are not four"""
VALIDATION = {"atom_paper": "trackingnet-train_11", "dimp_nano": "open_pool-scenes"} | dict.fromkeys(
    ("lwl_stage1", "lwl_stage2", "lwl_box"), "youtubevos2019-jj_val"
)
"""where it is not that of GOT-10k"""


def every_recipe() -> list[Recipe]:
    return [find_recipe(name) for name in RECIPES]


def test_all_recipes_of_the_original_are_there() -> None:
    assert set(RECIPES) >= set(EXPECTED) == set(DATA)


@pytest.mark.parametrize("name", EXPECTED)
def test_values(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.name == name
    found = {path: attrgetter(path)(recipe) for path in EXPECTED[name]}
    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", DATA)
def test_data(name: str) -> None:
    recipe = find_recipe(name)
    found: dict[str, float] = {}
    for part in recipe.data:
        label = part.dataset if part.dataset == "trackingnet" else f"{part.dataset}-{part.split}"
        found[label] = found.get(label, 0.0) + part.weight
    assert found == pytest.approx(DATA[name])
    chunks = [part.split for part in recipe.data if part.dataset == "trackingnet"]
    if chunks:
        assert chunks == [f"train_{chunk}" for chunk in range(CHUNKS.get(name, 4))]
    (validation,) = recipe.validation
    assert f"{validation.dataset}-{validation.split}" == VALIDATION.get(name, "got10k-vot_val")


@pytest.mark.parametrize("recipe", every_recipe(), ids=RECIPES)
def test_recipes_survive_json(recipe: Recipe) -> None:
    written = json.loads(json.dumps(to_json(recipe)))
    assert read_recipe(written) == recipe


@pytest.mark.parametrize(
    ("name", "setting", "text", "value"),
    [
        ("dimp50", "batch", "4", 4),
        ("dimp50", "task.filters.between_weight", "1,2,3,4", (1.0, 2.0, 3.0, 4.0)),
        ("dimp18", "task.network.classifier.channels", "64", 64),
        ("kys", "task.jitter.probability", "0", 0.0),
        ("lwl_box", "task.mask_weight", "1", 1.0),
        ("atom", "processing.crop.size_wh", "224,224", (224, 224)),
        ("atom", "optimisation.clip", "0.1", 0.1),
        ("super_dimp", "sampling.num_test", "2", 2),
    ],
)
def test_settings_are_overridden(name: str, setting: str, text: str, value: object) -> None:
    changed = override(find_recipe(name), {setting: text})
    assert attrgetter(setting)(changed) == value
    assert read_recipe(json.loads(json.dumps(to_json(changed)))) == changed


@pytest.mark.parametrize(
    ("setting", "value", "answer"),
    [
        ("task.box.weight", "1", "did you mean 'boxes'"),
        ("task.boxes.weight", "-1", "0 or more"),
        ("task.steps", "many", "expected int"),
    ],
)
def test_wrong_settings_are_refused(setting: str, value: str, answer: str) -> None:
    with pytest.raises(ConfigError, match=answer):
        override(find_recipe("dimp50"), {setting: value})


@pytest.mark.parametrize("name", ALIASES)
def test_what_people_call_a_recipe_finds_it(name: str) -> None:
    assert find_recipe(name).name == ALIASES[name]


def test_a_misspelt_detector() -> None:
    with pytest.raises(ConfigError, match="no recipe 'yolox_nan0'; did you mean 'yolox_nano'"):
        find_recipe("yolox_nan0")


def test_a_misspelt_recipe() -> None:
    with pytest.raises(ConfigError, match="no recipe 'dimp_50'; did you mean 'dimp50'"):
        find_recipe("dimp_50")


@pytest.mark.parametrize("name", TRACKING)
def test_tiny_recipes_change_the_size_alone(name: str) -> None:
    recipe = TRACKING[name]()
    small = tiny(recipe)
    assert small.task == recipe.task
    assert (small.batch, small.epochs) == (2, 2)
    width, height = small.processing.crop.size_wh
    assert max(width, height) <= 64
    assert width % 16 == height % 16 == 0
    if small.processing.labels is not None and recipe.processing.labels is not None:
        cells, wished = small.processing.labels, recipe.processing.labels
        assert cells.cells_wh == (width // 16, height // 16)
        assert cells.sigma * cells.cells_wh[0] == pytest.approx(wished.sigma * wished.cells_wh[0])
