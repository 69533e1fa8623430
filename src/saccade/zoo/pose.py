"""The pose estimators of the catalogue."""

from saccade.zoo.entry import Entry
from saccade.zoo.published import PUBLISHED


def _simplebaseline(depth: int, form: str, summary: str, weights: str) -> Entry:
    return Entry(
        name=f"simplebaseline_resnet{depth}{form}",
        task="pose",
        method="saccade.pose.simplebaseline",
        preset=f"SIMPLEBASELINE_RESNET{depth}{form.upper()}",
        summary=f"{summary}: SimpleBaseline on ResNet-{depth}",
        paper="Simple Baselines for Human Pose Estimation and Tracking, arXiv 1804.06208",
        weights=PUBLISHED.get(f"pose_resnet_{depth}_{weights}"),
        untrained=not weights,
        network="" if weights else f"pose_resnet{depth}",
    )


def _hourglass(stacks: int, summary: str) -> Entry:
    return Entry(
        name=f"hourglass{stacks}",
        task="pose",
        method="saccade.pose.hourglass",
        preset=f"HOURGLASS{stacks}",
        summary=summary,
        paper="Stacked Hourglass Networks for Human Pose Estimation, arXiv 1603.06937",
        weights=PUBLISHED.get(f"hg_s{stacks}_b1"),
        untrained=stacks == 1,
        network="hg1" if stacks == 1 else "",
    )


_COCO = "COCO's 17 key points of a person in a box"
_MPII = "MPII's 16 joints of a person in a box"
_DEPTHS = (50, 101, 152)
_PAF = "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields, arXiv 1611.08050"
POSE = (
    Entry(
        name="keypointrcnn_resnet50_fpn",
        task="pose",
        method="saccade.pose.torchvision",
        preset="KEYPOINTRCNN_RESNET50_FPN",
        summary="finds people, and in their boxes COCO's 17 key points: Keypoint R-CNN on ResNet-50",
        paper="Mask R-CNN, arXiv 1703.06870",
        weights=PUBLISHED["keypointrcnn_resnet50_fpn_coco-fc266e95"],
    ),
    Entry(
        name="openpose",
        task="pose",
        method="saccade.pose.openpose",
        preset="OPENPOSE",
        summary="finds all joints and limbs of a frame at once, and puts people together of them; on VGG-19",
        paper=_PAF,
        weights=PUBLISHED["pose_model"],
    ),
    Entry(
        name="openpose_light",
        task="pose",
        method="saccade.pose.openpose",
        preset="OPENPOSE_LIGHT",
        summary="OpenPose for CPUs: on MobileNet v1, with one refinement",
        paper=f"Real-time 2D Multi-Person Pose Estimation on CPU, arXiv 1811.12004; {_PAF}",
        weights=PUBLISHED["checkpoint_iter_370000"],
    ),
    _simplebaseline(18, "", f"{_COCO}, for CPUs and one's own training", ""),
    *(_simplebaseline(depth, "", _COCO, "256x192") for depth in _DEPTHS),
    *(_simplebaseline(depth, "_384x288", f"{_COCO} on larger crops", "384x288") for depth in _DEPTHS),
    *(_simplebaseline(depth, "_mpii", _MPII, "256x256") for depth in _DEPTHS),
    _hourglass(1, f"{_MPII}: a single hourglass"),
    _hourglass(2, f"{_MPII}: two hourglasses, the second corrects the first"),
    _hourglass(8, f"{_MPII}: eight stacked hourglasses, as in the paper"),
)
