"""The truth of sequences: boxes, flags, regions, tracks, label pictures, and what stands beside them."""

import io
import json
import math
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from scipy.io import savemat

from saccade.core import DatasetError
from saccade.data.datasets import find_entry
from saccade.data.datasets.imagenet_vid import read_tracklets
from saccade.data.datasets.mot import mot_sequence
from saccade.data.datasets.oxuva import _labels as oxuva_labels
from saccade.data.datasets.sbd import _labels as sbd_labels
from saccade.data.datasets.vot import vot_sequence
from saccade.data.formats.boxes import read_boxes, read_flags, read_numbers, read_vatic
from saccade.data.formats.coco import read_coco
from saccade.data.formats.labels import read_ids
from saccade.data.formats.regions import read_regions
from saccade.data.formats.tracks import read_tracks
from saccade.data.samples.pool import _listed
from saccade.ops.masks import encode_rle, write_palette_png
from tests.fuzz.target import Target
from tests.fuzz.writing import SIZE_WH, lines, numeral, picture, real

_SEPARATORS = (",", ", ", "\t", " ")


def _numbers_in(path: Path) -> list[list[float]]:
    """The numbers of each line by the plainest of readings, which has no fast way and no way around."""
    text = path.read_bytes().decode("utf-8-sig").rstrip()
    words = (line.strip().removesuffix(",").replace(",", " ").split() for line in text.splitlines())
    return [[float(word) for word in row] for row in words]


def _boxes(path: Path) -> Any:
    boxes = read_boxes(path)
    for found, said in zip(boxes, _numbers_in(path), strict=True):
        xs, ys = (said[0::2], said[1::2]) if len(said) == 8 else ([said[0]], [said[1]])
        size = (max(xs) - min(xs), max(ys) - min(ys)) if len(said) == 8 else said[2:]
        right = [math.nan] * 4 if any(map(math.isnan, said)) else [min(xs), min(ys), *size]
        np.testing.assert_allclose(found, right, err_msg="read otherwise than it is written")
    return boxes


def _make_boxes(rng: Random) -> tuple[bytes, Any]:
    rows, boxes = [], []
    is_polygon, separator = rng.random() < 0.3, rng.choice(_SEPARATORS)
    for _ in range(rng.randrange(1, 9)):
        texts, values = zip(*(numeral(rng) for _ in range(8 if is_polygon else 4)), strict=True)
        if is_polygon:
            low, high = np.array(values).reshape(4, 2).min(0), np.array(values).reshape(4, 2).max(0)
            values = (*low, *(high - low))
        if rng.random() < 0.1:
            texts, values = (rng.choice(("nan", "NaN")), *texts[1:]), (math.nan,) * 4
        rows.append(separator.join(texts))
        boxes.append(values)
    return lines(rng, rows), np.array(boxes)


def _make_numbers(rng: Random) -> tuple[bytes, Any]:
    texts, values = zip(*(numeral(rng) for _ in range(rng.randrange(1, 20))), strict=True)
    return lines(rng, list(texts)), np.array(values)


def _make_flags(rng: Random) -> tuple[bytes, Any]:
    flags = [rng.random() < 0.5 for _ in range(rng.randrange(1, 20))]
    texts = [str(int(flag)) for flag in flags]
    rows = texts if rng.random() < 0.5 else [rng.choice(_SEPARATORS).join(texts)]
    return lines(rng, rows), np.array(flags)


def _make_vatic(rng: Random) -> tuple[bytes, Any]:
    rows, boxes, lost, occluded = [], [], [], []
    for frame in range(rng.randrange(1, 9)):
        x1, y1, w, h = (rng.randrange(500) for _ in range(4))
        flags = rng.randrange(2), rng.randrange(2)
        rows.append(f'0 {x1} {y1} {x1 + w} {y1 + h} {frame} {flags[0]} {flags[1]} 0 "a car"')
        boxes.append((x1, y1, w, h))
        lost.append(flags[0] == 1)
        occluded.append(flags[1] == 1)
    return lines(rng, rows), (
        np.array(boxes, float),
        {"lost": np.array(lost), "occluded": np.array(occluded)},
    )


def _regions(path: Path) -> Any:
    regions = read_regions(path)
    masks = None if regions.masks is None else [mask and mask.on_frame(SIZE_WH) for mask in regions.masks]
    assert regions.polygons is None or len(regions.polygons) == len(regions.boxes)
    return regions.boxes, masks


