"""Laws of detection sets: what is written is what is read, and a mended set has no fault."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saccade.data.detection import DETECTION, open_detection
from saccade.data.detection.check import check_detection
from saccade.data.detection.copying import Copier
from saccade.data.detection.fix import fix_detection, mend_box
from saccade.data.detection.records import Corners, RawImage, RawObject, RawSplit
from saccade.data.detection.splitting import divide
from saccade.data.detection.writing import whole_pixels
from tests.unit.data.detection.sets import SIZE_WH, picture

WRITTEN = [name for name, form in DETECTION.items() if form.is_written]

# what Windows, XML, CSV and YAML each have trouble with
NAMES = ("cat", "traffic light", "naïve", "a,b", "<x> & 'y'", "no", 'Ä"ö')


@st.composite
def boxes(draw: st.DrawFn) -> Corners:
    """A box inside of a picture, at least two pixels wide and high."""
    edges = []
    for size in SIZE_WH:
        low = draw(st.integers(0, 16 * (size - 3)))
        high = draw(st.integers(low + 32, 16 * size))
        edges.append((low / 16, high / 16))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def raw(root: Path, drawn: Sequence[Sequence[tuple[str, Corners, bool]]], split: str | None) -> RawSplit:
    images = []
    for place, objects in enumerate(drawn):
        file = root / f"p {place}.jpg"
        if not file.exists():
            picture(file, place)
        rows = tuple(
            RawObject(number=number, name=name, box=box, is_crowd=is_crowd)
            for number, (name, box, is_crowd) in enumerate(objects, start=1)
        )
        images.append(
            RawImage(name=file.stem, file=file, annotation=None, size_wh=None, objects=rows, id=place)
        )
    return RawSplit(
        form="coco",
        root=root,
        split=split,
        classes=NAMES,
        is_declared=True,
        word="object",
        images=tuple(images),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


OBJECTS = st.lists(st.tuples(st.sampled_from(NAMES), boxes(), st.booleans()), max_size=4)


@pytest.mark.parametrize("form", WRITTEN)
@settings(max_examples=15)
@given(drawn=st.lists(OBJECTS, min_size=1, max_size=3), split=st.sampled_from([None, "train"]))
def test_what_is_written_is_read(
    form: str, drawn: list[list[tuple[str, Corners, bool]]], split: str | None, folder: Path
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "new"
        notes = DETECTION[form].write([raw(folder, drawn, split)], root, Copier(is_linked=True))
        dataset = open_detection(form, root, split)
        assert (dataset.classes, dataset.split) == (NAMES, split)
        assert len(dataset) == len(drawn)
        for image, objects in zip(dataset.images, drawn, strict=True):
            # YOLO cannot say that a box is around many, and learning from it as from one would be wrong
            kept = [row for row in objects if form != "yolo" or not row[2]]
            assert [dataset.classes[label] for label in image.labels] == [name for name, _, _ in kept]
            given_boxes = np.array([box for _, box, _ in kept]).reshape(-1, 4)
            tolerance = {"voc": 0.5, "coco": 1e-5}.get(form, 1e-4)
            assert np.abs(image.boxes - given_boxes).max(initial=0) <= tolerance
            flags = image.is_difficult if form == "voc" else image.is_crowd
            assert flags.tolist() == [is_crowd for _, _, is_crowd in kept]
        told = any("around many" in note for note in notes)
        assert told == (form in ("voc", "yolo") and any(row[2] for objects in drawn for row in objects))


@given(
    box=st.tuples(*[st.floats(-200, 200, width=32)] * 4),
    size_wh=st.tuples(st.integers(2, 150), st.integers(2, 150)),
)
def test_a_mended_box_is_sound_and_stays(box: Corners, size_wh: tuple[int, int]) -> None:
    mended, _ = mend_box(box, size_wh)
    if mended is None:
        return
    x1, y1, x2, y2 = mended
    assert x1 < x2 and y1 < y2
    assert min(x1, y1) >= -0.5 and x2 <= size_wh[0] + 0.5 and y2 <= size_wh[1] + 0.5
    assert mend_box(mended, size_wh) == (mended, [])


@given(
    box=st.tuples(*[st.floats(-20, 90, width=32)] * 4),
    size_wh=st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_whole_pixels_are_inside_and_near(box: Corners, size_wh: tuple[int, int]) -> None:
    x1, y1, x2, y2 = whole = whole_pixels(box, size_wh)
    assert 0 <= x1 < x2 <= size_wh[0] and 0 <= y1 < y2 <= size_wh[1]
    assert all(value == int(value) for value in whole)
    assert whole_pixels(whole, size_wh) == whole


WILD = st.tuples(
    st.sampled_from(("cat", "Cat", "c at", "newt")),
    st.tuples(*[st.integers(-20, 90).map(float)] * 4),
    st.just(False),
)


@pytest.mark.parametrize("form", ["coco", "yolo", "open_images"])
@settings(max_examples=15)
@given(drawn=st.lists(st.lists(WILD, max_size=4), min_size=1, max_size=3))
def test_a_mended_set_has_no_fault(
    form: str, drawn: list[list[tuple[str, Corners, bool]]], folder: Path
) -> None:
    with tempfile.TemporaryDirectory() as place:
        root, mended = Path(place) / "bad", Path(place) / "good"
        split = raw(folder, drawn, "train")
        names = tuple(sorted({name for objects in drawn for name, _, _ in objects}))
        split = RawSplit(
            form="coco", root=folder, split="train", classes=names or NAMES, is_declared=True, word="object",
            images=split.images,
        )  # fmt: skip
        DETECTION[form].write([split], root, Copier(is_linked=True))
        fix_detection(check_detection(DETECTION[form], root), mended, is_linked=True)
        findings = check_detection(DETECTION[form], mended)
        assert findings.faults == ()
        assert len(findings.images) == len(drawn)
        open_detection(form, mended, "train")


@settings(max_examples=30)
@given(
    drawn=st.lists(OBJECTS, min_size=4, max_size=9),
    share=st.floats(0.2, 0.8),
    seed=st.integers(0, 100),
)
def test_parts_are_all_and_nothing_twice(
    drawn: list[list[tuple[str, Corners, bool]]], share: float, seed: int, folder: Path
) -> None:
    images = raw(folder, drawn, None).images
    divided = divide(images, {"train": share, "val": 1 - share}, seed)
    names = [image.name for chosen in divided.values() for image in chosen]
    assert sorted(names) == sorted(image.name for image in images)
    assert abs(len(divided["train"]) - share * len(images)) <= 1.5
    assert divided == divide(images, {"train": share, "val": 1 - share}, seed)
