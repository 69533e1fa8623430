"""The weight files that the authors of the original trackers have published."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

MIRROR = "SACCADE_WEIGHTS_URL"
"""environment variable with an address under which published files lie; else they come from Google Drive"""
_ZOO = "PyTracking (Danelljan and Bhat), its model zoo"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedWeights:
    """A weight file that others have published."""

    file: str
    """name of the file as published"""
    origin: str = _ZOO
    """who published it, and where"""
    licence: str = "not stated"
    """what its publisher states"""
    drive: str | None
    """id of the file on Google Drive; None where it is not known"""
    network: str
    """constructor of the network in the original's code"""
    title: str = ""
    """what people call the network, where that constructor is of several; empty elsewhere"""
    values: Mapping[str, float] = field(default_factory=dict)
    """values of the constructor by which the file is told from others of the same network"""

    @property
    def key(self) -> str:
        """Name of the file in the store: models that share a file share its entry."""
        return key_of(self.file)

    @property
    def is_reachable(self) -> bool:
        """Whether it is known where to fetch the file."""
        return self.drive is not None or bool(os.environ.get(MIRROR))


def key_of(file: str) -> str:
    """The name of a file without its endings, also of two: `dimp50` of `dimp50.pth.tar`."""
    name = PurePath(file).name
    for ending in (".tar", ".pth", ".pt", ".safetensors"):
        name = name.removesuffix(ending)
    return name


PUBLISHED: dict[str, PublishedWeights] = {
    row.key: row
    for row in (
        PublishedWeights(
            file="resnet18_vggmconv1.pth",
            origin="PyTracking (Danelljan and Bhat), its install notes",
            licence="not stated; trained on ImageNet",
            drive="1aWC4waLv_te-BULoy0k-n_zS-ONms21S",
            network="resnet18_vggmconv1",
        ),
        PublishedWeights(
            file="atom_default.pth", drive="1VNyr-Ds0khjM0zaq6lU-xfY74-iWxBvU", network="atom_resnet18"
        ),
        PublishedWeights(file="atom_prob_ml.pth", drive=None, network="atom_resnet18"),
        PublishedWeights(file="atom_gmm_sampl.pth", drive=None, network="atom_resnet18"),
        PublishedWeights(file="dimp18.pth", drive="1MAjrRJDCbL0DSjUKFyDkUuYS1-cYBNjk", network="dimpnet18"),
        PublishedWeights(
            file="dimp50.pth",
            drive="1qgachgqks2UGjKx-GdO1qylBDdB1f9KN",
            network="dimpnet50",
            title="DiMP-50",
            values={"init_gauss_sigma": 0.9},
        ),
        PublishedWeights(
            file="super_dimp.pth.tar",
            drive="1qDptswis2FxihLRYLVRGDvx6aUoAVVLv",
            network="dimpnet50",
            title="SuperDiMP",
            values={"init_gauss_sigma": 22 / 24},
        ),
        PublishedWeights(
            file="super_dimp_simple.pth.tar",
            drive="1lzwdeX9HBefQwznMaX5AKAGda7tqeQtg",
            network="dimpnet50_simple",
        ),
        PublishedWeights(
            file="prdimp18.pth.tar", drive="1ycm3Uu63j-uCkz4qt0SG6rY_k5UFlhVo", network="klcedimpnet18"
        ),
        PublishedWeights(
            file="prdimp50.pth.tar", drive="1zbQUVXKsGvBEOc-I1NuGU6yTMPth_aI5", network="klcedimpnet50"
        ),
        PublishedWeights(file="kys.pth", drive="1nJTBxpuBhN0WGSvG7Zm3yBc9JAC6LnEn", network="kysnet_res50"),
        PublishedWeights(
            file="lwl_stage2.pth",
            drive="1Xnm4A2BRBliDBKO4EEFHAQfGyfOMsVyY",
            network="steepest_descent_resnet50",
            title="LWL",
        ),
        PublishedWeights(
            file="lwl_boxinit.pth",
            drive="1aAsj_N1LAMpmmcb1iOxo2z66tJM6MEuM",
            network="steepest_descent_resnet50",
            title="LWL with boxes",
        ),
    )
}
"""by their names in the store"""
