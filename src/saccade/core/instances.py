"""Instances: the one record of what was found in a frame."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Integer, Shaped, UInt8

from saccade.core.frame import Frame
from saccade.core.skeleton import Skeleton

if TYPE_CHECKING:
    import supervision as sv


class Status(StrEnum):
    """What a tracker thinks of a target in a frame."""

    TRACKED = "tracked"
    UNCERTAIN = "uncertain"
    LOST = "lost"


NOBODY = -1
"""the id of a row of which nobody can tell who it is"""

# the fields that have one row an instance; the rest speak of the frame as a whole
_ROWS = ("boxes", "scores", "ids", "labels", "names", "masks", "keypoints", "keypoint_scores", "status")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Instances:
    """What was found in one frame: N boxes with whatever else is known of them, row by row.

    Fields that do not apply are None. Rows always agree: every given field has N rows.

    Attributes:
        boxes: corners (x1, y1, x2, y2) in frame pixels.
        scores: confidence, as the model defines it; higher is surer.
        ids: identity over time, a number or a name; `NOBODY` where it is not known.
        labels: class index from 0.
        names: class names.
        masks: which pixels of the frame belong to each instance.
        keypoints: (x, y) in frame pixels.
        keypoint_scores: confidence of each key point.
        skeleton: what the key points are.
        status: one `Status` value each.
        frame: index of the frame in its video, from 0.
        time: seconds from the start of the video; None when the source has no clock.
        timings: milliseconds by stage.

    Raises:
        ValueError: when the rows of two fields differ in number.
    """

    boxes: Float[np.ndarray, "N 4"]
    scores: Float[np.ndarray, " N"]
    ids: Shaped[np.ndarray, " N"] | None = None
    labels: Integer[np.ndarray, " N"] | None = None
    names: Shaped[np.ndarray, " N"] | None = None
    masks: Bool[np.ndarray, "N H W"] | None = None
    keypoints: Float[np.ndarray, "N K 2"] | None = None
    keypoint_scores: Float[np.ndarray, "N K"] | None = None
    skeleton: Skeleton | None = None
    status: Shaped[np.ndarray, " N"] | None = None
    frame: int = 0
    time: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.boxes.ndim != 2 or self.boxes.shape[1] != 4:
            raise ValueError(f"boxes: expected shape (N, 4), got {self.boxes.shape}")
        for name in _ROWS:
            value = getattr(self, name)
            if value is not None and len(value) != len(self.boxes):
                raise ValueError(
                    f"{name}: {len(value)} rows, but boxes has {len(self.boxes)}; rows must agree"
                )

    @classmethod
    def empty(cls, *, frame: int = 0, time: float | None = None) -> "Instances":
        """Nothing found."""
        return cls(boxes=np.zeros((0, 4)), scores=np.zeros(0), frame=frame, time=time)

    def __len__(self) -> int:
        return len(self.boxes)

    def __getitem__(
        self, rows: int | np.integer | slice | Bool[np.ndarray, " N"] | Integer[np.ndarray, " M"]
    ) -> "Instances":
        """The chosen rows, e.g. `found[found.scores > 0.5]` or `found[0]`."""
        if isinstance(rows, int | np.integer):
            rows = np.array([rows])
        return self._with_rows(lambda value: value[rows])

    def _with_rows(self, pick: Any) -> "Instances":
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        for name in _ROWS:
            if values[name] is not None:
                values[name] = pick(values[name])
        return Instances(**values)

    @property
    def xywh(self) -> Float[np.ndarray, "N 4"]:
        """Boxes as (x, y, width, height), top-left and size, in frame pixels."""
        return np.concatenate([self.boxes[:, :2], self.boxes[:, 2:] - self.boxes[:, :2]], axis=1)

    def to_supervision(self) -> "sv.Detections":
        """The same as `supervision.Detections`.

        The ids stand in `data["id"]`; `tracker_id` repeats them where all are numbers, and counts the rows
        where some are names. Class 0 stands for all when there are no labels.
        """
        import supervision as sv

        data = {name: getattr(self, name) for name in ("names", "status") if getattr(self, name) is not None}
        if "names" in data:
            data["class_name"] = data.pop("names").astype(str)
        tracker_id = None
        if self.ids is not None:
            data["id"] = id_array(self.ids)
            numbered = all(isinstance(i, int) for i in data["id"])
            tracker_id = self.ids.astype(int) if numbered else np.arange(len(self))
        return sv.Detections(
            xyxy=self.boxes,
            mask=self.masks,
            confidence=self.scores,
            class_id=np.zeros(len(self), int) if self.labels is None else self.labels,
            tracker_id=tracker_id,
            data=data,
        )

    def to_key_points(self) -> "sv.KeyPoints":
        """The key points as `supervision.KeyPoints`, without those that were not found, whose score is 0.

        Boxes stand in `data` as `xyxy`, beside `id`, `class_name` and `status`, as `to_supervision` has them.

        Raises:
            ValueError: when there are no key points.
        """
        import supervision as sv

        if self.keypoints is None:
            raise ValueError("there are no key points; this is for what a pose estimator finds")
        rows = self.to_supervision()
        seen = self.keypoint_scores
        return sv.KeyPoints(
            xy=self.keypoints.astype(np.float32),
            class_id=None if self.labels is None else self.labels.astype(int),
            keypoint_confidence=None if seen is None else seen.astype(np.float32),
            detection_confidence=self.scores.astype(np.float32),
            visible=None if seen is None else seen > 0,
            data={"xyxy": self.boxes, **rows.data},
        )

    def to_coco(self, image_id: int | None = None) -> list[dict[str, Any]]:
        """COCO results: one dictionary an instance, with bbox (x, y, w, h) and what else is known.

        Args:
            image_id: the picture's id; the frame index when not given.
        """
        return [self._coco_row(i, self.frame if image_id is None else image_id) for i in range(len(self))]

    def _coco_row(self, i: int, image_id: int) -> dict[str, Any]:
        row: dict[str, Any] = {
            "image_id": image_id,
            "category_id": 1 if self.labels is None else int(self.labels[i]),
            "bbox": [float(v) for v in self.xywh[i]],
            "score": float(self.scores[i]),
        }
        if self.keypoints is not None:
            shown = (
                np.ones(self.keypoints.shape[1]) if self.keypoint_scores is None else self.keypoint_scores[i]
            )
            row["keypoints"] = np.column_stack([self.keypoints[i], shown]).ravel().tolist()
        if self.masks is not None:
            from saccade.ops.masks import encode_rle

            row["segmentation"] = encode_rle(self.masks[i])
        if self.ids is not None and self.ids[i] != NOBODY:
            row["track_id"] = _plain(self.ids[i])
        return row

    def draw(self, frame: Frame | UInt8[np.ndarray, "H W 3"]) -> UInt8[np.ndarray, "H W 3"]:
        """A copy of the frame (RGB) with boxes, ids, masks and key points drawn on it."""
        from saccade.draw import annotate

        return annotate(frame, self)


def _plain(value: Any) -> Any:
    """A NumPy scalar as the Python value that JSON knows."""
    return value.item() if isinstance(value, np.generic) else value


def id_array(ids: Any) -> Shaped[np.ndarray, " N"]:
    """Ids, numbers and names mixed, as an object array of plain Python values."""
    array = np.empty(len(ids), dtype=object)
    array[:] = [_plain(i) for i in ids]
    return array
