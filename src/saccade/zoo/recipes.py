"""Every recipe by name: what `saccade train` can train."""

from collections.abc import Callable, Mapping
from typing import Any

from saccade.core.config import from_json
from saccade.core.errors import ConfigError, did_you_mean
from saccade.detectors.rfcn.recipe import rfcn_resnet50, rfcn_resnet101
from saccade.detectors.torchvision.recipe import (
    fasterrcnn_mobilenet_v3_large_320_fpn,
    fasterrcnn_mobilenet_v3_large_fpn,
    fasterrcnn_resnet50_fpn,
    fasterrcnn_resnet50_fpn_v2,
    fcos_resnet50_fpn,
    retinanet_resnet50_fpn,
    retinanet_resnet50_fpn_v2,
    ssd300_vgg16,
    ssdlite320_mobilenet_v3_large,
)
from saccade.detectors.yolox.recipe import (
    yolox_l,
    yolox_m,
    yolox_nano,
    yolox_s,
    yolox_tiny,
    yolox_tiny_cpu,
    yolox_x,
)
from saccade.pose.hourglass.recipe import hourglass1, hourglass2, hourglass8
from saccade.pose.openpose.recipe import openpose, openpose_light
from saccade.pose.simplebaseline.recipe import (
    simplebaseline_resnet18,
    simplebaseline_resnet18_cpu,
    simplebaseline_resnet50,
    simplebaseline_resnet50_384x288,
    simplebaseline_resnet50_mpii,
    simplebaseline_resnet101,
    simplebaseline_resnet101_384x288,
    simplebaseline_resnet101_mpii,
    simplebaseline_resnet152,
    simplebaseline_resnet152_384x288,
    simplebaseline_resnet152_mpii,
)
from saccade.pose.torchvision.recipe import keypointrcnn_resnet50_fpn
from saccade.segmenters.lwl.recipe import lwl_box, lwl_stage1, lwl_stage2
from saccade.trackers.atom.recipe import atom, atom_gmm, atom_paper, atom_prob_ml
from saccade.trackers.dimp.recipe import (
    dimp18,
    dimp50,
    prdimp18,
    prdimp50,
    super_dimp,
    super_dimp_simple,
)
from saccade.trackers.kys.recipe import kys
from saccade.trackers.nano.recipe import dimp_nano
from saccade.training.recipe import DetectionRecipe, PoseRecipe, Recipe, TrackingRecipe

TRACKING: Mapping[str, Callable[[], TrackingRecipe]] = {
    make.__name__: make
    for make in (
        atom,
        atom_paper,
        atom_gmm,
        atom_prob_ml,
        dimp18,
        dimp50,
        prdimp18,
        prdimp50,
        super_dimp,
        super_dimp_simple,
        kys,
        dimp_nano,
        lwl_stage1,
        lwl_stage2,
        lwl_box,
    )
}
DETECTION: Mapping[str, Callable[[], DetectionRecipe]] = {
    make.__name__: make
    for make in (
        fasterrcnn_resnet50_fpn,
        fasterrcnn_resnet50_fpn_v2,
        fasterrcnn_mobilenet_v3_large_fpn,
        fasterrcnn_mobilenet_v3_large_320_fpn,
        retinanet_resnet50_fpn,
        retinanet_resnet50_fpn_v2,
        fcos_resnet50_fpn,
        ssd300_vgg16,
        ssdlite320_mobilenet_v3_large,
        rfcn_resnet50,
        rfcn_resnet101,
        yolox_nano,
        yolox_tiny,
        yolox_tiny_cpu,
        yolox_s,
        yolox_m,
        yolox_l,
        yolox_x,
    )
}
POSE: Mapping[str, Callable[[], PoseRecipe]] = {
    make.__name__: make
    for make in (
        keypointrcnn_resnet50_fpn,
        openpose,
        openpose_light,
        hourglass1,
        hourglass2,
        hourglass8,
        simplebaseline_resnet18,
        simplebaseline_resnet18_cpu,
        simplebaseline_resnet50,
        simplebaseline_resnet101,
        simplebaseline_resnet152,
        simplebaseline_resnet50_384x288,
        simplebaseline_resnet101_384x288,
        simplebaseline_resnet152_384x288,
        simplebaseline_resnet50_mpii,
        simplebaseline_resnet101_mpii,
        simplebaseline_resnet152_mpii,
    )
}
RECIPES: Mapping[str, Callable[[], Recipe]] = {**TRACKING, **DETECTION, **POSE}
ALIASES: Mapping[str, str] = {
    "fasterrcnn": "fasterrcnn_resnet50_fpn",
    "fasterrcnn_v2": "fasterrcnn_resnet50_fpn_v2",
    "fasterrcnn_mobilenet": "fasterrcnn_mobilenet_v3_large_fpn",
    "retinanet": "retinanet_resnet50_fpn",
    "fcos": "fcos_resnet50_fpn",
    "ssd": "ssd300_vgg16",
    "ssd300": "ssd300_vgg16",
    "ssdlite": "ssdlite320_mobilenet_v3_large",
    "ssdlite320": "ssdlite320_mobilenet_v3_large",
    "rfcn": "rfcn_resnet101",
    "yolox": "yolox_s",
    "hourglass": "hourglass8",
    "keypointrcnn": "keypointrcnn_resnet50_fpn",
    "simplebaseline": "simplebaseline_resnet50",
}
"""what people call them"""


def find_recipe(name: str) -> Recipe:
    """The recipe of that name, or of what people call it.

    Raises:
        ConfigError: when there is none, with the nearest name that exists.
    """
    if name not in RECIPES and name not in ALIASES:
        raise ConfigError(f"no recipe '{name}'; {did_you_mean(name, [*RECIPES, *ALIASES])}")
    return RECIPES[ALIASES.get(name, name)]()


def read_recipe(values: Mapping[str, Any]) -> Recipe:
    """The recipe that `to_json` wrote.

    Raises:
        ConfigError: when no recipe has its name, or a value is of the wrong kind.
    """
    kind = find_recipe(str(values.get("name")))
    return from_json(type(kind), {**values, "task": from_json(type(kind.task), values.get("task", {}))})
