"""Every model by name: its method, its preset, its paper, and where weights for it are published."""

from saccade.core import ModelError
from saccade.core.errors import did_you_mean
from saccade.zoo.entry import Entry
from saccade.zoo.pose import POSE
from saccade.zoo.published import PUBLISHED

_ECO = "ECO: Efficient Convolution Operators for Tracking, arXiv 1611.09224"
_ATOM = "ATOM: Accurate Tracking by Overlap Maximization, arXiv 1811.07628"
_DIMP = "Learning Discriminative Model Prediction for Tracking, arXiv 1904.07220"
_PRDIMP = "Probabilistic Regression for Visual Tracking, arXiv 2003.12565"
_KYS = "Know Your Surroundings: Exploiting Scene Information for Object Tracking, arXiv 2003.11014"
_KEEPTRACK = (
    "Learning Target Candidate Association to Keep Track of What Not to Track (KeepTrack), arXiv 2103.16556"
)

_LIST = "saccade models list"
"""the command that shows every model"""
_FEW = 3
"""models that a message names of those of a task"""
_LWL = "Learning What to Learn for Video Object Segmentation, arXiv 2003.11540"


def _torchvision(name: str, summary: str, paper: str, weights: str) -> Entry:
    return Entry(
        name=name,
        task="detect",
        method="saccade.detectors.torchvision",
        preset=name.upper(),
        summary=summary,
        paper=paper,
        weights=PUBLISHED[weights],
    )


def _yolox(size: str, summary: str) -> Entry:
    return Entry(
        name=f"yolox_{size}",
        task="detect",
        method="saccade.detectors.yolox",
        preset=f"YOLOX_{size.upper()}",
        summary=summary,
        paper="YOLOX: Exceeding YOLO Series in 2021, arXiv 2107.08430",
        weights=PUBLISHED[f"yolox_{size}"],
    )


def _rfcn(depth: int, summary: str) -> Entry:
    return Entry(
        name=f"rfcn_resnet{depth}",
        task="detect",
        method="saccade.detectors.rfcn",
        preset=f"RFCN_RESNET{depth}",
        summary=summary,
        paper="R-FCN: Object Detection via Region-based Fully Convolutional Networks, arXiv 1605.06409",
        untrained=True,
    )


