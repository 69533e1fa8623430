"""What runs and evaluations leave behind, ours and others', and detections and boxes that users hand in."""

import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from saccade.core import COCO_17, Instances
from saccade.core.instances import id_array
from saccade.data.detection.annotations import AnnotatedImage, DetectionDataset
from saccade.data.frames import ListedFrames
from saccade.data.pose.people import PoseDataset, PosedImage
from saccade.data.sequence import Sequence
from saccade.data.truth import GroundTruth
from saccade.deploy.given_detections import read_detections
from saccade.deploy.video_boxes import read_video_boxes
from saccade.evaluation.detection.coco_results import read_coco_results
from saccade.evaluation.detection.results import DetectionResults
from saccade.evaluation.pose import coco_results as pose_results
from saccade.evaluation.pose.results import PoseResults
from saccade.evaluation.protocols import Job
from saccade.evaluation.results import DatasetResults, ModelResults
from saccade.evaluation.tracks import Track, track_files
from saccade.media.images import read_frame, read_list
from saccade.media.results import HEADER, boxes_csv_lines, read_boxes_csv
from saccade.training.record import read_record
from tests.fuzz.target import Target
from tests.fuzz.writing import box, lines, numeral, picture, real

_FRAMES = 3
_FOLDER = Path("nowhere")
_JOB = Job(
    Sequence(
        "car",
        ListedFrames(_FOLDER, [f"{place}.jpg" for place in range(_FRAMES)]),
        GroundTruth(np.ones((_FRAMES, 4)), np.zeros(_FRAMES, np.int8)),
    ),
    range(_FRAMES),
    {0: 0},
)
_IMAGE = AnnotatedImage(
    name="a",
    file=_FOLDER / "a.jpg",
    annotation=None,
    size_wh=(64, 48),
    boxes=np.zeros((0, 4), np.float32),
    labels=np.zeros(0, np.int64),
    is_crowd=np.zeros(0, bool),
    is_difficult=np.zeros(0, bool),
    id=7,
)
_BOXED = DetectionDataset(name="coco", root=_FOLDER, split=None, classes=("cat", "dog"), images=(_IMAGE,))
_POSED = PoseDataset(
    name="coco-keypoints",
    root=_FOLDER,
    split=None,
    skeleton=COCO_17,
    images=(PosedImage(name="a", file=_IMAGE.file, annotation=_FOLDER, size_wh=None, people=(), id=7),),
)


def _fields(found: Instances) -> Any:
    """What is told of instances, as plain values."""
    names = ("boxes", "scores", "ids", "labels", "names", "status", "keypoints", "keypoint_scores")
    return found.frame, {name: value for name in names if (value := getattr(found, name)) is not None}


def _track(path: Path) -> Any:
    (track,) = ModelResults(path.parent).read_job(_JOB).values()
    assert len(track.boxes) == len(track.seconds) == len(track.scores) == len(track.is_lost) == _FRAMES
    assert np.isfinite(track.boxes).all() and (track.boxes[:, 2:] >= 0).all()
    return track.boxes, track.seconds, track.scores, track.is_lost


def _make_track(ending: str) -> Any:
    """Makes one of the files that an evaluation leaves of a track; the others are those of `_AROUND`."""

    def make(rng: Random) -> tuple[bytes, Any]:
        chance = np.random.default_rng(rng.getrandbits(32))
        values = {key: getattr(_TRACK, key) for key in ("boxes", "seconds", "scores", "is_lost")}
        if ending == "":
            values["boxes"] = chance.uniform(0, 500, (_FRAMES, 4)).round(4)
        elif ending == "_time":
            values["seconds"] = chance.random(_FRAMES).round(6)
        else:
            values |= {
                "scores": chance.normal(size=_FRAMES).round(6),
                "is_lost": chance.random(_FRAMES) < 0.5,
            }
        files = track_files({"car": Track(**values)}, "car")
        # a track of which nothing is known but that it is followed has no such file
        return files.get(f"car{ending}.txt", _AROUND[f"car{ending}.txt"]), tuple(values.values())

    return make


_TRACK = Track(
    np.arange(12.0).reshape(_FRAMES, 4),
    np.full(_FRAMES, 0.5),
    np.array([0.25, 0.5, 1]),
    np.array([0, 1, 0]) > 0,
)
_AROUND = track_files({"car": _TRACK}, "car")


def _kept(path: Path) -> Any:
    results = DatasetResults.find(path.parents[2 if path.name == "dataset.json" else 3])
    models = results.models()
    settings = {model: json.dumps(results.of(model).settings) for model in models}
    return results.protocol, results.label, models, settings


def _csv(path: Path) -> Any:
    read = list(read_boxes_csv(path))
    assert all(np.isfinite(found.boxes).all() for found in read)
    return [_fields(found) for found in read]


