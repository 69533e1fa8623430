"""The presets of ATOM against the original's parameter files, value by value."""

import json
from pathlib import Path
from typing import Any

import pytest

from saccade.trackers.atom import ATOM, ATOM_GMM, ATOM_MULTISCALE, ATOM_PROB_ML, ATOM_VOT, ATOMConfig

PRESETS = {
    "default": ATOM,
    "default_vot": ATOM_VOT,
    "multiscale_no_iounet": ATOM_MULTISCALE,
    "atom_prob_ml": ATOM_PROB_ML,
    "atom_gmm_sampl": ATOM_GMM,
}
UNUSED = {
    "debug",
    "visualization",
    "use_gpu",
    "feature_window",
    "vot_anno_conversion_type",
    "use_augmentation",
}
"""parameters that change nothing in a track"""
FIXED = {
    "feature_size_odd": False,
    "post_init_CG_iter": 0,
    "fletcher_reeves": False,
    "standard_alpha": True,
    "CG_forgetting_rate": None,
    "score_upsample_factor": 1,
    "update_projection_matrix": True,
    "proj_init_method": "randn",
    "filter_init_method": "randn",
    "projection_activation": "none",
    "advanced_localization": True,
    "update_scale_when_uncertain": True,
    "iounet_augmentation": False,
}
"""parameters that are the same in every file, and that the target model and the loop are written for"""


class Read(dict[str, Any]):
    """Values that note which of them are asked for."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return plain(super().__getitem__(name))

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return plain(super().get(name, default))


def plain(value: Any) -> Any:
    """A recorded value without the marks of its type."""
    if isinstance(value, dict) and value.keys() & {"__tuple__", "__tensor__"}:
        return tuple(next(iter(value.values())))
    return value


def swapped(pairs: list[Any]) -> tuple[tuple[float, ...], ...]:
    """(y, x) pairs as (x, y)."""
    return tuple(tuple(plain(pair))[::-1] for pair in pairs)


def expected(values: Read, features: Read) -> dict[str, Any]:
    """What our settings must be, by dotted name."""
    shapes, (kernel, _) = values["augmentation"], features["kernel_size"]
    copies, probability = plain(shapes["dropout"])
    assert values["min_image_sample_size"] == values["max_image_sample_size"]
    activation, lowest_score = values["response_activation"]
    assert activation == "mlu"
    steps = values["box_refinement_step_length"]
    position_step, size_step = steps if isinstance(steps, tuple) else (steps, steps)
    return {
        "target_model.filter_size": kernel,
        "target_model.channels": features["compressed_dim"],
        "target_model.filter_reg": features["filter_reg"],
        "target_model.projection_reg": features["projection_reg"],
        "target_model.label_sigma": features["output_sigma_factor"],
        "target_model.lowest_score": lowest_score,
        "target_model.inner_steps": values["init_CG_iter"] // values["init_GN_iter"],
        "search.side": values["max_image_sample_size"] ** 0.5,
        "search.area": values["search_area_scale"],
        "search.border": "replicate",
        "search.geometry": "nominal",
        "search.scale_factors": pytest.approx(values["scale_factors"]),
        "memory.size": values["sample_memory_size"],
        "memory.learning_rate": features["learning_rate"],
        "memory.hard_negative_rate": values["hard_negative_learning_rate"],
        "memory.initial_minimum": features.get("init_samples_minimum_weight", 0.0),
        "learning.first_steps": values["init_GN_iter"],
        "learning.interval": values["train_skipping"],
        "learning.steps": values["CG_iter"],
        "learning.hard_negative_steps": values["hard_negative_CG_iter"],
        "learning.improves_unseen": True,
        "localization.expects": "region_middle",
        "localization.window": "scores" if values["window_output"] else "none",
        "localization.lost_below": values["target_not_found_threshold"],
        "localization.distractor_ratio": values["distractor_threshold"],
        "localization.hard_negative_ratio": values["hard_negative_threshold"],
        "localization.neighborhood": values["target_neighborhood_scale"],
        "localization.near": values["dispalcement_scale"],
        "refines_boxes": values.get("use_iou_net", True),
        "refinement.reverts_worse": True,
        "refinement.averaged": values["iounet_k"],
        "refinement.random_proposals": values["num_init_random_boxes"],
        "refinement.position_jitter": values["box_jitter_pos"],
        "refinement.size_jitter": values["box_jitter_sz"],
        "refinement.longest_aspect": values["maximal_aspect_ratio"],
        "refinement.steps": values["box_refinement_iter"],
        "refinement.position_step": position_step,
        "refinement.size_step": size_step,
        "refinement.step_decay": values["box_refinement_step_decay"],
        "refinement.space": {"default": "box_sizes", "relative": "relative"}[
            values.get("box_refinement_space", "default")
        ],
        "augmentation.expansion": values["augmentation_expansion_factor"],
        "augmentation.random_shift": values["random_shift_factor"],
        "augmentation.flip": shapes["fliplr"],
        "augmentation.rotations": tuple(shapes["rotate"]),
        "augmentation.blurs": swapped(shapes["blur"]),
        "augmentation.relative_shifts": swapped(shapes["relativeshift"]),
        "augmentation.dropout_copies": copies,
        "augmentation.dropout_probability": probability,
    }


@pytest.mark.parametrize("file", PRESETS)
def test_a_preset_is_the_released_one(golden: Path, file: str) -> None:
    recorded = json.loads((golden / "params" / f"atom__{file}.json").read_text())["values"]
    (extractor,) = recorded.pop("features")["features"]
    assert extractor["output_layers"] == ["layer3"]
    assert (extractor["normalize_power"], extractor["pool_stride"]) == (2, 1)
    (of_features,) = extractor["fparams"]["feature_params"]
    of_features.pop("__type__")
    values, features = Read(recorded), Read(of_features)

    preset: ATOMConfig = PRESETS[file]
    for name, value in expected(values, features).items():
        ours: Any = preset
        for part in name.split("."):
            ours = getattr(ours, part)
        assert ours == value, name
    assert {name: recorded[name] for name in FIXED} == FIXED
    assert set(values) <= values.seen | UNUSED | set(FIXED)
    assert set(features) <= features.seen | UNUSED
