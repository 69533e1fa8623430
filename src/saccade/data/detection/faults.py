"""What is wrong with boxes and class names, as far as the annotations alone tell."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from saccade.core.errors import did_you_mean
from saccade.data.detection.folders import is_there
from saccade.data.detection.records import Corners, Fault, RawImage, RawObject, RawSplit

TOLERANCE = 0.5
"""pixels by which a box may reach beyond its picture, as rounding makes it"""


def faults_of(split: RawSplit, sizes: Mapping[Path, tuple[int, int]] | None = None) -> list[Fault]:
    """Faults of boxes, of class names, and pictures that are missing.

    Args:
        sizes: of the pictures as their boxes see them, where they have been looked at; else what the
            annotation states counts.
    """
    faults = [fault for fault in _of_names(split) if not split.is_declared]
    there = set(split.pictures)
    known = set(split.classes)
    taken: dict[Path, RawImage] = {}
    for image in split.images:
        if (first := taken.setdefault(image.file, image)) is not image:
            reason = f"is of {image.file}, as {first.source} is"
            faults.append(split.fault(image, "listed_twice", reason, "keep one of them"))
        if image.file not in there and not is_there(image.file):
            remedy = "put it there, or take it out of the annotations"
            faults.append(
                split.fault(image, "missing_picture", f"its picture {image.file} is missing", remedy)
            )
        size_wh = image.size_wh if sizes is None else sizes.get(image.file)
        for each in image.objects:
            if each.name not in known:
                faults.append(_of_class(split, image, each))
            faults += _of_box(split, image, each, size_wh)
        faults += _twice(split, image)
    return faults


def spelling(name: str) -> str:
    """What is the same for names that differ by case or blanks only."""
    return "".join(name.split()).casefold()


def spellings(counts: Mapping[str, int], classes: Sequence[str]) -> dict[str, str]:
    """What names should be that differ by case or blanks only: as listed, else as written most often."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(counts):
        groups[spelling(name)].append(name)
    renamed = {}
    for same, names in groups.items():
        listed = [name for name in classes if spelling(name) == same]
        best = max(listed or names, key=lambda name: (counts.get(name, 0), name.strip() == name))
        renamed.update({name: best for name in names if name != best})
    return renamed


def _of_names(split: RawSplit) -> Iterator[Fault]:
    """Class names that differ by case or blanks only, where no list says which is right."""
    counts = Counter(each.name for image in split.images for each in image.objects)
    renamed = spellings(counts, ())
    for image in split.images:
        for each in image.objects:
            if each.name in renamed:
                right = renamed.pop(each.name)
                times = f"{counts[right]:,} times, and so {counts[each.name]:,}"
                reason = f"class '{each.name}' is written '{right}' {times}"
                yield split.fault(image, "class_name", reason, f"write '{right}'", each.number)


def _of_class(split: RawSplit, image: RawImage, each: RawObject) -> Fault:
    near = [name for name in split.classes if spelling(name) == spelling(each.name)]
    if near:
        reason = f"class '{each.name}' is '{near[0]}' in the list of classes"
        return split.fault(image, "class_name", reason, f"write '{near[0]}'", each.number)
    reason = f"class '{each.name}' is not in the list of classes"
    return split.fault(image, "class", reason, did_you_mean(each.name, split.classes), each.number)


def _of_box(
    split: RawSplit, image: RawImage, each: RawObject, size_wh: tuple[int, int] | None
) -> Iterator[Fault]:
    x1, y1, x2, y2 = each.box
    shown = f"'{each.name}' at {show(each.box)}"
    if x1 > x2 or y1 > y2:
        sides = " and ".join(
            name for name, is_wrong in (("x1 > x2", x1 > x2), ("y1 > y2", y1 > y2)) if is_wrong
        )
        yield split.fault(
            image, "swapped", f"{shown} has {sides}", "exchange its corners, or take it out", each.number
        )
        return
    if x1 == x2 or y1 == y2:
        yield split.fault(
            image, "no_area", f"{shown} has no area", "draw it anew, or take it out", each.number
        )
        return
    if size_wh is None:
        return
    width, height = size_wh
    if x2 - x1 <= 1 and y2 - y1 <= 1:
        reason = f"{shown} is a single pixel, a click rather than a box"
        yield split.fault(image, "point", reason, "draw it anew, or take it out", each.number)
    if x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0:
        reason = f"{shown} lies wholly outside of the picture, which is {width}x{height}"
        yield split.fault(image, "outside", reason, "draw it anew, or take it out", each.number)
    elif beyond(each.box, size_wh) > TOLERANCE:
        reason = (
            f"{shown} reaches {beyond(each.box, size_wh):g} pixels beyond the picture, which is "
            f"{width}x{height}"
        )
        yield split.fault(image, "beyond", reason, "clip it", each.number)


def beyond(box: Corners, size_wh: tuple[int, int]) -> float:
    """By how many pixels a box reaches beyond its picture, at most; negative for one inside."""
    return max(-box[0], -box[1], box[2] - size_wh[0], box[3] - size_wh[1])


def _twice(split: RawSplit, image: RawImage) -> Iterator[Fault]:
    """Boxes that are there before, of the same class."""
    seen: dict[tuple[str, Corners], int] = {}
    for each in image.objects:
        key = (spelling(each.name), each.box)
        if key in seen:
            reason = f"'{each.name}' at {show(each.box)} is {split.word} {seen[key]}, too"
            yield split.fault(image, "duplicate_box", reason, "take one out", each.number)
        else:
            seen[key] = each.number


def show(box: Corners) -> str:
    """Edges, for messages."""
    return "(" + ", ".join(f"{value:.6g}" for value in box) + ")"