def _make_regions(rng: Random) -> tuple[bytes, Any]:
    rows, boxes, masks = [], [], []
    for _ in range(rng.randrange(1, 6)):
        kind, mask = rng.randrange(4), None
        if kind == 0:
            texts, values = zip(*(numeral(rng) for _ in range(4)), strict=True)
            rows.append(",".join(texts))
            boxes.append(values)
        elif kind == 1:
            corners = np.array([[rng.randrange(90), rng.randrange(90)] for _ in range(rng.randrange(3, 7))])
            rows.append(",".join(map(str, corners.ravel())))
            boxes.append((*corners.min(0), *(corners.max(0) - corners.min(0))))
        elif kind == 2:
            rows.append(rng.choice("0123"))
            boxes.append((math.nan,) * 4)
        else:
            row, bounds, mask = _mask_row(rng)
            rows.append(row)
            boxes.append(bounds)
        masks.append(mask)
    return lines(rng, rows), (np.array(boxes, float), masks if any(m is not None for m in masks) else None)


def _mask_row(rng: Random) -> tuple[str, tuple[float, ...], np.ndarray]:
    """A line with a mask, the box around it, and the mask on a frame."""
    chance = np.random.default_rng(rng.getrandbits(32))
    w, h = rng.randrange(1, 9), rng.randrange(1, 9)
    x, y = rng.randrange(SIZE_WH[0] - w), rng.randrange(SIZE_WH[1] - h)
    frame = np.zeros((SIZE_WH[1], SIZE_WH[0]), bool)
    frame[y : y + h, x : x + w] = chance.random((h, w)) < 0.5
    runs, value = [0], False
    for pixel in frame[y : y + h, x : x + w].ravel():
        if pixel != value:
            runs.append(0)
            value = pixel
        runs[-1] += 1
    ys, xs = np.nonzero(frame)
    if not len(xs):
        return f"m{x},{y},{w},{h},{w * h}", (0.0,) * 4, frame
    bounds = (xs.min(), ys.min(), xs.max() + 1 - xs.min(), ys.max() + 1 - ys.min())
    return f"m{','.join(map(str, (x, y, w, h, *runs)))}", bounds, frame


def _tracks(path: Path) -> Any:
    tracks = read_tracks(path)
    assert (tracks.frames >= 0).all() and (np.diff(tracks.frames) >= 0).all()
    assert (tracks.boxes[:, 2:] >= 0).all() and np.isfinite(tracks.corners).all()
    assert len(tracks) == tracks.frames.max(initial=-1) + 1
    columns = (tracks.frames, tracks.ids, tracks.boxes, tracks.confidence, tracks.categories)
    return (*columns, np.nan_to_num(tracks.visibility, nan=-1.0))


def _make_tracks(rng: Random) -> tuple[bytes, Any]:
    keys = sorted({(rng.randrange(1, 20), rng.randrange(9)) for _ in range(rng.randrange(1, 12))})
    width = rng.choice((6, 7, 9, 10))
    rows, values = [], []
    for frame, who in keys:
        x, y, w, h = rng.randrange(-50, 500), rng.randrange(500), rng.randrange(300), rng.randrange(300)
        sure, kind, seen = rng.randrange(2), rng.randrange(1, 13), rng.randrange(5) / 4
        tail = {6: (), 7: (sure,), 9: (sure, kind, seen), 10: (sure, -1, -1, -1)}[width]
        rows.append(",".join(map(str, (frame, who, x, y, w, h, *tail))))
        sure = sure if width > 6 else 1
        kind, seen = (kind, seen) if width == 9 else (-1, -1)
        values.append((frame - 1, who, x, y, w, h, sure, kind, seen))
    table = np.array(values)
    shuffled = rng.sample(rows, len(rows))
    columns = [table[:, column].astype(int) for column in (0, 1)]
    expected = (*columns, table[:, 2:6], table[:, 6], table[:, 7].astype(int), table[:, 8])
    return lines(rng, shuffled), expected


def _make_labels(rng: Random) -> tuple[bytes, Any]:
    chance = np.random.default_rng(rng.getrandbits(32))
    ids = chance.integers(0, 256, (rng.randrange(1, 20), rng.randrange(1, 20)), np.uint8)
    out = io.BytesIO()
    write_palette_png(out, ids)
    return out.getvalue(), ids


def _coco(path: Path) -> Any:
    index = read_coco(path)
    masks = []
    for row in range(len(index)):
        assert index.name(row)
        try:
            masks.append(index.mask(row, SIZE_WH[::-1]))
        except DatasetError as error:
            assert str(index.ids[row]) in str(error)
            masks.append(None)
    return index.boxes, index.ids, index.pictures, masks


def _coco_row(rng: Random, number: int) -> tuple[dict[str, Any], np.ndarray]:
    chance = np.random.default_rng(rng.getrandbits(32))
    mask = chance.random(SIZE_WH[::-1]) < 0.3
    x, y, w, h = (rng.randrange(1, 40) for _ in range(4))
    row = {"id": number, "image_id": 1 + number % 2, "category_id": 1, "bbox": [x, y, w, h]}
    return row | {"segmentation": encode_rle(mask), "iscrowd": 0, "area": int(mask.sum())}, mask.astype(
        np.uint8
    )


