"""Dividing a pose set: by chance that a seed fixes, with the same share of people on every side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from saccade.data.detection.splitting import divide_by
from saccade.data.pose.people import PoseDataset, PosedImage


def divide_poses(
    splits: Sequence[PoseDataset],
    shares: Mapping[str, float],
    seed: int,
    *,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> list[PoseDataset]:
    """Divides all pictures of a set anew: those that show the same stay together.

    Args:
        splits: the set, of one skeleton.
        progress: is told how many pictures there are, and gives what is called after each.

    Raises:
        DatasetError: when there are fewer pictures than parts, or one cannot be read.
    """
    images: dict[object, PosedImage] = {}
    for split in splits:
        for image in split.images:
            images.setdefault(image.file, image)
    held = [
        ["labelled" if person.is_learned else "unlabelled" for person in image.people]
        for image in images.values()
    ]
    divided = divide_by(list(images.values()), held, shares, seed, progress=progress)
    return [replace(splits[0], split=name, images=tuple(part)) for name, part in divided.items()]
