"""A detector on a backbone of one's own choice: any of torchvision's or timm's, a feature pyramid, a head."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import detection
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool, LastLevelP6P7

from saccade.core.errors import ConfigError, MissingExtraError, did_you_mean
from saccade.core.ranges import at_least, check_ranges, within
from saccade.detectors.model import Detector
from saccade.detectors.torchvision.build import face
from saccade.weights import fill, read_checkpoint

Head = Literal["fasterrcnn", "retinanet", "fcos"]
STRIDES = {"fasterrcnn": (4, 8, 16, 32), "retinanet": (8, 16, 32), "fcos": (8, 16, 32)}
"""pixels in a cell of the levels that a pyramid is made from"""
_PROBE = 224
"""side of the picture that a backbone is tried on"""
_CHANNELS = 256
"""features of every level of the pyramid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomNetworkConfig:
    """What the network is made of."""

    classes: tuple[str, ...]
    """names of what it tells apart"""
    backbone: str
    """what torchvision, or timm where `timm:` stands before it, calls it"""
    head: Head
    """what finds objects on the pyramid"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomConfig:
    """Settings of a detector on a backbone of one's own choice."""

    network: CustomNetworkConfig
    """the network"""
    size: int = 800
    """shorter side of the picture that the network sees in pixels"""
    max_size: int = 1333
    """longer side of it, at most"""
    threshold: float = 0.05
    """score under which a box is left out, in [0, 1]"""
    nms: float = 0.5
    """IoU from which the worse of two boxes of a class is left out, in [0, 1]"""
    max_detections: int = 100
    """boxes of a picture, at most"""
    options: Mapping[str, Any] = field(default_factory=dict)
    """further arguments of torchvision's FasterRCNN, RetinaNet or FCOS"""

    def __post_init__(self) -> None:
        check_ranges(
            "settings",
            self,
            size=at_least(32),
            max_size=at_least(self.size),
            threshold=within(0, 1),
            nms=within(0, 1),
            max_detections=at_least(1),
        )


def custom_detector(
    backbone: str | nn.Module,
    classes: Sequence[str],
    *,
    head: Head = "fasterrcnn",
    pretrained: bool = False,
    weights: str | Path | None = None,
    device: str | torch.device = "cpu",
    precision: str = "auto",
    **settings: Any,
) -> Detector:
    """A detector on any backbone of torchvision's or timm's, with a feature pyramid and one of three heads.

    Its `network` is torchvision's model: in training mode it takes pictures and targets and returns losses,
    and its state dict is what to save; `weights` loads it again.

    Args:
        backbone: a name that torchvision knows ("efficientnet_b0"), one of timm's behind `timm:`
            ("timm:convnext_tiny"), or a module that returns a list, or a dictionary, of feature maps, finest
            first, each half as large as the last.
        classes: names of what is to be found; background is none of them.
        head: "fasterrcnn" proposes boxes and looks into each, "retinanet" and "fcos" find them at once.
        pretrained: whether a named backbone begins with its publisher's ImageNet weights, which are fetched.
        weights: a file with the state dict of such a network, or that `saccade` can read otherwise.
        device: where it runs.
        precision: "auto" computes the backbone in bfloat16 where the hardware does; "float32" never does.
        settings: `size`, `max_size`, `threshold`, `nms` and `max_detections`; all else goes to torchvision's
            class, such as `rpn_post_nms_top_n_test`.

    Raises:
        ConfigError: for an unknown backbone or head, or one without a pyramid in it.
        MissingExtraError: for one of timm's without that package.
        WeightsError: when the file is missing, broken, or another network's.
    """
    if head not in get_args(Head):
        raise ConfigError(f"no head '{head}'; {did_you_mean(head, get_args(Head))}")
    if not classes or len(set(classes)) < len(classes):
        raise ConfigError("classes must be names that differ, one or more")
    title = backbone if isinstance(backbone, str) else type(backbone).__name__
    known = ("size", "max_size", "threshold", "nms", "max_detections")
    config = CustomConfig(
        network=CustomNetworkConfig(classes=tuple(classes), backbone=title, head=head),
        options={name: value for name, value in settings.items() if name not in known},
        **{name: value for name, value in settings.items() if name in known},
    )
    body = _named_body(backbone, head, pretrained=pretrained) if isinstance(backbone, str) else backbone
    model = _MAKERS[head](_Pyramid(body, head), config)
    network = face(model, tuple(range(1, len(classes) + 1)))
    if weights is not None:
        fill(network, read_checkpoint(Path(weights)))
    place = torch.device(device)
    return Detector.of(f"{head} on {title}", config, network, device=place, precision=precision)


