"""The presets of DiMP and its kin against the originals' parameter files, value by value."""

import json
from pathlib import Path
from typing import Any

import pytest

from saccade.trackers import dimp
from saccade.trackers.dimp import DiMPConfig

PRESETS = {
    "dimp__dimp18": "DIMP18",
    "dimp__dimp18_vot18": "DIMP18_VOT18",
    "dimp__dimp50": "DIMP50",
    "dimp__dimp50_vot18": "DIMP50_VOT18",
    "dimp__dimp50_vot19": "DIMP50_VOT19",
    "dimp__prdimp18": "PRDIMP18",
    "dimp__prdimp50": "PRDIMP50",
    "dimp__prdimp50_vot18": "PRDIMP50_VOT18",
    "dimp__super_dimp": "SUPER_DIMP",
    "dimp_simple__super_dimp_simple": "SUPER_DIMP_SIMPLE",
}
UNUSED = {
    "debug", "visualization", "use_gpu", "net", "iounet_use_log_scale", "use_gt_box", "feature_size_odd",
    "vot_anno_conversion_type",
}  # fmt: skip
"""parameters that change nothing in a track"""
FIXED = {
    "update_scale_when_uncertain": True,
    "use_augmentation": True,
    "update_classifier": True,
    "advanced_localization": True,
    "iounet_augmentation": False,
}
"""parameters that are the same in every file, and that the loop is written for"""


def swapped(pairs: list[Any]) -> tuple[tuple[float, float], ...]:
    """(y, x) pairs as (x, y)."""
    return tuple((float(x), float(y)) for y, x in (pair["__tuple__"] for pair in pairs))


def expected(values: dict[str, Any]) -> dict[str, Any]:
    """What our settings must be, by dotted name."""
    wanted: dict[str, Any] = {
        "search.side": values["image_sample_size"],
        "search.area": values["search_area_scale"],
        "search.border": values.get("border_mode", "replicate"),
        "search.largest_shrink": values.get("patch_max_scale_change", 1.5),
        "search.scale_factors": tuple(values.get("scale_factors", (1.0,))),
        "scores": "softmax" if values.get("score_preprocess", "none") == "softmax" else "raw",
        "memory.size": values["sample_memory_size"],
        "memory.learning_rate": values["learning_rate"],
        "memory.hard_negative_rate": values["hard_negative_learning_rate"],
        "memory.initial_minimum": values["init_samples_minimum_weight"],
        "learning.interval": values["train_skipping"],
        "learning.first_steps": values["net_opt_iter"],
        "learning.steps": values["net_opt_update_iter"],
        "learning.hard_negative_steps": values["net_opt_hn_iter"],
        "localization.window": "first_peak" if values["window_output"] else "none",
        "localization.lost_below": values["target_not_found_threshold"],
        "localization.distractor_ratio": values["distractor_threshold"],
        "localization.hard_negative_ratio": values["hard_negative_threshold"],
        "localization.neighborhood": values["target_neighborhood_scale"],
        "localization.near": values["dispalcement_scale"],
        "refinement.averaged": values["iounet_k"],
        "refinement.random_proposals": values["num_init_random_boxes"],
        "refinement.position_jitter": values["box_jitter_pos"],
        "refinement.size_jitter": values["box_jitter_sz"],
        "refinement.longest_aspect": values["maximal_aspect_ratio"],
        "refinement.steps": values["box_refinement_iter"],
        "refinement.position_step": values["box_refinement_step_length"],
        "refinement.size_step": values["box_refinement_step_length"],
        "refinement.step_decay": values["box_refinement_step_decay"],
        "refinement.space": {"default": "box_sizes", "relative": "relative"}[
            values.get("box_refinement_space", "default")
        ],
        "augmentation.expansion": values["augmentation_expansion_factor"],
        "augmentation.random_shift": values["random_shift_factor"],
        "augmentation.flip": values["augmentation"]["fliplr"],
        "augmentation.rotations": tuple(values["augmentation"]["rotate"]),
        "augmentation.blurs": swapped(values["augmentation"]["blur"]),
        "augmentation.relative_shifts": swapped(values["augmentation"]["relativeshift"]),
        "augmentation.dropout_copies": values["augmentation"]["dropout"]["__tuple__"][0],
        "augmentation.dropout_probability": values["augmentation"]["dropout"]["__tuple__"][1],
    }
    # the one parameter of which the presence alone tells nothing
    assert values.get("perform_hn_without_windowing", False) == values["window_output"]
    return wanted


def read_names(values: dict[str, Any]) -> set[str]:
    """The parameters that `expected` reads."""

    class Noting(dict[str, Any]):
        seen: set[str] = set()  # noqa: RUF012

        def __getitem__(self, key: str) -> Any:
            self.seen.add(key)
            return super().__getitem__(key)

        def get(self, key: str, default: Any = None) -> Any:
            self.seen.add(key)
            return super().get(key, default)

    noting = Noting(values)
    expected(noting)
    return noting.seen


@pytest.mark.parametrize("file", PRESETS)
def test_a_preset_is_the_released_one(golden: Path, file: str) -> None:
    values = json.loads((golden / "params" / f"{file}.json").read_text())["values"]
    preset: DiMPConfig = getattr(dimp, PRESETS[file])
    for name, value in expected(values).items():
        ours: Any = preset
        for part in name.split("."):
            ours = getattr(ours, part)
        assert ours == value, name
    assert {name: values[name] for name in FIXED} == FIXED
    assert set(values) <= read_names(values) | UNUSED | set(FIXED)
