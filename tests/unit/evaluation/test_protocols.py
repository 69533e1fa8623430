"""Protocols: which runs they make of a sequence, and what happens during them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from saccade.core import ConfigError, DatasetError, Frame, Instances, ModelError, Status, Targets
from saccade.core.instances import NOBODY
from saccade.data import BoxAnnotation, Dataset, GroundTruth, LabelAnnotation, Presence, Sequence, Tracks
from saccade.data.formats.labels import read_labels
from saccade.data.formats.tracks import empty_tracks, read_tracks
from saccade.evaluation import PROTOCOLS, Contender, DatasetResults, choose_protocol, plan, run_here
from saccade.evaluation.metrics.vot_anchors import score_anchor_sequence
from saccade.evaluation.metrics.vot_resets import score_reset_sequence
from saccade.evaluation.protocols import anchor_run, region_overlap, reset_run, true_labels
from saccade.evaluation.tracks import Code, Track
from saccade.ops.masks import write_palette_png

WH = (64, 48)
BOX = (10.0, 12.0, 20.0, 10.0)
PRESENT, ABSENT = int(Presence.PRESENT), int(Presence.ABSENT)


class Toy:
    """A model whose answers are a function of the frame's index and of what it was pointed at."""

    name = "toy"

    def __init__(self, answer: Callable[[int, dict[Any, Any]], Instances]) -> None:
        self.config = {"toy": 1}
        self.answer = answer
        self.seen: list[list[int]] = []

    def start(self, *, seed: int = 0) -> "ToyRun":
        self.seen.append([])
        return ToyRun(self)


class ToyRun:
    def __init__(self, model: Toy) -> None:
        self.model = model
        self.given: dict[Any, Any] = {}

    def step(self, frame: Frame, targets: Targets | None = None, *, color: str = "rgb") -> Instances:
        self.model.seen[-1].append(frame.index)
        if targets is not None:
            what = targets.boxes if targets.masks is None else targets.masks
            self.given |= dict(
                zip(range(len(what)) if targets.ids is None else targets.ids, what, strict=True)
            )
        return self.model.answer(frame.index, self.given)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


def boxes(rows: Any, **more: Any) -> Instances:
    xywh = np.array(rows, dtype=np.float64).reshape(-1, 4)
    return Instances(
        boxes=np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1),
        scores=np.full(len(xywh), 0.5),
        **more,
    )


def stays(index: int, given: dict[Any, Any]) -> Instances:
    return boxes(list(given.values()), ids=np.array([*given], dtype=object))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "00000.png"
    cv2.imwrite(str(path), np.full((WH[1], WH[0], 3), 90, dtype=np.uint8))
    return path


def sequence(picture: Path, frames: int, absent: tuple[int, ...] = (), **annotation: Any) -> Sequence:
    """The target stands still at `BOX`."""
    presence = np.full(frames, PRESENT, dtype=np.int8)
    presence[list(absent)] = ABSENT
    truth = GroundTruth(np.tile(np.array(BOX), (frames, 1)), presence)
    return Sequence("toy", (picture,) * frames, BoxAnnotation({0: truth}, **annotation))


def evaluate(
    model: Toy, made: Sequence, protocol: str, out: Path
) -> tuple[dict[str, dict[Any, Track]], list[str | None]]:
    """The tracks of each run by its name, and the failures."""
    rules, dataset = PROTOCOLS[protocol], Dataset("folder", out, (made,))
    failures = [o.failure for o in run_here(plan([Contender.of("toy", model)], dataset, out, protocol=rules))]
    results = DatasetResults.begin(out, dataset, protocol).of("toy")
    jobs = rules.jobs(made)
    if rules.kind != "boxes" or any(failures):
        return {}, failures
    return {job.name: results.read_job(job) for job in jobs}, failures


def test_one_pass_goes_forwards_and_backwards(picture: Path, tmp_path: Path) -> None:
    made, model = sequence(picture, 5, absent=(4,)), Toy(stays)
    forwards, _ = evaluate(model, made, "one-pass", tmp_path)
    backwards, _ = evaluate(model, made, "one-pass-backwards", tmp_path)
    assert model.seen == [[0, 1, 2, 3, 4], [3, 2, 1, 0]]
    assert len(forwards[""][0].boxes) == 5
    assert len(backwards[""][0].boxes) == 4
    names = [folder.name for folder in sorted((tmp_path / "results").iterdir())]
    assert names == ["folder", "folder-one-pass-backwards"]


