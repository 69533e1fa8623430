"""A skeleton: the named key points of a pose and everything that follows from them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Shaped

from saccade.core.errors import ConfigError

HEAD_BOX_FACTOR = 0.6
"""head size / diagonal of the head box, in MPII's PCKh"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skeleton:
    """Names, edges and symmetry of a set of K key points, and what metrics and conversions need to know.

    Raises:
        ConfigError: when something names a point that does not exist, a name is there twice, or the sigmas
            are not K positive numbers.
    """

    name: str
    points: tuple[str, ...]
    """names of the key points, in the order of `Instances.keypoints`"""
    edges: tuple[tuple[str, str], ...] = ()
    """what is drawn, as pairs of point names"""
    pairs: tuple[tuple[str, str], ...] = ()
    """(left, right) points that trade places when a picture is mirrored"""
    sigmas: tuple[float, ...] = ()
    """OKS standard deviations relative to the square root of the object's area, one a point; () where nobody
    knows them"""
    limbs: tuple[tuple[str, str], ...] = ()
    """(from, to) points of the part affinity fields, in the order in which people are put together of them;
    () for the edges. A limb that is no edge only fills what is missing in a person that is there already."""
    composed: tuple[tuple[str, str, str], ...] = ()
    """(point, a, b): the point is the middle of a and b, where another skeleton has those but not itself"""
    head: tuple[str, str] | None = None
    """the ends of the head: their distance stands in for PCKh's head size where no head box is marked"""
    torso: tuple[str, str] | None = None
    """the ends of the torso: PCK divides by their distance"""
    lower: tuple[str, ...] = ()
    """points of the lower half of a body, for training on halves; the others are its upper half"""

    def __post_init__(self) -> None:
        named = [
            *self.edges,
            *self.pairs,
            *self.limbs,
            *self.composed,
            *filter(None, (self.head, self.torso)),
        ]
        unknown = [point for group in named for point in group if point not in self.points]
        if unknown:
            raise ConfigError(
                f"skeleton '{self.name}' has no point '{unknown[0]}'; points: {', '.join(self.points)}"
            )
        self._refuse_twice(self.points, "points")
        self._refuse_twice([point for pair in self.pairs for point in pair], "pairs")
        if self.sigmas and len(self.sigmas) != len(self.points):
            raise ConfigError(
                f"skeleton '{self.name}': {len(self.sigmas)} sigmas for {len(self.points)} points; "
                f"give one a point"
            )
        if not all(sigma > 0 for sigma in self.sigmas):
            raise ConfigError(f"skeleton '{self.name}': a sigma of {min(self.sigmas)}; give positive numbers")

    def _refuse_twice(self, points: list[str] | tuple[str, ...], where: str) -> None:
        twice = [point for i, point in enumerate(points) if point in points[:i]]
        if twice:
            raise ConfigError(
                f"skeleton '{self.name}': '{twice[0]}' is twice in its {where}; keep one of them"
            )

    def __len__(self) -> int:
        return len(self.points)

    @property
    def edge_indices(self) -> tuple[tuple[int, int], ...]:
        """The edges as pairs of indices into `points`."""
        return tuple((self.points.index(a), self.points.index(b)) for a, b in self.edges)

    @property
    def limb_indices(self) -> tuple[tuple[int, int], ...]:
        """The limbs of the part affinity fields as pairs of indices into `points`."""
        return tuple((self.points.index(a), self.points.index(b)) for a, b in self.limbs or self.edges)

    @property
    def mirror(self) -> tuple[int, ...]:
        """For every point, the index of the point that takes its place in a mirrored picture."""
        swap = dict(self.pairs) | {b: a for a, b in self.pairs}
        return tuple(self.points.index(swap.get(p, p)) for p in self.points)

    def mapping(self, other: "Skeleton") -> "SkeletonMap":
        """Where the points of another skeleton come from in this one: by name, or as the middle of two."""
        middles = {point: halves for point, *halves in other.composed}
        sources = []
        for point in other.points:
            names = [point] if point in self.points else middles.get(point, [])
            is_there = all(name in self.points for name in names)
            sources.append(tuple(self.points.index(name) for name in names) if is_there else ())
        return SkeletonMap(source=self, target=other, sources=tuple(sources))

    def head_sizes(
        self, keypoints: Float[np.ndarray, "N K 2"], known: Shaped[np.ndarray, "N K"]
    ) -> Float[np.ndarray, " N"]:
        """Distance between the ends of each person's head, in pixels: a stand-in for MPII's head box.

        MPII's own size is 0.6 times the diagonal of a head box that somebody has drawn; use that where it is.

        Args:
            known: visibility or score of the points; above 0 where they are there.

        Returns:
            NaN where an end is not known, or the skeleton has no head.
        """
        return self._lengths(self.head, keypoints, known)

    def torso_sizes(
        self, keypoints: Float[np.ndarray, "N K 2"], known: Shaped[np.ndarray, "N K"]
    ) -> Float[np.ndarray, " N"]:
        """Distance between the ends of each person's torso, in pixels; NaN where it is not known.

        Args:
            known: visibility or score of the points; above 0 where they are there.
        """
        return self._lengths(self.torso, keypoints, known)

    def _lengths(
        self,
        ends: tuple[str, str] | None,
        keypoints: Float[np.ndarray, "N K 2"],
        known: Shaped[np.ndarray, "N K"],
    ) -> Float[np.ndarray, " N"]:
        if ends is None:
            return np.full(len(keypoints), np.nan)
        a, b = (self.points.index(end) for end in ends)
        lengths = np.linalg.norm(keypoints[:, a].astype(np.float64) - keypoints[:, b], axis=-1)
        return np.where((known[:, a] > 0) & (known[:, b] > 0), lengths, np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkeletonMap:
    """How poses of one skeleton become poses of another.

    Attributes:
        sources: for every point of the target the indices of the source's points that it is the middle of:
            one where both skeletons have it, none where it cannot be known.
    """

    source: Skeleton
    target: Skeleton
    sources: tuple[tuple[int, ...], ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """Points of the target that nothing is known of."""
        return tuple(
            point for point, indices in zip(self.target.points, self.sources, strict=True) if not indices
        )

    @property
    def lost(self) -> tuple[str, ...]:
        """Points of the source that the target has no place for."""
        used = {index for indices in self.sources for index in indices}
        return tuple(point for index, point in enumerate(self.source.points) if index not in used)

    def convert(
        self, keypoints: Shaped[np.ndarray, "*N K 2"], known: Shaped[np.ndarray, "*N K"]
    ) -> tuple[Shaped[np.ndarray, "*N J 2"], Shaped[np.ndarray, "*N J"]]:
        """Poses of the source as poses of the target.

        Args:
            keypoints: (x, y) in pixels.
            known: scores, or visibility (0 unlabelled, 1 hidden, 2 visible). That of a middle is the lower of
                its two: absent unless both are there, visible only if both are.

        Returns:
            the same for the target; zeros where nothing is known.
        """
        first, second, is_known = self._gather()
        middles = (keypoints[..., first, :] + keypoints[..., second, :]) / 2
        seen = np.where(is_known, np.minimum(known[..., first], known[..., second]), 0).astype(known.dtype)
        return np.where(seen[..., None] > 0, middles, 0).astype(keypoints.dtype), seen

    def _gather(self) -> tuple[Int[np.ndarray, " J"], Int[np.ndarray, " J"], Shaped[np.ndarray, " J"]]:
        ends = np.array([(indices[0], indices[-1]) if indices else (0, 0) for indices in self.sources], int)
        ends = ends.reshape(-1, 2)
        return ends[:, 0], ends[:, 1], np.array([bool(indices) for indices in self.sources])
