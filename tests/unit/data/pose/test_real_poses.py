"""The pose sets of the shared pool: every reader takes the real thing."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import COCO_17, LSP_14, MPII_16
from saccade.data.pose import open_pose, read_image


@pytest.mark.parametrize(
    ("name", "path", "pictures", "people", "labelled", "points"),
    [
        ("coco-keypoints", "mmpose_tests/coco/test_coco.json", 4, 14, 12, 17),
        ("pose-folder", "mmpose_tests/coco/test_coco.json", 4, 14, 12, 17),
        ("mpii", "mmpose_tests/mpii/test_mpii.json", 5, 5, 5, 16),
        ("pose-folder", "mmpose_tests/mpii/test_mpii_trb.json", 5, 5, 5, 40),
        ("pose-folder", "mmpose_tests/aic", 3, 9, 9, 14),
        ("pose-folder", "mmpose_tests/jhmdb", 3, 3, 3, 15),
        ("pose-folder", "mmpose_tests/posetrack18", 3, 14, 14, 17),
        ("lsp", "LSPET_subset", 280, 280, 280, 14),
    ],
)
def test_real_sets(
    name: str, path: str, pictures: int, people: int, labelled: int, points: int, shared_data: Path
) -> None:
    dataset = open_pose(name, shared_data / "pose" / path)
    everybody = [person for image in dataset.images for person in image.people]
    assert (len(dataset), len(everybody), len(dataset.skeleton)) == (pictures, people, points)
    assert sum(person.is_learned for person in everybody) == labelled
    for image in dataset.images[:5]:
        height, width = read_image(image).shape[:2]
        assert image.size_wh in (None, (width, height))
        for person in image.people:
            known = person.keypoints[person.visible > 0]
            is_inside = ((known > -40) & (known < (width + 40, height + 40))).all(axis=1)
            assert is_inside.all() and (person.box[2:] > person.box[:2]).all()


def test_skeletons_of_real_sets(shared_data: Path) -> None:
    root = shared_data / "pose"
    assert open_pose("coco-keypoints", root / "mmpose_tests/coco/test_coco.json").skeleton is COCO_17
    assert open_pose("mpii", root / "mmpose_tests/mpii").skeleton is MPII_16
    assert open_pose("lsp", root / "LSPET_subset").skeleton is LSP_14
    challenger = open_pose("pose-folder", root / "mmpose_tests/aic").skeleton
    assert len(challenger.pairs) == 6 and ("Left Hip", "Right Hip") in challenger.pairs


def test_heads_of_real_sets(shared_data: Path) -> None:
    track = open_pose("pose-folder", shared_data / "pose/mmpose_tests/posetrack18")
    heads = [person.head_size for image in track.images for person in image.people]
    assert all(head is not None and 10 < head < 300 for head in heads)
    mpii = open_pose("mpii", shared_data / "pose/mmpose_tests/mpii/test_mpii.json")
    sizes = [
        float(mpii.skeleton.head_sizes(person.keypoints[None], person.visible[None])[0])
        for image in mpii.images
        for person in image.people
    ]
    assert all(np.isnan(size) or 50 < size < 250 for size in sizes), "the stand-in by points"