def test_one_pass_follows_several_targets_from_where_each_appears(picture: Path, tmp_path: Path) -> None:
    late = GroundTruth(np.tile([1.0, 2, 3, 4], (4, 1)), np.array([1, 1, 0, 0], dtype=np.int8))
    soon = GroundTruth(np.tile(np.array(BOX), (4, 1)), np.array([1, 0, 0, 0], dtype=np.int8))
    made = Sequence("toy", (picture,) * 4, BoxAnnotation({"late": late, "soon": soon}))
    lost = np.array([Status.LOST], dtype=object)

    def answer(index: int, given: dict[Any, Any]) -> Instances:
        found = stays(index, given)
        return boxes(found.xywh, ids=found.ids, status=lost) if len(found) == 1 else found[::-1]

    model = Toy(answer)
    (tracks,) = evaluate(model, made, "one-pass", tmp_path)[0].values()
    assert model.seen == [[1, 2, 3]]
    assert list(tracks) == ["soon", "late"]
    assert np.isnan(tracks["soon"].boxes[0]).all()
    np.testing.assert_array_equal(tracks["soon"].boxes[1:], np.tile(BOX, (3, 1)))
    assert np.isnan(tracks["late"].boxes[:2]).all()
    np.testing.assert_array_equal(tracks["late"].boxes[2:], [[1, 2, 3, 4]] * 2)
    assert tracks["soon"].is_lost.tolist() == [False, True, False, False]


def test_a_model_must_tell_several_targets_apart(picture: Path, tmp_path: Path) -> None:
    truth = GroundTruth(np.tile(np.array(BOX), (2, 1)), np.zeros(2, dtype=np.int8))
    made = Sequence("toy", (picture,) * 2, BoxAnnotation({"a": truth, "b": truth}))
    _, failures = evaluate(Toy(lambda i, given: boxes([*given.values()])), made, "one-pass", tmp_path)
    assert failures[0] is not None
    assert "toy answered without the id of target a" in failures[0]
    with pytest.raises(DatasetError, match="'toy' has 2 targets, but this protocol needs one"):
        PROTOCOLS["tre"].jobs(made)


@pytest.mark.parametrize(
    ("frames", "absent", "backwards", "first", "count"),
    [
        pytest.param(119, (), False, [0, 5, 10], 20, id="evenly, twenty frames from the end at most"),
        pytest.param(119, (), True, [118, 113, 108], 20, id="mirrored"),
        pytest.param(25, (), False, [0, 1, 2], 6, id="as many as there is room for"),
        pytest.param(7, (), False, [0], 1, id="shorter than the shortest"),
        pytest.param(119, (5, 6), False, [0, 7, 10], 20, id="absent: the next frame with the target"),
        pytest.param(119, (113,), True, [118, 112, 108], 20, id="absent, backwards"),
    ],
)
def test_temporal_robustness_starts_all_over_the_sequence(
    picture: Path, frames: int, absent: tuple[int, ...], backwards: bool, first: list[int], count: int
) -> None:
    rules = PROTOCOLS["tre-backwards" if backwards else "tre"]
    jobs = rules.jobs(sequence(picture, frames, absent))
    starts = [job.frames[0] for job in jobs]
    assert starts[: len(first)] == first
    assert len(starts) == count
    assert {job.frames[-1] for job in jobs} == {0 if backwards else frames - 1}
    assert all(job.starts == {0: job.frames[0]} for job in jobs)
    assert len({job.stem for job in jobs}) == count


def test_spatial_robustness_begins_with_twelve_wrong_boxes(picture: Path, tmp_path: Path) -> None:
    made, model = sequence(picture, 3), Toy(stays)
    tracks, _ = evaluate(model, made, "sre", tmp_path)
    first = {name: track[0].boxes[0].tolist() for name, track in tracks.items()}
    assert len(first) == 12
    assert first["left"] == [8, 12, 20, 10]
    assert first["down-right"] == [12, 13, 20, 10]
    assert first["scale-1.2"] == pytest.approx([8, 11, 24, 12])
    assert first["scale-0.8"] == pytest.approx([12, 13, 16, 8])
    assert model.seen == [[0, 1, 2]] * 12
    backwards = PROTOCOLS["sre-backwards"].jobs(made)
    assert [list(job.frames) for job in backwards] == [[2, 1, 0]] * 12