_FASTERRCNN = (
    "Faster R-CNN: Towards Real-Time Object Detection with Region Proposal Networks, arXiv 1506.01497"
)
_VITDET = "Benchmarking Detection Transfer Learning with Vision Transformers, arXiv 2111.11429"
_RETINANET = "Focal Loss for Dense Object Detection, arXiv 1708.02002"
_DETECTORS = (
    _torchvision(
        "ssdlite320_mobilenet_v3_large",
        "finds COCO's 80 classes at once, for CPUs: SSDLite on MobileNet v3, the fastest but yolox_nano",
        "Searching for MobileNetV3, arXiv 1905.02244",
        "ssdlite320_mobilenet_v3_large_coco-a79551df",
    ),
    _torchvision(
        "ssd300_vgg16",
        "finds COCO's 80 classes at once: SSD on VGG-16, in squares of 300 pixels",
        "SSD: Single Shot MultiBox Detector, arXiv 1512.02325",
        "ssd300_vgg16_coco-b556d3b4",
    ),
    _torchvision(
        "retinanet_resnet50_fpn",
        "finds COCO's 80 classes at once, on a pyramid of features: RetinaNet on ResNet-50",
        _RETINANET,
        "retinanet_resnet50_fpn_coco-eeacb38b",
    ),
    _torchvision(
        "retinanet_resnet50_fpn_v2",
        "retinanet_resnet50_fpn trained longer, its boxes by their overlap",
        f"{_RETINANET}; Bridging the Gap Between Anchor-based and Anchor-free Detection, arXiv 1912.02424",
        "retinanet_resnet50_fpn_v2_coco-5905b1c5",
    ),
    _torchvision(
        "fcos_resnet50_fpn",
        "finds COCO's 80 classes at once and without anchors: FCOS on ResNet-50",
        "FCOS: Fully Convolutional One-Stage Object Detection, arXiv 1904.01355",
        "fcos_resnet50_fpn_coco-99b0c9b7",
    ),
    _torchvision(
        "fasterrcnn_resnet50_fpn",
        "proposes boxes, then looks into each for COCO's 80 classes: Faster R-CNN on ResNet-50",
        _FASTERRCNN,
        "fasterrcnn_resnet50_fpn_coco-258fb6c6",
    ),
    _torchvision(
        "fasterrcnn_resnet50_fpn_v2",
        "fasterrcnn_resnet50_fpn with a larger head, trained longer: torchvision's most precise",
        f"{_FASTERRCNN}; {_VITDET}",
        "fasterrcnn_resnet50_fpn_v2_coco-dd69338a",
    ),
    _torchvision(
        "fasterrcnn_mobilenet_v3_large_fpn",
        "Faster R-CNN on the lighter MobileNet v3",
        _FASTERRCNN,
        "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7",
    ),
    _torchvision(
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        "Faster R-CNN on the lighter MobileNet v3 and on smaller pictures",
        _FASTERRCNN,
        "fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9",
    ),
    _rfcn(50, "proposes boxes, and reads what is in them from maps of the whole picture; on ResNet-50"),
    _rfcn(101, "proposes boxes, and reads what is in them from maps of the whole picture; on ResNet-101"),
    _yolox("nano", "finds COCO's 80 classes at once, without anchors; 0.9 M parameters, real time on CPUs"),
    _yolox("tiny", "finds COCO's 80 classes at once, without anchors; 5 M parameters, for CPUs"),
    _yolox("s", "finds COCO's 80 classes at once, without anchors; 9 M parameters"),
    _yolox("m", "finds COCO's 80 classes at once, without anchors; 25 M parameters"),
    _yolox("l", "finds COCO's 80 classes at once, without anchors; 54 M parameters"),
    _yolox("x", "finds COCO's 80 classes at once, without anchors; 99 M parameters"),
)


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
            paper=_ECO,
        ),
        Entry(
            name="dimp_nano",
            task="track",
            method="saccade.trackers.nano",
            preset="DIMP_NANO",
            cpu_only=True,
            summary="small, comes with its weights, for a CPU: DiMP on learned and hand-crafted features",
            paper=_DIMP,
            shipped="dimp_nano.safetensors",
        ),
        Entry(
            name="eco_deep",
            task="track",
            method="saccade.trackers.eco",
            preset="ECO_DEEP",
            cpu_only=True,
            summary="ECO on ResNet-18 block 3 and VGG-M conv1 features",
            paper=_ECO,
            weights=PUBLISHED["resnet18_vggmconv1"],
        ),
        Entry(
            name="atom",
            task="track",
            method="saccade.trackers.atom",
            preset="ATOM",
            summary="a filter learned on the first frame finds, an IoU-Net on ResNet-18 measures",
            paper=_ATOM,
            weights=PUBLISHED["atom_default"],
        ),
        Entry(
            name="atom_vot",
            task="track",
            method="saccade.trackers.atom",
            preset="ATOM_VOT",
            summary="atom with the settings for the VOT challenge",
            paper=_ATOM,
            weights=PUBLISHED["atom_default"],
        ),
        Entry(
            name="atom_multiscale",
            task="track",
            method="saccade.trackers.atom",
            preset="ATOM_MULTISCALE",
            summary="atom without its IoU-Net: the best of five scales, the shape stays",
            paper=_ATOM,
            weights=PUBLISHED["atom_default"],
        ),
        Entry(
            name="atom_prob_ml",
            task="track",
            method="saccade.trackers.atom",
            preset="ATOM_PROB_ML",
            summary="atom with a box head trained by maximum likelihood",
            paper="Energy-Based Models for Deep Probabilistic Regression, arXiv 1909.12297",
            weights=PUBLISHED["atom_prob_ml"],
        ),
        Entry(
            name="atom_gmm",
            task="track",
            method="saccade.trackers.atom",
            preset="ATOM_GMM",
            summary="atom with a box head trained on samples of a Gaussian mixture",
            paper="How to Train Your Energy-Based Model for Regression, arXiv 2005.01698",
            weights=PUBLISHED["atom_gmm_sampl"],
        ),
        Entry(
            name="dimp18",
            task="track",
            method="saccade.trackers.dimp",
            preset="DIMP18",
            summary="the filter is predicted and kept up to date by a learned optimiser; on ResNet-18",
            paper=_DIMP,
            weights=PUBLISHED["dimp18"],
        ),
        Entry(
            name="dimp18_vot18",
            task="track",
            method="saccade.trackers.dimp",
            preset="DIMP18_VOT18",
            summary="dimp18 with the settings for VOT 2018",
            paper=_DIMP,
            weights=PUBLISHED["dimp18"],
        ),
        Entry(
            name="dimp50",
            task="track",
            method="saccade.trackers.dimp",
            preset="DIMP50",
            summary="the filter is predicted and kept up to date by a learned optimiser; on ResNet-50",
            paper=_DIMP,
            weights=PUBLISHED["dimp50"],
        ),
        Entry(
            name="dimp50_vot18",
            task="track",
            method="saccade.trackers.dimp",
            preset="DIMP50_VOT18",
            summary="dimp50 with the settings for VOT 2018",
            paper=_DIMP,
            weights=PUBLISHED["dimp50"],
        ),
        Entry(
            name="dimp50_vot19",
            task="track",
            method="saccade.trackers.dimp",
            preset="DIMP50_VOT19",
            summary="dimp50 with the settings for VOT 2019",
            paper=_DIMP,
            weights=PUBLISHED["dimp50"],
        ),
        Entry(
            name="prdimp18",
            task="track",
            method="saccade.trackers.dimp",
            preset="PRDIMP18",
            summary="DiMP whose scores and boxes are probability densities; on ResNet-18",
            paper=_PRDIMP,
            weights=PUBLISHED["prdimp18"],
        ),
        Entry(
            name="prdimp50",
            task="track",
            method="saccade.trackers.dimp",
            preset="PRDIMP50",
            summary="DiMP whose scores and boxes are probability densities; on ResNet-50, in larger regions",
            paper=_PRDIMP,
            weights=PUBLISHED["prdimp50"],
        ),
        Entry(
            name="prdimp50_vot18",
            task="track",
            method="saccade.trackers.dimp",
            preset="PRDIMP50_VOT18",
            summary="prdimp50 with the settings for VOT 2018",
            paper=_PRDIMP,
            weights=PUBLISHED["prdimp50"],
        ),
        Entry(
            name="super_dimp",
            task="track",
            method="saccade.trackers.dimp",
            preset="SUPER_DIMP",
            summary="DiMP's classifier and PrDiMP's box head, trained longer: the strongest of the family",
            paper=f"{_DIMP}; {_PRDIMP}",
            weights=PUBLISHED["super_dimp"],
        ),
        Entry(
            name="super_dimp_simple",
            task="track",
            method="saccade.trackers.dimp",
            preset="SUPER_DIMP_SIMPLE",
            summary="super_dimp with an optimiser that has almost nothing learned",
            paper=_KEEPTRACK,
            weights=PUBLISHED["super_dimp_simple"],
        ),
        Entry(
            name="kys",
            task="track",
            method="saccade.trackers.kys",
            preset="KYS",
            summary="dimp50 with a memory of what surrounds the target, so that look-alikes are told apart",
            paper=_KYS,
            weights=PUBLISHED["kys"],
        ),
        Entry(
            name="kys_vot",
            task="track",
            method="saccade.trackers.kys",
            preset="KYS_VOT",
            summary="kys with the settings for the VOT challenge",
            paper=_KYS,
            weights=PUBLISHED["kys"],
        ),
        Entry(
            name="lwl",
            task="segment",
            method="saccade.segmenters.lwl",
            preset="LWL",
            summary="segments what a mask points at: learns on the way what its decoder must know of it",
            paper=_LWL,
            weights=PUBLISHED["lwl_stage2"],
            needs_masks=True,
        ),
        Entry(
            name="lwl_box",
            task="segment",
            method="saccade.segmenters.lwl",
            preset="LWL_BOX",
            summary="segments what a box points at: lwl, with a guess at the first mask",
            paper=_LWL,
            weights=PUBLISHED["lwl_boxinit"],
        ),
        Entry(
            name="still",
            task="track",
            method="saccade.trackers.still",
            preset="STILL",
            cpu_only=True,
            summary="stays where it was pointed at; the example to copy, and the baseline to beat",
        ),
        *_DETECTORS,
        *POSE,
    )
}


def entry(name: str) -> Entry:
    """The row of a model.

    Raises:
        ModelError: when there is none, with the nearest name that exists.
    """
    if name not in CATALOG:
        raise ModelError(f"no model '{name}'; {did_you_mean(name, CATALOG, listed_by=_LIST)}")
    return CATALOG[name]


def such_as(task: str) -> str:
    """Some models of a task, for messages, and how to see them all."""
    some = [row.name for row in CATALOG.values() if row.task == task][:_FEW]
    return f"such as {', '.join(some)} ({_LIST} shows all)"
