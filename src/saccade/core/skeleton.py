"""A skeleton: the named key points of a pose and everything that follows from them."""

from dataclasses import dataclass

from saccade.core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Names, edges and symmetry of a set of K key points.

    Raises:
        ConfigError: when an edge or a pair names a point that does not exist, or the sigmas are not K.
    """

    name: str
    points: tuple[str, ...]
    """names of the key points, in the order of `Instances.keypoints`"""
    edges: tuple[tuple[str, str], ...] = ()
    """limbs, as pairs of point names"""
    pairs: tuple[tuple[str, str], ...] = ()
    """(left, right) points that trade places when a picture is mirrored"""
    sigmas: tuple[float, ...] = ()
    """OKS standard deviations relative to the square root of the object's area, one a point"""

    def __post_init__(self) -> None:
        unknown = [p for pair in (*self.edges, *self.pairs) for p in pair if p not in self.points]
        if unknown:
            raise ConfigError(
                f"skeleton '{self.name}' has no point '{unknown[0]}'; points: {', '.join(self.points)}"
            )
        if self.sigmas and len(self.sigmas) != len(self.points):
            raise ConfigError(
                f"skeleton '{self.name}': {len(self.sigmas)} sigmas for {len(self.points)} points; "
                f"give one a point"
            )

    def __len__(self) -> int:
        return len(self.points)

    @property
    def edge_indices(self) -> tuple[tuple[int, int], ...]:
        """The limbs as pairs of indices into `points`."""
        return tuple((self.points.index(a), self.points.index(b)) for a, b in self.edges)

    @property
    def mirror(self) -> tuple[int, ...]:
        """For every point, the index of the point that takes its place in a mirrored picture."""
        swap = dict(self.pairs) | {b: a for a, b in self.pairs}
        return tuple(self.points.index(swap.get(p, p)) for p in self.points)


COCO_17 = Skeleton(
    name="coco17",
    points=(
        "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder",
        "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee",
        "right_knee", "left_ankle", "right_ankle",
    ),
    edges=(
        ("left_ankle", "left_knee"), ("left_knee", "left_hip"), ("right_ankle", "right_knee"),
        ("right_knee", "right_hip"), ("left_hip", "right_hip"), ("left_shoulder", "left_hip"),
        ("right_shoulder", "right_hip"), ("left_shoulder", "right_shoulder"), ("left_shoulder", "left_elbow"),
        ("right_shoulder", "right_elbow"), ("left_elbow", "left_wrist"), ("right_elbow", "right_wrist"),
        ("left_eye", "right_eye"), ("nose", "left_eye"), ("nose", "right_eye"), ("left_eye", "left_ear"),
        ("right_eye", "right_ear"), ("left_ear", "left_shoulder"), ("right_ear", "right_shoulder"),
    ),
    pairs=(
        ("left_eye", "right_eye"), ("left_ear", "right_ear"), ("left_shoulder", "right_shoulder"),
        ("left_elbow", "right_elbow"), ("left_wrist", "right_wrist"), ("left_hip", "right_hip"),
        ("left_knee", "right_knee"), ("left_ankle", "right_ankle"),
    ),
    sigmas=(
        0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087,
        0.087, 0.089, 0.089,
    ),
)  # fmt: skip
