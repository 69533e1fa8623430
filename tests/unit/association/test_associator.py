"""Associations: ids that stay with who they belong to, rows that stay where they were."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from saccade.association import ASSOCIATORS, Associator
from saccade.core import COCO_17, ConfigError, Frame, Instances, MissingExtraError
from saccade.core.instances import NOBODY

NAMES = list(ASSOCIATORS)
SIZE = 40.0


def seen(frame, *corners, scores=None, time=None, **fields):
    """Squares of `SIZE` pixels with these upper left corners."""
    boxes = np.array([(x, y, x + SIZE, y + SIZE) for x, y in corners], dtype=float).reshape(-1, 4)
    scores = np.full(len(boxes), 0.9) if scores is None else np.array(scores, dtype=float)
    return Instances(boxes=boxes, scores=scores, frame=frame, time=time, **fields)


def crossing(frame):
    """Two that move past each other on two levels, given in another order each time."""
    pair = [(10.0 + 4 * frame, 20.0), (170.0 - 4 * frame, 100.0)]
    return pair if frame % 2 else pair[::-1]


@pytest.mark.parametrize("name", NAMES)
def test_an_id_stays_with_who_it_belongs_to(name):
    associator = Associator.of(name, fps=25)
    owners = {}
    for frame in range(30):
        found = associator.update(seen(frame, *crossing(frame)))
        for box, who in zip(found.boxes, found.ids.tolist(), strict=True):
            if who != NOBODY:
                owners.setdefault(who, set()).add(float(box[1]))
    assert sorted(map(tuple, owners.values())) == [(20.0,), (100.0,)]
    assert set(owners) == {0, 1}


@pytest.mark.parametrize("name", NAMES)
def test_rows_keep_their_order_and_all_that_rides_along(name):
    associator = Associator.of(name)
    for frame in range(6):
        # botsort leaves out what is hardly sure, and puts what is not sure behind
        found = seen(
            frame,
            *[(200.0, 10.0), (10.0, 10.0), (100.0, 10.0)],
            scores=[0.05, 0.4, 0.9],
            labels=np.array([3, 1, 2]),
            names=np.array(["a", "b", "c"]),
            masks=np.zeros((3, 4, 5), bool),
            keypoints=np.random.default_rng(0).random((3, 17, 2)),
            skeleton=COCO_17,
            timings={"network": 2.0},
        )
        answer = associator.update(found)
        assert answer.ids.dtype.kind == "i"
        assert replace(answer, ids=None).to_coco() == found.to_coco()
        for field in ("boxes", "scores", "labels", "names", "masks", "keypoints", "skeleton", "timings"):
            assert getattr(answer, field) is getattr(found, field)
    # sort trusts what is not sure as well
    assert answer.ids[2] == (1 if name == "sort" else 0)


@pytest.mark.parametrize("name", NAMES)
def test_who_is_seen_once_is_nobody_and_nothing_is_no_error(name):
    associator = Associator.of(name)
    assert len(associator.update(seen(0))) == 0
    assert associator.update(seen(1, (10.0, 10.0))).ids.tolist() == [NOBODY]
    assert associator.update(seen(2)).ids.tolist() == []


@pytest.mark.parametrize("name", NAMES)
def test_two_videos_share_nothing(name):
    first, second = (Associator.of(name) for _ in range(2))
    for frame in range(5):
        one = first.update(seen(frame, (10.0, 10.0), (100.0, 100.0)))
    for frame in range(5):
        two = second.update(seen(frame, (60.0, 60.0)))
    assert set(one.ids.tolist()) == {0, 1} and two.ids.tolist() == [0]


@pytest.mark.parametrize("name", NAMES)
def test_frames_that_come_at_an_uneven_pace_do_not_cost_an_identity(name):
    associator, ids, place = Associator.of(name, fps=25), set(), 0.0
    # times that stand still or go back are not believed, and nothing is said of them
    for frame, time in enumerate([0.0, 0.04, 0.08, 0.2, 0.24, 0.24, 0.1, 0.14, 0.18, 0.22]):
        place += 2
        ids |= set(associator.update(seen(frame, (place, 10.0), time=time)).ids.tolist())
    assert ids - {NOBODY} == {0}


def test_botsort_takes_the_motion_of_the_camera_out():
    noise = np.random.default_rng(0).integers(0, 256, (20, 60, 3), dtype=np.uint8)
    ground = cv2.resize(noise, (900, 200), interpolation=cv2.INTER_CUBIC)
    for shows, expected in ((True, 0), (False, NOBODY)):
        associator = Associator.of("botsort")
        for index in range(10):
            # a camera that begins to swing past somebody who stands still in the scene
            shift = 38 * max(index - 4, 0)
            frame = Frame(np.ascontiguousarray(ground[:, shift : shift + 400]), index)
            found = seen(index, (300.0 - shift, 60.0))
            who = associator.update(found, frame if shows else None).ids.tolist()
        assert who == [expected]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_sure_enough_can_be_said(name):
    """Pose estimators are less sure of themselves than detectors."""
    ids = {}
    for sure, score in ((0.3, 0.4), (0.3, 0.2), (None, 0.2)):
        associator = Associator.of(name, sure=sure)
        for frame in range(5):
            found = associator.update(seen(frame, (10.0, 10.0), scores=[score]))
        ids[sure, score] = found.ids.tolist()
    assert ids == {(0.3, 0.4): [0], (0.3, 0.2): [NOBODY], (None, 0.2): [NOBODY]}
    assert Associator.of("sort", sure=0.3, track_activation_threshold=0.1)


@pytest.mark.parametrize("name", NAMES)
def test_real_detections_get_the_ids_that_the_package_gives(name, shared_data):
    import supervision as sv
    import trackers

    file = shared_data / "mot" / "TUD-Campus" / "det" / "det_sort_fasterrcnn.txt"
    table = np.loadtxt(file, delimiter=",")[:, :7]
    ours = Associator.of(name, fps=25)
    theirs = getattr(trackers, ASSOCIATORS[name])(frame_rate=25.0)
    everybody = set()
    for number in range(1, int(table[:, 0].max()) + 1):
        rows = table[table[:, 0] == number]
        boxes = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1)
        scores = np.clip(rows[:, 6], 0, 1)
        found = ours.update(Instances(boxes=boxes, scores=scores, frame=number - 1))
        expected = theirs.update(sv.Detections(xyxy=boxes, confidence=scores))
        given = list(zip(found.boxes.tolist(), found.ids.tolist(), strict=True))
        for row in zip(expected.xyxy.tolist(), expected.tracker_id.tolist(), strict=True):
            assert row in given
        everybody |= set(found.ids.tolist())
    assert len(everybody) > 5


def test_settings_are_numbers_or_text():
    for value in (1, "1"):
        associator = Associator.of("sort", minimum_consecutive_frames=value)
        associator.update(seen(0, (10.0, 10.0)))
        assert associator.update(seen(1, (10.0, 10.0))).ids.tolist() == [0]
    for text, who in (("true", 0), ("False", NOBODY)):
        associator = Associator.of("botsort", instant_first_frame_activation=text)
        assert associator.update(seen(0, (1.0, 1.0))).ids.tolist() == [who]


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("bytetrak", {}, "no association 'bytetrak'; did you mean 'bytetrack'?"),
        ("sort", {"minimum_iou": 0.2}, "sort has no setting 'minimum_iou'; did you mean 'minimum_iou_thr"),
        ("sort", {"minimum_iou_threshold": "half"}, "sort: minimum_iou_threshold is 'half'"),
        ("ocsort", {"delta_t": "x"}, "ocsort: delta_t is 'x'"),
        ("botsort", {"enable_cmc": "maybe"}, "botsort: enable_cmc is 'maybe'"),
        # a class, and what follows from the video
        ("sort", {"iou": "x"}, "sort has no setting 'iou'"),
        ("sort", {"frame_rate": 3}, "sort has no setting 'frame_rate'"),
        ("bytetrack", {"lost_track_buffer": -1}, "bytetrack: lost_track_buffer must be greater than"),
    ],
)
def test_what_cannot_be_is_refused(name, settings, message):
    with pytest.raises(ConfigError) as raised:
        Associator.of(name, **settings)
    assert message in str(raised.value)


def test_a_missing_package_says_how_to_get_it(monkeypatch):
    def absent(name, *rest):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("saccade.association.associator.import_module", absent)
    with pytest.raises(MissingExtraError, match=r"'trackers'.*pip install 'saccade\[mot\]'"):
        Associator.of("sort")