def test_a_perturbed_box_stays_on_the_frame(picture: Path) -> None:
    truth = GroundTruth(np.array([[0.0, 0, 40, 48]]), np.zeros(1, dtype=np.int8))
    jobs = PROTOCOLS["sre"].jobs(Sequence("toy", (picture,), truth))
    assert {job.name: job.box for job in jobs}["up-left"] == pytest.approx((0, 0, 36, 43.2))


def test_anchors_are_those_of_the_sequence(picture: Path, tmp_path: Path) -> None:
    values = np.zeros(6)
    values[[1, 4]] = (1, -1)
    made, model = sequence(picture, 6, values={"anchor": values}), Toy(stays)
    tracks, _ = evaluate(model, made, "anchors", tmp_path)
    assert model.seen == [[1, 2, 3, 4, 5], [4, 3, 2, 1, 0]]
    jobs = PROTOCOLS["anchors"].jobs(made)
    runs = [anchor_run(tracks[job.name][0], job) for job in jobs]
    scores = score_anchor_sequence(runs, 6)
    assert scores.robustness == 1
    assert scores.accuracy == pytest.approx(0.8)


def test_a_sequence_without_anchors_gets_one_every_fifty_frames(picture: Path) -> None:
    jobs = PROTOCOLS["anchors"].jobs(sequence(picture, 121, absent=(50,)))
    assert [(job.frames[0], job.frames[-1]) for job in jobs] == [(0, 120), (100, 0), (120, 0)]


def test_after_a_failure_the_model_starts_again_five_frames_later(picture: Path, tmp_path: Path) -> None:
    made = sequence(picture, 20, absent=(8, 15))

    def answer(index: int, given: dict[Any, Any]) -> Instances:
        return boxes([(40, 30, 5, 5)] if index in (3, 8, 17) else [*given.values()])

    model = Toy(answer)
    tracks, _ = evaluate(model, made, "resets", tmp_path)
    track = tracks[""][0]
    # nobody fails in a frame without target; the start at 8 moves on to 9
    assert model.seen == [[0, 1, 2, 3], [9, *range(10, 18)]]
    assert np.flatnonzero(track.codes == Code.START).tolist() == [0, 9]
    assert np.flatnonzero(track.codes == Code.FAILURE).tolist() == [3, 17]
    assert np.flatnonzero(track.codes == Code.SKIPPED).tolist() == [4, 5, 6, 7, 8, 18, 19]
    text = (tmp_path / "results" / "folder-resets" / "toy" / "toy.txt").read_text().splitlines()
    assert text[:5] == ["1", "10.0000,12.0000,20.0000,10.0000", "10.0000,12.0000,20.0000,10.0000", "2", "0"]
    run = reset_run(track, PROTOCOLS["resets"].jobs(made)[0])
    assert np.isnan(run.overlaps[15])
    scores = score_reset_sequence([run])
    assert (scores.failures, scores.lost) == (2, 2)
    with pytest.raises(ValueError, match="without starts and failures"):
        reset_run(Track.blank(20), PROTOCOLS["resets"].jobs(made)[0])


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        pytest.param({}, 1.0, id="box"),
        # its ten rows have 20, 17, 15, 13, 11, 9, 7, 5, 3 and 1 pixels
        pytest.param({"polygons": [(10, 12), (29, 12), (10, 21)]}, 0.505, id="polygon"),
        pytest.param({"polygons": [(np.nan, np.nan)] * 3}, 1.0, id="a polygon elsewhere"),
        pytest.param({"masks": {0: np.pad(np.ones((10, 10), bool), ((12, 26), (10, 44)))}}, 0.5, id="mask"),
    ],
)
def test_overlap_is_that_with_the_true_region(truth: dict[str, Any], expected: float) -> None:
    if "polygons" in truth:
        truth["polygons"] = np.array([truth["polygons"]], dtype=np.float64)
    known = GroundTruth(np.array([BOX]), np.zeros(1, dtype=np.int8), **truth)
    assert region_overlap(np.array(BOX), known, 0, WH) == pytest.approx(expected)
    assert region_overlap(np.array([50.0, 40, 90, 90]), known, 0, WH) == 0
    absent = GroundTruth(known.boxes, np.ones(1, dtype=np.int8))
    assert np.isnan(region_overlap(np.array(BOX), absent, 0, WH))


