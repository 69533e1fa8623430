"""What can be exported of each model, and of which models nothing can."""

from collections.abc import Sequence
from typing import Any

import torch

from saccade.core import Frame, Model, ModelError
from saccade.deploy.export.detectors import detector_parts
from saccade.deploy.export.part import Part
from saccade.deploy.export.poses import pose_parts
from saccade.deploy.export.trackers import Discriminative, tracker_parts
from saccade.detectors.model import Detector
from saccade.pose.model import PeopleFinder, TopDown
from saccade.trackers.nano.network import NanoNet

CAN = (
    "detectors, pose estimators, and the features and box heads of the ATOM, DiMP, PrDiMP, KYS and dimp_nano "
    "trackers can"
)


def parts_of(model: Model, frames: Sequence[Frame], device: torch.device) -> list[Part]:
    """The parts of a model that can be exported, on a device, and what they see of frames.

    Raises:
        ModelError: where there are none, with the reason.
    """
    if isinstance(model, Detector):
        return detector_parts(model, frames, device)
    if isinstance(model, TopDown | PeopleFinder):
        return pose_parts(model, frames, device)
    network: Any = getattr(model, "network", None)
    if isinstance(network, Discriminative | NanoNet):
        return tracker_parts(network, model.config, frames, device)
    reason = (
        "it has no network"
        if network is None
        else "nobody has said yet what of its network does not change while it runs"
    )
    raise ModelError(f"'{model.name}' cannot be exported: {reason}; {CAN}")


def chosen(parts: Sequence[Part], name: str | None, model: str) -> list[Part]:
    """The part of that name; all of them where none is named.

    Raises:
        ModelError: when there is none of that name.
    """
    wanted = [part for part in parts if name in (None, part.name)]
    if not wanted:
        known = ", ".join(part.name for part in parts)
        raise ModelError(f"'{model}' has no part '{name}'; it has: {known}")
    return wanted