def _make_csv(rng: Random) -> tuple[bytes, Any]:
    text, expected = ",".join(HEADER) + ",name\n", []
    for frame in sorted(rng.sample(range(99), rng.randrange(1, 5))):
        count = rng.randrange(1, 4)
        found = Instances(
            boxes=np.array([box(rng) for _ in range(count)], float),
            scores=np.array([rng.randrange(1, 9) / 8 for _ in range(count)]),
            ids=id_array(
                [rng.choice((place, f"a, {place}", f'"{place}"', f"0{place}")) for place in range(count)]
            ),
            status=np.array([rng.choice(("tracked", "lost")) for _ in range(count)]),
            names=np.array([rng.choice(("cat", "a,b", "\u00e4")) for _ in range(count)]),
            frame=frame,
        )
        text += boxes_csv_lines(found, names=True)
        expected.append(_fields(found))
    return text.encode(), expected


def _given(path: Path) -> Any:
    found = read_detections(path)
    assert found.num_frames == max(found._by_frame) + 1 and min(found._by_frame) >= 0
    return {frame: _fields(each)[1] for frame, each in found._by_frame.items()}


def _make_given(rng: Random) -> tuple[bytes, Any]:
    rows, expected = ["frame,x,y,w,h,score"], {}
    for frame in sorted(rng.sample(range(30), rng.randrange(1, 5))):
        x1, y1, x2, y2 = box(rng)
        text, score = numeral(rng, 0.01, 1)
        rows.append(f"{frame},{x1},{y1},{x2 - x1},{y2 - y1},{text}")
        expected[frame] = {"boxes": np.array([[x1, y1, x2, y2]]), "scores": np.array([score])}
    return lines(rng, rows), expected


def _videos(path: Path) -> Any:
    found = read_video_boxes(path, [Path("day/a.mp4"), Path("night/a.mp4"), Path("b.mp4")])
    return {str(video): (each.frame, each.boxes) for video, each in found.items()}


def _make_videos(rng: Random) -> tuple[bytes, Any]:
    rows, expected = ["video,x,y,w,h,frame"], {}
    for video in ("day/a.mp4", "night/a.mp4", "b.mp4"):
        frame, boxes = rng.randrange(9), [box(rng) for _ in range(rng.randrange(1, 3))]
        rows += [f"{video},{x},{y},{w},{h},{frame}" for x, y, w, h in boxes if h]
        expected[video] = (frame, [tuple(map(float, each)) for each in boxes])
    return lines(rng, rows), expected


def _make_detections(rng: Random) -> tuple[bytes, Any]:
    rows, boxes, scores, labels = [], [], [], []
    for _ in range(rng.randrange(1, 5)):
        x1, y1, x2, y2 = box(rng)
        score, label = rng.randrange(9) / 8, rng.randrange(2)
        size = [x1, y1, x2 - x1, y2 - y1]
        rows.append(
            {"image_id": rng.choice((7, "a.jpg")), "category_id": label + 1, "bbox": size, "score": score}
        )
        boxes.append((x1, y1, x2, y2))
        scores.append(score)
        labels.append(label)
    found = {"boxes": np.array(boxes), "scores": np.array(scores), "labels": np.array(labels)}
    return json.dumps(rows).encode(), [(0, found)]


def _begun(path: Path) -> Any:
    found, seconds = DetectionResults(path.parent).begun(_BOXED)
    return [_fields(each) for each in found], seconds


def _run_facts(path: Path) -> Any:
    found, posed = DetectionResults(path.parent), PoseResults(path.parent)
    return found.notes, found.score_floor, None if posed.matching is None else str(posed.matching)


def _source(path: Path) -> Any:
    found = DetectionResults.find(path.parents[2])
    return None if found is None else (found.source.name, str(found.source.root), found.source.split)


def _recorded(path: Path) -> Any:
    record = read_record(path.parent)
    return None if record is None else json.dumps(record)


def _picture(path: Path) -> Any:
    frame = read_frame(path, 0)
    assert frame.image.dtype == np.uint8 and frame.image.ndim == 3 and frame.image.shape[2] == 3
    return frame.image


_ROW = {"image_id": 7, "category_id": 1, "bbox": [1, 2, 3, 4], "score": 0.5}
_POSE_ROW = {
    "image_id": 7,
    "category_id": 1,
    "keypoints": [1.0, 2.0, 0.5] * 17,
    "score": 0.5,
    "box": [1, 2, 3, 4],
}
_LINE = {"image": "a", "seconds": 0.5, "boxes": [[1, 2, 3, 4]], "scores": [0.5], "labels": [1]}
_RUN = b'{"format": 1, "settings": {"model": "eco"}, "notes": ["n"], "score_floor": 0.05}'
_DATASET = b'{"format": 1, "name": "otb", "root": "otb", "split": "all", "protocol": "one-pass"}'
_VIDEOS = b"video,x,y,w,h,frame\nday/a.mp4,1,2,3,4,0\nnight/a.mp4,1,2,3,4,5\nb.mp4,1,2,3,4,0\n"

