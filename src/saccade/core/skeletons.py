"""The skeletons that public data sets and networks use, by name.

OKS needs a standard deviation for every point, and only COCO has measured them on its own 17. Those of the
others are derived: COCO's of the same joint; CrowdPose's 0.079 for the neck and the top of the head (Li et
al., CVPR 2019); COCO-WholeBody's for the feet (Jin et al., ECCV 2020); and for the middle of two joints,
theirs.
"""

from collections.abc import Mapping

from saccade.core.errors import ConfigError, did_you_mean
from saccade.core.skeleton import Skeleton

_BODY_SIGMAS: Mapping[str, float] = {
    "nose": 0.026, "eye": 0.025, "ear": 0.035, "shoulder": 0.079, "elbow": 0.072, "wrist": 0.062,
    "hip": 0.107, "knee": 0.087, "ankle": 0.089,
}  # fmt: skip
_OTHER_SIGMAS: Mapping[str, float] = {
    "neck": 0.079, "upper_neck": 0.079, "head_top": 0.079, "thorax": 0.079, "pelvis": 0.107,
    "mid_hip": 0.107, "left_big_toe": 0.068, "left_small_toe": 0.066, "left_heel": 0.066,
    "right_big_toe": 0.092, "right_small_toe": 0.094, "right_heel": 0.094,
}  # fmt: skip


def find_skeleton(name: str) -> Skeleton:
    """The skeleton of that name.

    Raises:
        ConfigError: when there is none.
    """
    if name not in SKELETONS:
        raise ConfigError(f"no skeleton '{name}'; {did_you_mean(name, SKELETONS)}")
    return SKELETONS[name]


def _sided(*joints: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"left_{joint}", f"right_{joint}") for joint in joints)


def _sigmas(points: tuple[str, ...]) -> tuple[float, ...]:
    joints = [point.removeprefix("left_").removeprefix("right_") for point in points]
    return tuple(
        _OTHER_SIGMAS[point] if point in _OTHER_SIGMAS else _BODY_SIGMAS[joint]
        for point, joint in zip(points, joints, strict=True)
    )


_LIMB_JOINTS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
_TORSO = ("left_shoulder", "right_hip")
_FEET_JOINTS = ("big_toe", "small_toe", "heel")
_FEET = tuple(point for pair in _sided(*_FEET_JOINTS) for point in pair)
_LEGS = tuple(point for pair in _sided("hip", "knee", "ankle") for point in pair)

_COCO_17_POINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
    "right_knee", "left_ankle", "right_ankle",
)  # fmt: skip
COCO_17 = Skeleton(
    name="coco17",
    points=_COCO_17_POINTS,
    edges=(
        ("left_ankle", "left_knee"), ("left_knee", "left_hip"), ("right_ankle", "right_knee"),
        ("right_knee", "right_hip"), ("left_hip", "right_hip"), ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"), ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
        ("left_eye", "right_eye"), ("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"),
        ("right_eye", "right_ear"), ("left_ear", "left_shoulder"), ("right_ear", "right_shoulder"),
    ),
    pairs=_sided("eye", "ear", *_LIMB_JOINTS),
    sigmas=_sigmas(_COCO_17_POINTS),
    torso=_TORSO,
    lower=_LEGS,
)  # fmt: skip

_COCO_18_POINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear",
)  # fmt: skip
_COCO_18_EDGES = (
    ("neck", "right_shoulder"), ("neck", "left_shoulder"), ("right_shoulder", "right_elbow"),
    ("right_elbow", "right_wrist"), ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ("neck", "right_hip"), ("right_hip", "right_knee"), ("right_knee", "right_ankle"), ("neck", "left_hip"),
    ("left_hip", "left_knee"), ("left_knee", "left_ankle"), ("neck", "nose"), ("nose", "right_eye"),
    ("right_eye", "right_ear"), ("nose", "left_eye"), ("left_eye", "left_ear"),
)  # fmt: skip
COCO_18 = Skeleton(
    name="coco18",
    points=_COCO_18_POINTS,
    edges=_COCO_18_EDGES,
    pairs=_sided("eye", "ear", *_LIMB_JOINTS),
    sigmas=_sigmas(_COCO_18_POINTS),
    limbs=(*_COCO_18_EDGES, ("right_shoulder", "right_ear"), ("left_shoulder", "left_ear")),
    composed=(("neck", "left_shoulder", "right_shoulder"),),
    torso=_TORSO,
    lower=_LEGS,
)
"""OpenPose's order: COCO's points and a neck, which is the middle of the shoulders"""