class _Pyramid(nn.Module):
    """Feature maps of a body, mixed from coarse to fine, all with as many channels."""

    def __init__(self, body: nn.Module, head: Head) -> None:
        super().__init__()
        self.body = body
        channels = [level.shape[1] for level in self._probe()]
        extra = LastLevelMaxPool() if head == "fasterrcnn" else LastLevelP6P7(_CHANNELS, _CHANNELS)
        self.fpn = FeaturePyramidNetwork(channels, _CHANNELS, extra)
        self.out_channels = _CHANNELS
        self.num_levels = len(channels) + (1 if head == "fasterrcnn" else 2)

    @torch.no_grad()
    def _probe(self) -> list[Tensor]:
        was_training = self.body.training
        levels = self._levels(self.body.eval()(torch.zeros(1, 3, _PROBE, _PROBE)))
        self.body.train(was_training)
        sides = [level.shape[2] for level in levels if level.ndim == 4]
        if len(sides) < len(levels) or not sides or sides != sorted(sides, reverse=True):
            raise ConfigError(
                "the backbone returns no feature maps (B, C, h, w) from fine to coarse; take one that does, "
                "or wrap it in a module that returns a list of such"
            )
        return levels

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Levels by name, finest first."""
        levels = self._levels(self.body(pictures))
        return self.fpn({str(place): level for place, level in enumerate(levels)})

    @staticmethod
    def _levels(features: Any) -> list[Tensor]:
        if isinstance(features, Tensor):
            return [features]
        return list(features.values() if isinstance(features, Mapping) else features)


def _named_body(name: str, head: Head, *, pretrained: bool) -> nn.Module:
    """A backbone that returns its features at the head's strides."""
    library, _, of_timm = name.partition(":")
    if of_timm:
        if library != "timm":
            raise ConfigError(
                f"no library '{library}' of backbones; there are timm:NAME and torchvision's NAME"
            )
        return _of_timm(of_timm, head, pretrained=pretrained)
    names = torchvision.models.list_models(torchvision.models)
    if name not in names:
        raise ConfigError(f"torchvision has no backbone '{name}'; {did_you_mean(name, names)}")
    whole = torchvision.models.get_model(name, weights="DEFAULT" if pretrained else None)
    nodes = _nodes_at(whole, STRIDES[head])
    if len(nodes) < len(STRIDES[head]):
        raise ConfigError(
            f"'{name}' has no features at {', '.join(map(str, STRIDES[head]))} pixels a cell; take a "
            f"convolutional network, or one of timm's"
        )
    levels = {node: str(place) for place, node in enumerate(nodes)}
    return create_feature_extractor(whole, levels, suppress_diff_warning=True)


def _nodes_at(network: nn.Module, strides: Sequence[int]) -> list[str]:
    """The last node of a network at each stride, in the order of the strides."""
    _, names = get_graph_node_names(network, suppress_diff_warning=True)
    probe = create_feature_extractor(network, names, suppress_diff_warning=True).eval()
    with torch.no_grad():
        maps = probe(torch.zeros(1, 3, _PROBE, _PROBE))
    parts = dict(network.named_modules())
    last = {
        _PROBE // value.shape[2]: name
        for name, value in maps.items()
        if isinstance(value, Tensor)
        and value.ndim == 4
        and value.shape[2] > 1
        # a pooling to a size that is always the same has no stride
        and not isinstance(parts.get(name), nn.AdaptiveAvgPool2d)
    }
    return [last[stride] for stride in strides if stride in last]


def _of_timm(name: str, head: Head, *, pretrained: bool) -> nn.Module:
    try:
        import timm
    except ImportError:
        raise MissingExtraError.of("timm", "timm") from None
    names = timm.list_models()
    if name.partition(".")[0] not in names:
        raise ConfigError(f"timm has no backbone '{name}'; {did_you_mean(name, names)}")
    try:
        whole: Any = timm.create_model(name, pretrained=pretrained, features_only=True)
        strides = whole.feature_info.reduction()
        places = tuple(whole.feature_info.out_indices[strides.index(stride)] for stride in STRIDES[head])
    except (RuntimeError, AttributeError, ValueError) as error:
        raise ConfigError(f"timm's '{name}' has no pyramid of features ({error}); take another") from None
    body: nn.Module = timm.create_model(name, pretrained=pretrained, features_only=True, out_indices=places)
    return body


def _limits(config: CustomConfig, before: str = "") -> dict[str, Any]:
    return {
        "min_size": config.size,
        "max_size": config.max_size,
        f"{before}score_thresh": config.threshold,
        f"{before}nms_thresh": config.nms,
        f"{before}detections_per_img": config.max_detections,
        **config.options,
    }


def _fasterrcnn(pyramid: _Pyramid, config: CustomConfig) -> nn.Module:
    finest = 8 * STRIDES["fasterrcnn"][0]
    sizes = tuple((finest * 2**level,) for level in range(pyramid.num_levels))
    anchors = AnchorGenerator(sizes, ((0.5, 1.0, 2.0),) * len(sizes))
    levels = [str(place) for place in range(pyramid.num_levels - 1)]
    pooling = torchvision.ops.MultiScaleRoIAlign(levels, output_size=7, sampling_ratio=2)
    return detection.FasterRCNN(
        pyramid,
        len(config.network.classes) + 1,
        rpn_anchor_generator=anchors,
        box_roi_pool=pooling,
        **_limits(config, "box_"),
    )


def _retinanet(pyramid: _Pyramid, config: CustomConfig) -> nn.Module:
    octaves = tuple(
        tuple(int(4 * 2**level * 2 ** (part / 3)) for part in range(3))
        for level in range(3, 3 + pyramid.num_levels)
    )
    anchors = AnchorGenerator(octaves, ((0.5, 1.0, 2.0),) * len(octaves))
    return detection.RetinaNet(
        pyramid, len(config.network.classes) + 1, anchor_generator=anchors, **_limits(config)
    )


def _fcos(pyramid: _Pyramid, config: CustomConfig) -> nn.Module:
    sizes = tuple((8 * 2**level,) for level in range(pyramid.num_levels))
    anchors = AnchorGenerator(sizes, ((1.0,),) * len(sizes))
    return detection.FCOS(
        pyramid, len(config.network.classes) + 1, anchor_generator=anchors, **_limits(config)
    )


_MAKERS = {"fasterrcnn": _fasterrcnn, "retinanet": _retinanet, "fcos": _fcos}
