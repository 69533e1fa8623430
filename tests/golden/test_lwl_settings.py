"""The presets of LWL against the original's parameter files, value by value."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from saccade.nets.resnet import normalise_bgr
from saccade.segmenters.lwl import LWL, LWL_BOX, LWLConfig

PRESETS = {"lwl_ytvos": LWL, "lwl_boxinit": LWL_BOX}
UNUSED = {"debug", "visualization", "use_gpu", "net", "vot_anno_conversion_type"}
"""parameters that change nothing in a track"""
FIXED = {
    "seg_to_bb_mode": "var",
    "update_target_model": True,
}
"""parameters that are the same in both files, and that the segmenter is written for"""


def expected(values: dict[str, Any]) -> dict[str, Any]:
    """What our settings must be, by dotted name."""
    height, width = values["image_sample_size"]["__tuple__"]
    slowest, fastest = values["max_scale_change"]["__tuple__"]
    return {
        "starts_from": "box" if values.get("init_with_box", False) else "mask",
        "search.width": width,
        "search.height": height,
        "search.area": values["search_area_scale"],
        "search.border": values["border_mode"],
        "search.largest_shrink": values["patch_max_scale_change"],
        "memory.size": values["sample_memory_size"],
        "memory.learning_rate": values["learning_rate"],
        "memory.initial_minimum": values["init_samples_minimum_weight"],
        "memory.first_is_sure": not values.get("lower_init_weight", False),
        "learning.interval": values["train_skipping"],
        "learning.first_steps": values["net_opt_iter"],
        "learning.steps": values["net_opt_update_iter"],
        "box.smallest": values["min_mask_area"],
        "box.slowest": slowest,
        "box.fastest": fastest,
    }


READ = {
    "image_sample_size", "max_scale_change", "init_with_box", "search_area_scale", "sample_memory_size",
    "learning_rate", "init_samples_minimum_weight", "lower_init_weight", "train_skipping", "net_opt_iter",
    "net_opt_update_iter", "min_mask_area", "border_mode", "patch_max_scale_change",
}  # fmt: skip
"""parameters that `expected` reads"""


@pytest.mark.parametrize("file", PRESETS)
def test_a_preset_is_the_released_one(golden: Path, file: str) -> None:
    values = json.loads((golden / "params" / f"lwl__{file}.json").read_text())["values"]
    preset: LWLConfig = PRESETS[file]
    for name, value in expected(values).items():
        ours: Any = preset
        for part in name.split("."):
            ours = getattr(ours, part)
        assert ours == value, name
    assert {name: values[name] for name in FIXED} == FIXED
    assert set(values) <= READ | UNUSED | set(FIXED)


@pytest.mark.parametrize("file", PRESETS)
def test_pictures_are_normalised_as_the_network_wants(golden: Path, file: str) -> None:
    net = json.loads((golden / "params" / f"lwl__{file}.json").read_text())["values"]["net"]
    assert net["image_format"] == "bgr255"
    assert net["std"] == [1.0, 1.0, 1.0]
    black = normalise_bgr(torch.zeros(1, 3, 1, 1))[0, :, 0, 0]
    assert (-black).tolist() == pytest.approx(net["mean"], rel=1e-7)
    red = normalise_bgr(torch.tensor([255.0, 0, 0])[None, :, None, None])[0, :, 0, 0]
    assert int(red.argmax()) == 2