_MPII_16_POINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
    "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
    "left_wrist",
)  # fmt: skip
MPII_16 = Skeleton(
    name="mpii16",
    points=_MPII_16_POINTS,
    edges=(
        ("right_ankle", "right_knee"), ("right_knee", "right_hip"), ("right_hip", "pelvis"),
        ("left_hip", "pelvis"), ("left_knee", "left_hip"), ("left_ankle", "left_knee"), ("pelvis", "thorax"),
        ("thorax", "upper_neck"), ("upper_neck", "head_top"), ("thorax", "right_shoulder"),
        ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("thorax", "left_shoulder"),
        ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"),
    ),
    pairs=_sided(*_LIMB_JOINTS),
    sigmas=_sigmas(_MPII_16_POINTS),
    composed=(("pelvis", "left_hip", "right_hip"), ("thorax", "left_shoulder", "right_shoulder")),
    head=("upper_neck", "head_top"),
    torso=_TORSO,
    lower=(*_LEGS, "pelvis"),
)  # fmt: skip

_LSP_14_POINTS = (
    "right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist",
    "right_elbow", "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "upper_neck", "head_top",
)  # fmt: skip
LSP_14 = Skeleton(
    name="lsp14",
    points=_LSP_14_POINTS,
    edges=(
        ("right_ankle", "right_knee"), ("right_knee", "right_hip"), ("left_knee", "left_hip"),
        ("left_ankle", "left_knee"), ("right_hip", "left_hip"), ("right_hip", "right_shoulder"),
        ("left_hip", "left_shoulder"), ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"),
        ("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist"), ("right_shoulder", "upper_neck"),
        ("left_shoulder", "upper_neck"), ("upper_neck", "head_top"),
    ),
    pairs=_sided(*_LIMB_JOINTS),
    sigmas=_sigmas(_LSP_14_POINTS),
    head=("upper_neck", "head_top"),
    torso=_TORSO,
    lower=_LEGS,
)  # fmt: skip
"""Leeds Sports Pose; what it calls neck is the lower end of the head, as MPII's upper neck is"""

_BODY_25_POINTS = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow",
    "left_wrist", "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle",
    "right_eye", "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel",
    "right_big_toe", "right_small_toe", "right_heel",
)  # fmt: skip
_BODY_25_EDGES = (
    ("neck", "mid_hip"), ("neck", "right_shoulder"), ("neck", "left_shoulder"),
    ("right_shoulder", "right_elbow"), ("right_elbow", "right_wrist"), ("left_shoulder", "left_elbow"),
    ("left_elbow", "left_wrist"), ("mid_hip", "right_hip"), ("right_hip", "right_knee"),
    ("right_knee", "right_ankle"), ("mid_hip", "left_hip"), ("left_hip", "left_knee"),
    ("left_knee", "left_ankle"), ("neck", "nose"), ("nose", "right_eye"), ("right_eye", "right_ear"),
    ("nose", "left_eye"), ("left_eye", "left_ear"), ("left_ankle", "left_big_toe"),
    ("left_big_toe", "left_small_toe"), ("left_ankle", "left_heel"), ("right_ankle", "right_big_toe"),
    ("right_big_toe", "right_small_toe"), ("right_ankle", "right_heel"),
)  # fmt: skip
BODY_25 = Skeleton(
    name="body25",
    points=_BODY_25_POINTS,
    edges=_BODY_25_EDGES,
    pairs=_sided("eye", "ear", *_LIMB_JOINTS, *_FEET_JOINTS),
    sigmas=_sigmas(_BODY_25_POINTS),
    limbs=(*_BODY_25_EDGES, ("right_shoulder", "right_ear"), ("left_shoulder", "left_ear")),
    composed=(("neck", "left_shoulder", "right_shoulder"), ("mid_hip", "left_hip", "right_hip")),
    torso=_TORSO,
    lower=(*_LEGS, "mid_hip", *_FEET),
)
"""OpenPose's 25 points with feet; its neck and the middle of its hips are composed"""

SKELETONS: Mapping[str, Skeleton] = {
    skeleton.name: skeleton for skeleton in (COCO_17, COCO_18, MPII_16, LSP_14, BODY_25)
}
"""every skeleton that has a name here"""
