"""The record of what was found: rows that agree, picking rows, and other packages' forms."""

import json

import numpy as np
import pytest
from jaxtyping import TypeCheckError

from saccade.adapters import from_supervision
from saccade.core import COCO_17, Instances, Status
from saccade.core.instances import NOBODY, id_array

BOXES = np.array([[1.0, 2.0, 4.0, 6.0], [0.0, 0.0, 3.0, 3.0], [5.0, 5.0, 9.5, 7.0]])
SCORES = np.array([0.9, 0.5, 0.1])


def everything() -> Instances:
    masks = np.zeros((3, 8, 10), dtype=bool)
    masks[0, 2:6, 1:4] = True
    rng = np.random.default_rng(0)
    return Instances(
        boxes=BOXES,
        scores=SCORES,
        ids=id_array([4, "car", 7]),
        labels=np.array([2, 0, 1]),
        names=np.array(["cat", "dog", "cow"]),
        masks=masks,
        keypoints=rng.random((3, 17, 2)),
        keypoint_scores=rng.random((3, 17)),
        skeleton=COCO_17,
        status=np.array([Status.TRACKED, Status.UNCERTAIN, Status.LOST]),
        frame=5,
        time=0.2,
        timings={"crop": 1.5},
    )


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("scores", np.zeros(2)),
        ("ids", np.arange(4)),
        ("labels", np.arange(2)),
        ("names", np.array(["a"])),
        ("masks", np.zeros((2, 4, 4), bool)),
        ("keypoints", np.zeros((1, 17, 2))),
        ("keypoint_scores", np.zeros((4, 17))),
        ("status", np.array(["tracked"])),
    ],
)
def test_rows_must_agree(field, value):
    with pytest.raises(ValueError, match=f"{field}: {len(value)} rows, but boxes has 3; rows must agree"):
        Instances(**{"boxes": BOXES, "scores": SCORES, field: value})


@pytest.mark.usefixtures("unchecked_shapes")
@pytest.mark.parametrize("boxes", [np.zeros((3, 5)), np.zeros(4), np.zeros((1, 3, 4))])
def test_boxes_have_four_columns(boxes):
    with pytest.raises(ValueError, match=r"boxes: expected shape \(N, 4\)"):
        Instances(boxes=boxes, scores=np.zeros(len(boxes)))


def test_shapes_are_checked_in_tests():
    # no rule of ours forbids two-column scores: it is the import hook that catches them
    with pytest.raises(TypeCheckError):
        Instances(boxes=BOXES, scores=np.zeros((3, 2)))
    with pytest.raises(TypeCheckError):
        Instances(boxes=BOXES.astype(int), scores=SCORES)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param(0, [0], id="one"),
        pytest.param(-1, [2], id="the last"),
        pytest.param(np.int64(1), [1], id="a NumPy number"),
        pytest.param(slice(1, None), [1, 2], id="a slice"),
        pytest.param(np.array([True, False, True]), [0, 2], id="a mask"),
        pytest.param(np.array([2, 0]), [2, 0], id="an order"),
        pytest.param(np.zeros(3, bool), [], id="none"),
    ],
)
def test_picking_rows_picks_them_everywhere(rows, expected):
    found = everything()
    picked = found[rows]
    assert len(picked) == len(expected)
    for name in ("boxes", "scores", "labels", "names", "masks", "keypoints", "keypoint_scores", "status"):
        np.testing.assert_array_equal(getattr(picked, name), getattr(found, name)[expected])
    assert list(picked.ids) == [[4, "car", 7][i] for i in expected]
    assert (picked.frame, picked.time, picked.timings, picked.skeleton) == (5, 0.2, {"crop": 1.5}, COCO_17)


def test_absent_fields_stay_absent():
    picked = Instances(boxes=BOXES, scores=SCORES)[SCORES > 0.3]
    assert len(picked) == 2
    assert picked.ids is None
    assert picked.masks is None


def test_xywh_is_top_left_and_size():
    np.testing.assert_allclose(everything().xywh, [[1, 2, 3, 4], [0, 0, 3, 3], [5, 5, 4.5, 2]])


