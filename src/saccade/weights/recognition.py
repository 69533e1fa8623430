"""Which network a weight file belongs to: by its constructor, else by the names of its tensors."""

from collections.abc import Iterable
from dataclasses import dataclass

from saccade.weights.checkpoint import Checkpoint
from saccade.weights.preprocessing import (
    BGR_BYTES,
    BGR_HALVES,
    BGR_LESS_RGB,
    IMAGENET,
    MASK_RCNN,
    MPII,
    SIGNED,
    VGG,
    Preprocessing,
)


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """A network that others have published."""

    constructor: str
    """function of the original's code that makes it, or what stands for several"""
    title: str
    """what people call it"""
    marks: tuple[str, ...] = ()
    """beginnings of names, each of some tensor, by which it is told from all networks that stand behind it"""
    preprocessing: Preprocessing = IMAGENET
    """what it wants to see"""
    runs_as: str = ""
    """constructor of the network whose trackers run this one too; empty where there is none"""

    def __str__(self) -> str:
        return f"{self.title} ({self.constructor})"


_IS_RESNET50 = "feature_extractor.layer1.0.conv3."
_LEARNED_LABEL = "classifier.filter_optimizer.label_map_predictor."
_RETINANET = "head.classification_head.cls_logits."
_TOWER = "head.classification_head.conv."
_FASTERRCNN = "roi_heads.box_predictor.cls_score."
_BODY = "backbone.body.layer4."
_UPSAMPLING = "deconv_layers."
_STEP_LENGTH = "classifier.filter_optimizer.log_step_length"