@pytest.fixture
def labelled(tmp_path: Path) -> Sequence:
    """Two objects on three frames; the second appears in the second."""
    images, files = [], []
    for index in range(3):
        images.append(tmp_path / "frames" / f"{index:05d}.jpg")
        files.append(tmp_path / "labels" / f"{index:05d}.png")
        labels = np.zeros(WH[::-1], dtype=np.uint8)
        labels[5:15, 5 + index : 15 + index] = 3
        labels[20:30, 20:30] = 7 if index else 0
        for path in (images[-1], files[-1]):
            path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(images[-1]), np.full((*WH[::-1], 3), 90, dtype=np.uint8))
        write_palette_png(files[-1], labels)
    return Sequence("toy", tuple(images), LabelAnnotation(tuple(images), tuple(files), {3: 0, 7: 1}))


def masks_of(given: dict[Any, Any], **more: Any) -> Instances:
    masks = np.array(list(given.values()))
    return boxes(np.zeros((len(masks), 4)), masks=masks, ids=np.array([*given], dtype=object), **more)


def test_first_masks_are_given_and_label_pictures_come_back(labelled: Sequence, tmp_path: Path) -> None:
    model = Toy(lambda index, given: masks_of(given))
    _, failures = evaluate(model, labelled, "first-mask", tmp_path)
    assert failures == [None]
    folder = tmp_path / "results" / "folder-first-mask" / "toy"
    assert len((folder / "toy_time.txt").read_text().splitlines()) == 3
    found = [read_labels(folder / "toy" / f"{i:05d}.png", labelled.images[i]) for i in range(3)]
    truth = [labelled.annotation.labels(i) for i in range(3)]
    np.testing.assert_array_equal(found[0], truth[0])
    # the first object is where it was first, the second where it appeared
    np.testing.assert_array_equal(found[2] == 3, truth[0] == 3)
    np.testing.assert_array_equal(found[2] == 7, truth[2] == 7)
    assert (
        plan(
            [Contender.of("toy", model)],
            Dataset("folder", tmp_path, (labelled,)),
            tmp_path,
            protocol=PROTOCOLS["first-mask"],
        )
        == []
    )
    (folder / "toy" / "00001.png").unlink()
    assert (
        len(
            plan(
                [Contender.of("toy", model)],
                Dataset("folder", tmp_path, (labelled,)),
                tmp_path,
                protocol=PROTOCOLS["first-mask"],
            )
        )
        == 1
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda i, given: boxes(np.zeros((len(given), 4))),
            "toy answered without masks; protocol first-mask",
        ),
        (
            lambda i, given: boxes([BOX], masks=np.ones((1, 4, 4), bool)),
            r"masks of \(4, 4\), not of \(48, 64\)",
        ),
        (
            lambda i, given: boxes([BOX], masks=np.ones((1, *WH[::-1]), bool), ids=np.array([9])),
            "toy answered a target 9 that nobody gave",
        ),
        (
            lambda i, given: boxes([BOX] * 2, masks=np.ones((2, *WH[::-1]), bool)),
            "toy answered 2 masks without ids, but was given 1 targets",
        ),
    ],
)
def test_answers_that_are_no_masks_are_refused(
    labelled: Sequence, answer: Callable[..., Instances], message: str
) -> None:
    rules = PROTOCOLS["first-mask"]
    with pytest.raises(ModelError, match=f"frame 0: .*{message}"):
        rules.run(Toy(answer), rules.jobs(labelled)[0], seed=0, on_frame=lambda count: None)


def test_masks_without_ids_are_those_of_the_targets_in_their_order(
    labelled: Sequence, tmp_path: Path
) -> None:
    plain = Toy(lambda i, given: replace(masks_of(given), ids=None))
    assert evaluate(plain, labelled, "first-mask", tmp_path)[1] == [None]
    file = tmp_path / "results" / "folder-first-mask" / "toy" / "toy" / "00002.png"
    assert np.unique(read_labels(file, labelled.images[2])).tolist() == [0, 3, 7]


def test_objects_that_no_label_picture_can_name_are_numbered_alike_everywhere(
    picture: Path, tmp_path: Path
) -> None:
    """An id of 0 would be background, so that all three get other values."""
    masks = np.zeros((3, *WH[::-1]), dtype=bool)
    for place in range(3):
        masks[place, 5:15, 5 + 15 * place : 15 + 15 * place] = True
    truths = {
        n: GroundTruth(np.tile(np.array(BOX), (2, 1)), np.zeros(2, np.int8), masks={0: mask, 1: mask})
        for n, mask in enumerate(masks)
    }
    made = Sequence("toy", (picture,) * 2, BoxAnnotation(truths))
    (job,) = PROTOCOLS["first-mask"].jobs(made)
    expected = masks[0] + 2 * masks[1] + 3 * masks[2]
    for index in range(2):
        np.testing.assert_array_equal(true_labels(job, index), expected)
    model = Toy(lambda index, given: masks_of(given))
    assert evaluate(model, made, "first-mask", tmp_path)[1] == [None]
    file = tmp_path / "results" / "folder-first-mask" / "toy" / "toy" / f"{picture.stem}.png"
    np.testing.assert_array_equal(read_labels(file, picture), expected)


