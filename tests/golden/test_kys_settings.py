"""The presets of KYS against the original's parameter files, value by value."""

import json
from pathlib import Path
from typing import Any

import pytest

from saccade.online.dimp_model import LABEL_SIGMA
from saccade.trackers import kys
from saccade.trackers.kys import KYSConfig

PRESETS = {"kys__default": "KYS", "kys__default_vot": "KYS_VOT"}
UNUSED = {"debug", "visualization", "use_gpu", "net", "iounet_use_log_scale", "vot_anno_conversion_type"}
"""parameters that change nothing in a track"""
FIXED = {
    "update_scale_when_uncertain": True,
    "use_augmentation": True,
    "update_classifier": True,
    "use_iou_net": True,
    "iounet_augmentation": False,
    "output_sigma_factor": LABEL_SIGMA,
    "window_output": True,
    "use_clipped_window": True,
    "apply_window_to_dimp_score": True,
    "prev_feat_remove_subpixel_shift": True,
    "move_feat_to_center": True,
    "remove_offset_in_fused_score": True,
    "score_downsample_factor": 1,
}
"""parameters that are the same in both files, and that the tracker is written for"""


def swapped(pairs: list[Any]) -> tuple[tuple[float, float], ...]:
    """(y, x) pairs as (x, y)."""
    return tuple((float(x), float(y)) for y, x in (pair["__tuple__"] for pair in pairs))


def expected(values: dict[str, Any]) -> dict[str, Any]:
    """What our settings must be, by dotted name."""
    wanted: dict[str, Any] = {
        "search.side": values["image_sample_size"],
        "search.area": values["search_area_scale"],
        "search.border": "replicate",
        "search.scale_factors": (1.0,),
        "scene.least_score": values["dimp_threshold"],
        "scene.window_area": values["effective_search_area"],
        "scene.forgets_when_lost": values["reset_state_during_occlusion"],
        "scene.mines_hard_negatives": values.get("perform_hn_mining_dimp", False),
        "memory.size": values["sample_memory_size"],
        "memory.learning_rate": values["learning_rate"],
        "memory.initial_minimum": values["init_samples_minimum_weight"],
        "learning.interval": values["train_skipping"],
        "learning.first_steps": values["net_opt_iter"],
        "learning.steps": values["net_opt_update_iter"],
        "localization.lost_below": values["target_not_found_threshold_fused"],
        "refinement.averaged": values["iounet_k"],
        "refinement.random_proposals": values["num_init_random_boxes"],
        "refinement.position_jitter": values["box_jitter_pos"],
        "refinement.size_jitter": values["box_jitter_sz"],
        "refinement.longest_aspect": values["maximal_aspect_ratio"],
        "refinement.steps": values["box_refinement_iter"],
        "refinement.position_step": values["box_refinement_step_length"],
        "refinement.size_step": values["box_refinement_step_length"],
        "refinement.step_decay": values["box_refinement_step_decay"],
        "refinement.space": "box_sizes",
        "augmentation.expansion": values["augmentation_expansion_factor"],
        "augmentation.random_shift": values["random_shift_factor"],
        "augmentation.flip": values["augmentation"]["fliplr"],
        "augmentation.rotations": tuple(values["augmentation"]["rotate"]),
        "augmentation.blurs": swapped(values["augmentation"]["blur"]),
        "augmentation.relative_shifts": swapped(values["augmentation"]["relativeshift"]),
        "augmentation.dropout_copies": values["augmentation"]["dropout"]["__tuple__"][0],
        "augmentation.dropout_probability": values["augmentation"]["dropout"]["__tuple__"][1],
    }
    if wanted["scene.mines_hard_negatives"]:
        wanted |= {
            "memory.hard_negative_rate": values["hard_negative_learning_rate"],
            "learning.hard_negative_steps": values["net_opt_hn_iter"],
            "localization.hard_negative_ratio": values["hard_negative_threshold"],
            "localization.neighborhood": values["target_neighborhood_scale_safe"],
        }
    return wanted


class Noting(dict[str, Any]):
    """Parameters that remember which of them were read."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


@pytest.mark.parametrize("file", PRESETS)
def test_a_preset_is_the_released_one(golden: Path, file: str) -> None:
    values = Noting(json.loads((golden / "params" / f"{file}.json").read_text())["values"])
    preset: KYSConfig = getattr(kys, PRESETS[file])
    for name, value in expected(values).items():
        ours: Any = preset
        for part in name.split("."):
            ours = getattr(ours, part)
        assert ours == value, name
    assert set(values) <= values.read | UNUSED | set(FIXED)
    assert {name: values[name] for name in FIXED} == FIXED
