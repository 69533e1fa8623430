"""The weight files that others have published."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

MIRROR = "SACCADE_WEIGHTS_URL"
"""environment variable with an address under which published files lie; else they come from their own"""
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
    drive: str | None = None
    """id of the file on Google Drive; None where it does not lie there, or nobody knows it"""
    url: str | None = None
    """web address of the file; None where it has none"""
    sha256: str = ""
    """beginning of the file's SHA-256, as its publisher states it"""
    network: str
    """constructor of the network in the original's code"""
    title: str = ""
    """what people call the network, where that constructor is of several; empty elsewhere"""
    values: Mapping[str, float] = field(default_factory=dict)
    """values of the constructor by which the file is told from others of the same network"""
    lengths: Mapping[str, int] = field(default_factory=dict)
    """rows of tensors by which it is"""

    @property
    def key(self) -> str:
        """Name of the file in the store: models that share a file share its entry."""
        return key_of(self.file)

    @property
    def is_reachable(self) -> bool:
        """Whether it is known where to fetch the file."""
        return self.drive is not None or self.url is not None or bool(os.environ.get(MIRROR))


def key_of(file: str) -> str:
    """The name of a file without its endings, also of two: `dimp50` of `dimp50.pth.tar`."""
    name = PurePath(file).name
    for ending in (".tar", ".pth", ".pt", ".safetensors"):
        name = name.removesuffix(ending)
    return name


def _of_torchvision(network: str, file: str) -> PublishedWeights:
    """Files that torchvision fetches by itself; their names end in the beginning of their SHA-256."""
    return PublishedWeights(
        file=file,
        origin="torchvision (PyTorch)",
        licence="not stated; trained on COCO",
        url=f"https://download.pytorch.org/models/{file}",
        sha256=PurePath(file).stem.rpartition("-")[2],
        network=network,
    )


def _of_yolox(size: str) -> PublishedWeights:
    """Files of the release that does without normalised pictures."""
    file = f"yolox_{size}.pth"
    return PublishedWeights(
        file=file,
        origin="YOLOX (Megvii), its release 0.1.1rc0",
        licence="Apache-2.0; trained on COCO",
        url=f"https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/{file}",
        network="yolox",
    )


def _of_simplebaseline(depth: int, size: str) -> PublishedWeights:
    """Files in folders of which an address is known, but none of theirs."""
    is_mpii = size == "256x256"
    return PublishedWeights(
        file=f"pose_resnet_{depth}_{size}.pth.tar",
        origin="Microsoft, github.com/microsoft/human-pose-estimation.pytorch, its quick start",
        licence=f"for research; their code is MIT; trained on {'MPII' if is_mpii else 'COCO'}",
        network=f"pose_resnet{depth}",
        lengths={"final_layer.weight": 16 if is_mpii else 17},
    )


def _of_hourglass(stacks: int) -> PublishedWeights:
    return PublishedWeights(
        file=f"hg_s{stacks}_b1.pth.tar",
        origin="Wei Yang, github.com/bearpaw/pytorch-pose",
        licence="not stated; their code is GPL-3.0; trained on MPII",
        network=f"hg{stacks}",
    )


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
        _of_torchvision("fasterrcnn_resnet50_fpn", "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"),
        _of_torchvision("fasterrcnn_resnet50_fpn_v2", "fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth"),
        _of_torchvision(
            "fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth"
        ),
        _of_torchvision(
            "fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth"
        ),
        _of_torchvision("retinanet_resnet50_fpn", "retinanet_resnet50_fpn_coco-eeacb38b.pth"),
        _of_torchvision("retinanet_resnet50_fpn_v2", "retinanet_resnet50_fpn_v2_coco-5905b1c5.pth"),
        _of_torchvision("fcos_resnet50_fpn", "fcos_resnet50_fpn_coco-99b0c9b7.pth"),
        _of_torchvision("ssd300_vgg16", "ssd300_vgg16_coco-b556d3b4.pth"),
        _of_torchvision("ssdlite320_mobilenet_v3_large", "ssdlite320_mobilenet_v3_large_coco-a79551df.pth"),
        *map(_of_yolox, ("nano", "tiny", "s", "m", "l", "x")),
        _of_torchvision("keypointrcnn_resnet50_fpn", "keypointrcnn_resnet50_fpn_coco-fc266e95.pth"),
        *(
            _of_simplebaseline(depth, size)
            for size in ("256x192", "384x288", "256x256")
            for depth in (50, 101, 152)
        ),
        *map(_of_hourglass, (2, 8)),
        PublishedWeights(
            file="pose_model.pth",
            origin="tensorboy, github.com/tensorboy/pytorch_Realtime_Multi-Person_Pose_Estimation",
            licence="not stated; OpenPose's own is for research that is not commercial; trained on COCO",
            network="rtpose_vgg19",
        ),
        PublishedWeights(
            file="checkpoint_iter_370000.pth",
            origin="Daniil Osokin, github.com/Daniil-Osokin/lightweight-human-pose-estimation.pytorch",
            licence="Apache-2.0; trained on COCO",
            url="https://download.01.org/opencv/openvino_training_extensions/models/human_pose_estimation/"
            "checkpoint_iter_370000.pth",
            network="rtpose_mobilenet",
        ),
    )
}
"""by their names in the store"""
