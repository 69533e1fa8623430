"""Writing pose sets in YOLO's form, which has boxes and points, and nothing else."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from saccade.core import SKELETONS
from saccade.data.detection.pictures import seen_size
from saccade.data.detection.records import Corners
from saccade.data.detection.writing import NOTHING, lay_out_yolo, write_yaml, yolo_line, yolo_share
from saccade.data.pose.people import UNLABELLED, AnnotatedPerson, PoseDataset, PosedImage


def write_yolo(
    splits: Sequence[PoseDataset], out: Path, place: Callable[[PosedImage, Path], None]
) -> list[str]:
    """Writes a text file a picture, the pictures, and data.yaml.

    Args:
        splits: of one skeleton.

    Returns:
        what the form has no place for, a sentence each.

    Raises:
        DatasetError: when a picture whose size no annotation says cannot be read.
        OutputError: when a file cannot be written.
    """
    notes = Counter[str]()
    parts = lay_out_yolo(splits, out, place, lambda image: _lines(image, notes))
    skeleton = splits[0].skeleton
    limbs = [[a + 1, b + 1] for a, b in skeleton.edge_indices]
    content = {
        "path": ".",
        # what has no parts is all there is to learn from
        **(parts or {"train": "images"}),
        "names": {0: "person"},
        "kpt_shape": [len(skeleton), 3],
        "flip_idx": list(skeleton.mirror),
        "kpt_names": {0: list(skeleton.points)},
        **({"skeleton": limbs} if limbs else {}),
    }
    write_yaml(out / "data.yaml", content)
    if skeleton.sigmas and skeleton not in SKELETONS.values():
        notes["deviations of points lost, by which OKS forgives"] += len(skeleton)
    return [f"{what}: {count:,}" for what, count in notes.items() if count]


def _lines(image: PosedImage, notes: Counter[str]) -> str:
    size_wh = seen_size(image.file, image.size_wh)
    lines = []
    for person in image.people:
        box = _inside(person, size_wh)
        notes["crowds left out"] += person.is_crowd
        if person.is_crowd:
            continue
        if box is None:
            notes["people outside of their picture left out"] += 1
            continue
        notes["head sizes lost"] += person.head_size is not None
        notes["boxes cut at the border of their picture"] += bool(np.abs(person.box - box).max() > NOTHING)
        lines.append(" ".join([yolo_line(0, box, size_wh), *_points(person, size_wh, notes)]) + "\n")
    return "".join(lines)


def _inside(person: AnnotatedPerson, size_wh: tuple[int, int]) -> Corners | None:
    """What of a box is in the picture; None where nothing is."""
    width, height = size_wh
    x1, y1, x2, y2 = person.box.tolist()
    box = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
    return box if box[2] > box[0] and box[3] > box[1] else None


def _points(person: AnnotatedPerson, size_wh: tuple[int, int], notes: Counter[str]) -> list[str]:
    shares = person.keypoints.astype(np.float64) / size_wh
    is_in = ((shares >= 0) & (shares <= 1)).all(axis=1)
    is_known = person.visible > UNLABELLED
    notes["points outside of their picture, written as not marked"] += int((is_known & ~is_in).sum())
    words: list[str] = []
    for (x, y), seen, is_kept in zip(shares.tolist(), person.visible.tolist(), is_known & is_in, strict=True):
        words += [yolo_share(x), yolo_share(y), str(seen)] if is_kept else ["0", "0", "0"]
    return words