_COCO_IMAGES = [{"id": place, "file_name": f"{place}.jpg", "width": 64, "height": 48} for place in (1, 2)]


def _make_coco(rng: Random) -> tuple[bytes, Any]:
    found = [_coco_row(rng, number) for number in range(rng.randrange(1, 4))]
    content = {"images": _COCO_IMAGES, "annotations": [row for row, _ in found]}
    boxes = np.array([row["bbox"] for row, _ in found])
    pictures = np.array([row["image_id"] - 1 for row, _ in found])
    expected = (boxes, np.arange(len(found)), pictures, [mask for _, mask in found])
    return json.dumps(content, indent=rng.choice((None, 1))).encode(), expected


def _frames(name: str, count: int) -> dict[str, bytes]:
    return {name % place: picture("JPEG") for place in range(1, count + 1)}


def _head(sequence: Any) -> Any:
    facts = sequence.facts
    assert facts.fps is None or facts.fps > 0
    assert facts.stated_wh is None or min(facts.stated_wh) > 0
    return len(sequence), facts.fps, facts.stated_wh


def _tracklets(path: Path) -> Any:
    found = read_tracklets(path.parent.parent, path.parent.name)
    return [(t.track, t.category, t.size_wh, t.boxes, t.is_occluded) for t in found]


def _make_tracklet(rng: Random) -> tuple[bytes, Any]:
    objects, expected = [], []
    for track in range(rng.randrange(1, 4)):
        x1, y1, w, h = (rng.randrange(1, 300) for _ in range(4))
        hidden = rng.randrange(2)
        sides = f"<xmax>{x1 + w}</xmax><xmin>{x1}</xmin><ymax>{y1 + h}</ymax><ymin>{y1}</ymin>"
        objects.append(
            f"<object><trackid>{track}</trackid><name>n1</name><bndbox>{sides}</bndbox>"
            f"<occluded>{hidden}</occluded></object>"
        )
        expected.append((str(track), "n1", (640, 480), np.array([[x1, y1, w, h]]), np.array([hidden == 1])))
    size = "<size><width>640</width><height>480</height></size>"
    return f"<annotation>{size}{''.join(objects)}</annotation>".encode(), expected


def _lagot(path: Path) -> Any:
    found = tuple(find_entry("lagot").find(path.parent, "all"))
    truths = [truth for sequence in found for truth in sequence.read().starts.items()]
    return [sequence.name for sequence in found], truths


def _youtube(path: Path) -> Any:
    sequences = tuple(find_entry("youtubevos2018").find(path.parents[1], "valid"))
    starts = [dict(sequence.read().starts) for sequence in sequences]
    return [(sequence.name, sequence.facts.category) for sequence in sequences], starts


def _make_pool(rng: Random) -> tuple[bytes, Any]:
    expected: dict[str, list[np.ndarray]] = {}
    rows = ["path,x,y,w,h"]
    for _ in range(rng.randrange(1, 6)):
        name = f"images/{rng.randrange(3)}.jpg"
        values = [rng.randrange(1, 99) for _ in range(4)]
        rows.append(",".join(map(str, (name, *values))))
        expected.setdefault(name, []).append(np.array(values))
    return "\n".join(rows).encode(), expected


def _matlab(labels: np.ndarray) -> bytes:
    out = io.BytesIO()
    savemat(out, {"GTinst": {"Segmentation": labels}})
    return out.getvalue()


def _coco_sample() -> bytes:
    outline = [[1, 1, 30, 1, 30, 30, 2.5, 40]]
    row = {"id": 9, "image_id": 2, "category_id": 1, "bbox": [1, 1, 29, 39], "segmentation": outline}
    plain = {"size": [48, 64], "counts": [10, 5, 3057]}
    other = row | {"id": 10, "segmentation": plain}
    content = {"info": {"year": 2017}, "images": _COCO_IMAGES, "annotations": [row, other]}
    return json.dumps(content).encode()


_VID = _make_tracklet(Random(1))[0]
_YOUTUBE = {
    "videos": {
        "abc": {"objects": {"1": {"category": "ape", "frames": ["00001"]}, "2": {"frames": ["00002"]}}}
    }
}
_LAGOT = {"car-1": {"frames": ["a/1.jpg", "a/2.jpg"], "xywh": {"o": [[1, 2, 3, 4], [-1, -1, -1, -1]]}}}
_SEQINFO = (
    b"[Sequence]\nname=MOT17-02\nimDir=img1\nframeRate=30\nseqLength=3\nimWidth=64\nimHeight=48\nimExt=.jpg\n"
)
_MATRIX = np.arange(48, dtype=np.uint8).reshape(6, 8) % 3