KNOWN_NETWORKS = (
    KnownNetwork("resnet18_vggmconv1", "the features of ECO", ("vggmconv1.",)),
    KnownNetwork("kysnet_res50", "KYS", ("dimp_classifier.",)),
    KnownNetwork("target_candidate_matching_net_resnet50", "KeepTrack", ("descriptor_extractor.",)),
    KnownNetwork("steepest_descent_resnet50_with_clf_encoder", "RTS", ("clf_encoder.",), MASK_RCNN),
    KnownNetwork("steepest_descent_resnet50", "LWL with boxes", ("box_label_encoder.",), MASK_RCNN),
    KnownNetwork("steepest_descent_resnet50", "LWL", ("label_encoder.", "target_model."), MASK_RCNN),
    KnownNetwork("dimpnet50_simple", "SuperDiMP-simple", ("classifier.filter_optimizer.residual_module.",)),
    KnownNetwork("dimpnet50", "DiMP-50 or SuperDiMP", (_LEARNED_LABEL, _IS_RESNET50)),
    KnownNetwork("dimpnet18", "DiMP-18", (_LEARNED_LABEL,)),
    KnownNetwork("klcedimpnet50", "PrDiMP-50", (_STEP_LENGTH, _IS_RESNET50)),
    KnownNetwork("klcedimpnet18", "PrDiMP-18", (_STEP_LENGTH,)),
    KnownNetwork("atom_resnet50", "ATOM on ResNet-50", ("bb_regressor.", _IS_RESNET50)),
    KnownNetwork("atom_resnet18", "ATOM", ("bb_regressor.",)),
    KnownNetwork("yolox", "YOLOX", ("backbone.backbone.stem.", "head.cls_preds."), BGR_BYTES),
    KnownNetwork("ssd300_vgg16", "SSD300", ("backbone.scale_weight", "head.classification_head."), VGG),
    KnownNetwork(
        "ssdlite320_mobilenet_v3_large",
        "SSDLite",
        ("head.classification_head.module_list.0.0.", "backbone.extra."),
        SIGNED,
    ),
    KnownNetwork("fcos_resnet50_fpn", "FCOS", ("head.regression_head.bbox_ctrness.",)),
    KnownNetwork("retinanet_resnet50_fpn_v2", "RetinaNet v2", (_RETINANET, f"{_TOWER}0.1.")),
    KnownNetwork("retinanet_resnet50_fpn", "RetinaNet", (_RETINANET, f"{_TOWER}0.")),
    KnownNetwork("pose_resnet152", "SimpleBaseline on ResNet-152", (_UPSAMPLING, "layer3.35."), BGR_LESS_RGB),
    KnownNetwork("pose_resnet101", "SimpleBaseline on ResNet-101", (_UPSAMPLING, "layer3.22."), BGR_LESS_RGB),
    KnownNetwork(
        "pose_resnet50", "SimpleBaseline on ResNet-50", (_UPSAMPLING, "layer1.0.conv3."), BGR_LESS_RGB
    ),
    KnownNetwork("pose_resnet34", "SimpleBaseline on ResNet-34", (_UPSAMPLING, "layer3.5."), BGR_LESS_RGB),
    KnownNetwork("pose_resnet18", "SimpleBaseline on ResNet-18", (_UPSAMPLING, "layer1."), BGR_LESS_RGB),
    KnownNetwork("hg8", "8 stacked hourglasses", ("hg.7.hg.",), MPII),
    KnownNetwork("hg", "stacked hourglasses, neither 1 nor 2 nor 8", ("hg.2.hg.",), MPII),
    KnownNetwork("hg2", "2 stacked hourglasses", ("hg.1.hg.",), MPII),
    KnownNetwork("hg1", "a single hourglass", ("hg.0.hg.",), MPII),
    KnownNetwork("rtpose_vgg19", "OpenPose", ("model0.", "model1_1."), BGR_HALVES),
    KnownNetwork("rtpose_mobilenet", "Lightweight OpenPose", ("cpm.", "initial_stage."), BGR_HALVES),
    KnownNetwork("keypointrcnn_resnet50_fpn", "Keypoint R-CNN", ("roi_heads.keypoint_predictor.",)),
    KnownNetwork("fasterrcnn_resnet50_fpn_v2", "Faster R-CNN v2", (_FASTERRCNN, "rpn.head.conv.1.", _BODY)),
    KnownNetwork("fasterrcnn_resnet50_fpn", "Faster R-CNN", (_FASTERRCNN, _BODY)),
    KnownNetwork(
        "fasterrcnn_mobilenet_v3_large_fpn",
        "Faster R-CNN on MobileNet v3",
        (_FASTERRCNN, "backbone.body.0.0."),
    ),
    # has the names of PrDiMP-18's tensors, so that its constructor alone tells it
    KnownNetwork("L2dimpnet18", "DiMP-18 with an L2 loss", runs_as="dimpnet18"),
    KnownNetwork("tompnet50", "ToMP-50"),
    KnownNetwork("tompnet101", "ToMP-101"),
)


def recognise(checkpoint: Checkpoint) -> KnownNetwork | None:
    """The network that a weight file belongs to; None for one that is not known."""
    made_by = checkpoint.constructor
    if made_by is None:
        return next((row for row in KNOWN_NETWORKS if row.marks and _bears(checkpoint.tensors, row)), None)
    rows = [row for row in KNOWN_NETWORKS if row.constructor == made_by.name]
    return next((row for row in rows if _bears(checkpoint.tensors, row)), rows[-1] if rows else None)


def _bears(names: Iterable[str], row: KnownNetwork) -> bool:
    return all(any(name.startswith(mark) for name in names) for mark in row.marks)


def looks_like(checkpoint: Checkpoint) -> str:
    """What a weight file looks like, in words: "looks like DiMP-18 (dimpnet18)"."""
    known = recognise(checkpoint)
    if known is not None:
        return f"looks like {known}"
    if checkpoint.constructor is not None:
        return f"was made by '{checkpoint.constructor.name}', which saccade does not know"
    names = list(checkpoint.tensors)
    some = f", such as {', '.join(names[:3])}" if names else ""
    return f"looks like no network that saccade knows (tensors: {len(names)}{some})"