TARGETS = (
    *(
        Target(
            name=f"result files: {what}",
            read=_track,
            file=f"car{ending}.txt",
            around={name: text for name, text in _AROUND.items() if name != f"car{ending}.txt"},
            samples=(_AROUND[f"car{ending}.txt"],),
            make=_make_track(ending),
            unknown=True,
        )
        for ending, what in (("", "boxes"), ("_score", "scores"), ("_time", "seconds"))
    ),
    Target(
        name="result files: run.json",
        read=_kept,
        file="results/otb/eco/run.json",
        around={"results/otb/dataset.json": _DATASET},
        samples=(_RUN,),
        form="json",
    ),
    Target(
        name="result files: dataset.json",
        read=_kept,
        file="results/otb/dataset.json",
        around={"results/otb/eco/run.json": _RUN},
        samples=(_DATASET,),
        form="json",
    ),
    Target(
        name="boxes.csv",
        read=_csv,
        file="boxes.csv",
        samples=(_make_csv(Random(1))[0],),
        make=_make_csv,
        unknown=True,
    ),
    Target(
        name="detections in MOT's form",
        read=_given,
        file="det.txt",
        samples=(
            b"1,-1,10,20,30,40,0.9,-1,-1,-1\n2,-1,1,2,3,4,0.5\n"[:30] + b"\n",
            *real("mot/TUD-Campus/det/det.txt", 5),
        ),
    ),
    Target(
        name="detections in a table",
        read=_given,
        file="detections.csv",
        samples=(b"frame,x,y,w,h,score,name\n0,1,2,3,4,0.5,cat\n3,1,2,3,4,0.5,dog\n",),
        make=_make_given,
    ),
    Target(name="boxes of videos", read=_videos, file="boxes.csv", samples=(_VIDEOS,), make=_make_videos),
    Target(
        name="COCO results: boxes",
        read=lambda path: [_fields(found) for found in read_coco_results(path, _BOXED)],
        file="detections.json",
        samples=(
            json.dumps([_ROW, _ROW | {"image_id": "a.jpg"}]).encode(),
            json.dumps({"annotations": [_ROW]}).encode(),
        ),
        make=_make_detections,
        form="json",
    ),
    Target(
        name="COCO results: poses",
        read=lambda path: [_fields(found) for found in pose_results.read_coco_results(path, _POSED)],
        file="poses.json",
        samples=(json.dumps([_POSE_ROW]).encode(),),
        form="json",
    ),
    Target(
        name="COCO results: boxes of people",
        read=lambda path: [_fields(found) for found in pose_results.read_boxes(path, _POSED)[0]],
        file="boxes.json",
        samples=(json.dumps([_ROW]).encode(),),
        form="json",
    ),
    Target(
        name="detections, broken off",
        read=_begun,
        file="detections.jsonl.part",
        samples=(json.dumps(_LINE).encode(),),
        form="json",
    ),
    Target(
        name="detections: run.json",
        read=_run_facts,
        file="run.json",
        samples=(_RUN, b'{"settings": {"boxes": "truth"}}'),
        form="json",
    ),
    Target(
        name="detections: dataset.json",
        read=_source,
        file="results/set/dataset.json",
        around={"results/set/ssd/run.json": b"{}"},
        samples=(b'{"format": 1, "task": "detect", "name": "coco", "root": "coco", "split": "val"}',),
        form="json",
    ),
    Target(
        name="detections: time.txt",
        read=lambda path: DetectionResults(path.parent).read_seconds(),
        file="time.txt",
        samples=(b"0.5\n0.25\n",),
    ),
    Target(
        name="key points: mean_pose.json",
        read=lambda path: (PoseResults(path.parent).mean_pose.of, PoseResults(path.parent).mean_pose.points),
        file="mean_pose.json",
        samples=(b'{"of": "coco", "points": [[0.5, 0.25], [0.125, 1]]}',),
        form="json",
    ),
    Target(
        name="training: run.json",
        read=_recorded,
        file="run.json",
        samples=(b'{"course": {"recipe": "nano"}, "begun": [{"step": 0}]}',),
        form="json",
    ),
    Target(
        name="pictures",
        read=_picture,
        file="frame.png",
        samples=tuple(picture(kind) for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "PPM")),
        form="binary",
    ),
    Target(
        name="lists of files",
        read=lambda path: read_list(path),
        samples=("a.jpg\n\nb c.jpg\n\u00e4.png".encode(),),
    ),
)