TARGETS = (
    Target(
        name="boxes",
        read=_boxes,
        samples=(
            b"1,2,3,4\n5,6,7.5,8\n",
            b"1\t2\t3\t4\n",
            b"1,1,9,1,9,9,1,9\n",
            *real("sot/OTB_Car1/groundtruth_rect.txt", 5),
        ),
        make=_make_boxes,
        unknown=True,
    ),
    Target(
        name="numbers a line",
        read=read_numbers,
        samples=(b"0.5\n0.25\n1\n",),
        make=_make_numbers,
        unknown=True,
    ),
    Target(name="flags", read=read_flags, samples=(b"0\n1\n1\n", b"0,1,1,0\n", b"0 1 1 0"), make=_make_flags),
    Target(
        name="VATIC rows",
        read=read_vatic,
        samples=(b'0 1 2 11 12 0 0 1 0 "car"\n0 1 2 11 12 1 1 0 1 "car"\n',),
        make=_make_vatic,
        unknown=True,
    ),
    Target(
        name="VOT regions",
        read=_regions,
        samples=(
            b"1,2,3,4\n0\n1,1,9,1,9,9,1,9\n",
            b"m1,2,4,3,2,5,1\nm0,0,2,2,1,3\n1\n",
            *real("sot/VOT2016_bag/groundtruth.txt", 4),
        ),
        make=_make_regions,
        unknown=True,
    ),
    Target(
        name="MOT tracks",
        read=_tracks,
        samples=(
            b"1,1,10,20,30,40,1,1,0.5\n2,1,11,21,30,40,0,7,1\n",
            b"1 -1 1 2 3 4 0.9 -1 -1 -1\n",
            *real("mot/TUD-Campus/gt/gt.txt", 6),
        ),
        make=_make_tracks,
    ),
    Target(
        name="MOT seqinfo.ini",
        read=lambda path: _head(mot_sequence(path.parent)),
        file="MOT17-02/seqinfo.ini",
        around=_frames("MOT17-02/img1/%06d.jpg", 3),
        samples=(_SEQINFO,),
    ),
    Target(
        name="VOT sequence file",
        read=lambda path: _head(vot_sequence(path.parent)),
        file="bag/sequence",
        around=_frames("bag/color/%08d.jpg", 2) | {"bag/groundtruth.txt": b"1,2,3,4\n1,2,3,4\n"},
        samples=(b"name=bag\nfps=30\nformat=default\nchannels.color=color/%08d.jpg\n",),
    ),
    Target(
        name="label pictures",
        read=read_ids,
        file="00000.png",
        samples=tuple(picture(kind, palette=True) for kind in ("PNG", "GIF", "BMP", "TIFF")),
        make=_make_labels,
        form="binary",
    ),
    Target(
        name="COCO instances",
        read=_coco,
        file="instances.json",
        samples=(_coco_sample(),),
        make=_make_coco,
        form="json",
    ),
    Target(
        name="ImageNet VID frames",
        read=_tracklets,
        file="video/000000.xml",
        samples=(_VID,),
        make=_make_tracklet,
    ),
    Target(
        name="OxUvA labels",
        read=lambda path: dict(oxuva_labels(path)),
        file="dev.csv",
        samples=(b"v1,o1,a,b,c,d,30,present,0.1,0.5,0.2,0.6\nv1,o1,a,b,c,d,60,absent,-1,-1,-1,-1\n",),
    ),
    Target(
        name="LaGOT tracks",
        read=_lagot,
        file="LaGOT_multiple_object_per_sequence_annotations_final.json",
        samples=(json.dumps(_LAGOT).encode(),),
        form="json",
    ),
    Target(
        name="YouTube-VOS meta.json",
        read=_youtube,
        file="valid/meta.json",
        around={
            f"valid/{folder}/abc/0000{place}.{kind}": picture(name, palette=kind == "png")
            for folder, kind, name in (("JPEGImages", "jpg", "JPEG"), ("Annotations", "png", "PNG"))
            for place in (1, 2)
        },
        samples=(json.dumps(_YOUTUBE).encode(),),
        form="json",
    ),
    Target(
        name="SBD instances",
        read=sbd_labels,
        file="2008_000002.mat",
        samples=(_matlab(_MATRIX),),
        form="binary",
    ),
    Target(
        name="pool of pictures",
        read=_listed,
        file="BOXES.csv",
        samples=(b"path,x,y,w,h\nimages/a.jpg,1,2,3,4\n",),
        make=_make_pool,
    ),
)
