"""Every model by name: its method, its preset, its paper, and where weights for it are published."""

from dataclasses import dataclass
from typing import Literal

from saccade.core import ModelError
from saccade.core.errors import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWeights:
    """A weight file that others have published."""

    file: str
    """name of the file as published"""
    origin: str
    """who published it, and where"""
    licence: str
    """what its publisher states"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the catalogue."""

    name: str
    task: Literal["track", "segment", "detect", "pose"]
    method: str
    """module with the preset and the function `build`"""
    preset: str
    """name of the frozen configuration in that module"""
    summary: str
    """one line for people who choose"""
    paper: str = ""
    """title and arXiv number"""
    weights: PublishedWeights | None = None
    """None for models that learn everything from the first frame"""
    cpu_only: bool = False
    """whether an accelerator would not make it faster, so that it runs on the CPU"""


CATALOG: dict[str, Entry] = {
    row.name: row
    for row in (
        Entry(
            name="eco",
            task="track",
            method="saccade.trackers.eco",
            preset="ECO",
            cpu_only=True,
            summary="hand-crafted features, no weights, real time on a CPU; the default of `saccade track`",
            paper="ECO: Efficient Convolution Operators for Tracking, arXiv 1611.09224",
        ),
        Entry(
            name="eco_deep",
            task="track",
            method="saccade.trackers.eco",
            preset="ECO_DEEP",
            cpu_only=True,
            summary="ECO on ResNet-18 block 3 and VGG-M conv1 features",
            paper="ECO: Efficient Convolution Operators for Tracking, arXiv 1611.09224",
            weights=PublishedWeights(
                file="resnet18_vggmconv1.pth",
                origin="PyTracking (Danelljan and Bhat), its install notes",
                licence="not stated; trained on ImageNet",
            ),
        ),
        Entry(
            name="still",
            task="track",
            method="saccade.trackers.still",
            preset="STILL",
            cpu_only=True,
            summary="stays where it was pointed at; the example to copy, and the baseline to beat",
        ),
    )
}


def entry(name: str) -> Entry:
    """The row of a model.

    Raises:
        ModelError: when there is none, with the nearest name that exists.
    """
    if name not in CATALOG:
        raise ModelError(f"no model '{name}'; {did_you_mean(name, CATALOG)} (saccade models list shows all)")
    return CATALOG[name]