def test_protocols_say_which_data_set_they_need(picture: Path, labelled: Sequence) -> None:
    plain = sequence(picture, 3)
    with pytest.raises(DatasetError, match="'toy' has no masks; protocol first-mask needs a data set with"):
        PROTOCOLS["first-mask"].jobs(plain)
    with pytest.raises(DatasetError, match="'toy' is not annotated with tracks; protocol mot needs"):
        PROTOCOLS["mot"].jobs(plain)
    unknown = Sequence("toy", (picture,) * 2, empty_tracks(2))
    with pytest.raises(DatasetError, match="'toy' has no target that could be pointed at; protocol one-pass"):
        PROTOCOLS["one-pass"].jobs(unknown)
    assert len(PROTOCOLS["mot"].jobs(unknown)) == 1
    assert list(PROTOCOLS["one-pass"].jobs(labelled)[0].starts) == [3, 7]


def test_what_a_model_finds_by_itself_is_written_as_in_the_mot_challenge(
    picture: Path, tmp_path: Path
) -> None:
    made = Sequence("toy", (picture,) * 3, empty_tracks(3))
    # in the last frame there is somebody of whom nobody knows who it is
    known, nobody = np.array([4, 2]), np.array([NOBODY, 4])
    found = [boxes([BOX, (1, 2, 3, 4)], ids=known), boxes([]), boxes([(5, 6, 7, 8), BOX], ids=nobody)]
    _, failures = evaluate(Toy(lambda index, given: found[index]), made, "mot", tmp_path)
    assert failures == [None]
    file = tmp_path / "results" / "folder-mot" / "toy" / "toy.txt"
    assert file.read_text().splitlines()[0] == "1,5,11.0000,13.0000,20.0000,10.0000,0.500000,-1,-1,-1"
    tracks = read_tracks(file, 3)
    assert tracks.frames.tolist() == [0, 0, 2]
    assert tracks.ids.tolist() == [3, 5, 5]


@pytest.mark.parametrize("ids", [None, [1, 1], ["a", "b"], [-2, 2]])
def test_tracks_need_different_whole_numbers(picture: Path, ids: list[Any] | None) -> None:
    made = Sequence("toy", (picture,), empty_tracks(1))
    rules = PROTOCOLS["mot"]
    answer = boxes([BOX, BOX], ids=None if ids is None else np.array(ids, dtype=object))
    with pytest.raises(ModelError, match="frame 0: toy answered 2 targets with the ids"):
        rules.run(Toy(lambda *_: answer), rules.jobs(made)[0], seed=0, on_frame=lambda count: None)


@pytest.mark.parametrize(
    ("wish", "dataset", "protocol", "dialect"),
    [
        (None, "folder", "one-pass", "pytracking"),
        (None, "vot2018", "resets", "pytracking"),
        (None, "vot2022", "anchors", "pytracking"),
        (None, "vot2019_lt", "one-pass", "pytracking"),
        ("one-pass", "vot2018", "one-pass", "pytracking"),
        ("lasot", "folder", "one-pass", "lasot"),
        ("tre", "otb100", "tre", "otb"),
        ("sre-backwards", "otb100", "sre-backwards", "otb"),
    ],
)
def test_a_benchmark_has_its_protocol_unless_one_is_named(
    picture: Path, wish: str | None, dataset: str, protocol: str, dialect: str
) -> None:
    chosen, rules = choose_protocol(wish, Dataset(dataset, picture.parent, (sequence(picture, 2),)))
    assert (chosen.name, rules) == (protocol, dialect)


def test_the_truth_decides_where_the_name_does_not(picture: Path, labelled: Sequence) -> None:
    tracks = Sequence("toy", (picture,), empty_tracks(1))
    assert isinstance(tracks.annotation, Tracks)
    for made, protocol in ((labelled, "first-mask"), (tracks, "mot")):
        assert choose_protocol(None, Dataset("folder", picture.parent, (made,)))[0].name == protocol
    with pytest.raises(ConfigError, match="no protocol 'anchor'; did you mean 'anchors'"):
        choose_protocol("anchor", Dataset("folder", picture.parent, (labelled,)))