def test_nothing_found():
    nothing = Instances.empty(frame=3, time=0.1)
    assert len(nothing) == 0
    assert nothing.xywh.shape == (0, 4)
    assert (nothing.frame, nothing.time) == (3, 0.1)
    assert nothing.to_coco() == []
    assert len(nothing.to_supervision()) == 0


def test_coco_results():
    rows = json.loads(json.dumps(everything().to_coco()))  # plain values only
    assert [row["image_id"] for row in rows] == [5, 5, 5]
    assert [row["category_id"] for row in rows] == [2, 0, 1]
    assert [row["track_id"] for row in rows] == [4, "car", 7]
    assert [row["score"] for row in rows] == [0.9, 0.5, 0.1]
    assert rows[0]["bbox"] == [1, 2, 3, 4]
    assert rows[0]["segmentation"]["size"] == [8, 10]
    keypoints = np.array(rows[1]["keypoints"]).reshape(17, 3)
    np.testing.assert_array_equal(keypoints[:, :2], everything().keypoints[1])
    np.testing.assert_array_equal(keypoints[:, 2], everything().keypoint_scores[1])


def test_coco_results_of_bare_boxes():
    rows = Instances(boxes=BOXES, scores=SCORES).to_coco(image_id=17)
    assert rows[2] == {"image_id": 17, "category_id": 1, "bbox": [5.0, 5.0, 4.5, 2.0], "score": 0.1}


def test_nobody_has_no_track_in_coco_results():
    rows = Instances(boxes=BOXES, scores=SCORES, ids=np.array([3, NOBODY, 0])).to_coco()
    assert [row.get("track_id") for row in rows] == [3, None, 0]


def test_key_points_of_supervision():
    found = everything()
    found.keypoint_scores[0, 2] = 0
    points = found.to_key_points()
    np.testing.assert_allclose(points.xy, found.keypoints, rtol=1e-6)
    np.testing.assert_allclose(points.keypoint_confidence, found.keypoint_scores, rtol=1e-6)
    np.testing.assert_allclose(points.detection_confidence, SCORES)
    assert not points.visible[0, 2] and points.visible.sum() == 3 * 17 - 1
    assert points.class_id.tolist() == [2, 0, 1]
    assert list(points[1].data["id"]) == ["car"] and points.data["class_name"].tolist() == [
        "cat",
        "dog",
        "cow",
    ]
    np.testing.assert_array_equal(points.data["xyxy"], BOXES)
    bare = Instances(boxes=BOXES, scores=SCORES, keypoints=found.keypoints).to_key_points()
    assert bare.visible is None and bare.class_id is None and len(bare) == 3
    with pytest.raises(ValueError, match="there are no key points"):
        Instances(boxes=BOXES, scores=SCORES).to_key_points()


def test_there_and_back_through_supervision():
    found = everything()
    back = from_supervision(found.to_supervision(), frame=5, time=0.2)
    for name in ("boxes", "scores", "labels", "names", "masks", "status"):
        np.testing.assert_array_equal(getattr(back, name), getattr(found, name))
    assert list(back.ids) == [4, "car", 7]
    assert (back.frame, back.time) == (5, 0.2)


@pytest.mark.parametrize(
    ("ids", "tracker_ids"),
    [
        pytest.param(np.array([4, 9, 2]), [4, 9, 2], id="an integer array"),
        pytest.param(id_array([4, 9, 2]), [4, 9, 2], id="plain integers"),
        pytest.param(id_array(["a", 9, "c"]), [0, 1, 2], id="names get their row"),
    ],
)
def test_supervision_numbers_its_tracks(ids, tracker_ids):
    found = Instances(boxes=BOXES, scores=SCORES, ids=ids)
    detections = found.to_supervision()
    assert detections.tracker_id.tolist() == tracker_ids
    assert list(from_supervision(detections).ids) == list(ids)


def test_ids_are_plain_values():
    ids = id_array([np.int64(3), "car", np.str_("bus")])
    assert [type(i) for i in ids] == [int, str, str]
