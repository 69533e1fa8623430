"""PASCAL VOC: an XML file a picture, as LabelImg, CVAT and Roboflow write it too, and as ImageNet has it.

    ROOT/Annotations/*.xml, ROOT/JPEGImages, ROOT/ImageSets/Main/<split>.txt
    ROOT/annotations/*.xml, ROOT/images                                       without lists: all there is
    ROOT/<train|valid|test>/*.xml with the pictures beside                    as Roboflow exports

Everingham et al., IJCV 2010: coordinates are 1-based pixels, both ends belong to the box, so its edges are
(xmin - 1, ymin - 1, xmax, ymax). Tools write edges from 0 under the same names. What a data set means is
decided once for all of its files: a 0 among xmin and ymin, or a decimal point in every coordinate, tells of
edges.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from saccade.core import DatasetError
from saccade.core.errors import reason_of
from saccade.data.classes import VOC
from saccade.data.detection.folders import Pictures, choose_split, class_list, split_folders, unique_names
from saccade.data.detection.records import (
    Corners,
    Fault,
    RawImage,
    RawObject,
    RawSplit,
    flag,
    number,
    refuse_no_folder,
    size_of,
)
from saccade.data.formats.text import read_lines
from saccade.media.images import natural_order

LAYOUT = (
    "ROOT/Annotations/*.xml and ROOT/JPEGImages, with or without ROOT/ImageSets/Main/<split>.txt, "
    "or ROOT/<split>/*.xml with the pictures beside"
)
SIDES = ("xmin", "ymin", "xmax", "ymax")
_ANNOTATIONS = ("Annotations", "annotations")
_PICTURES = ("JPEGImages", "images", "Images", "img")
_LISTS = ("ImageSets/Main", "ImageSets")
_KEPT = ("pose", "truncated", "occluded")


def fits(root: Path) -> bool:
    """Whether there are XML files where VOC has them."""
    return root.is_dir() and (annotation_folder(root) is not None or bool(split_folders(root, _has_xml)))


def split_names(root: Path) -> tuple[str, ...]:
    """The lists of pictures, but not those of single classes; or the folders that are splits."""
    if annotation_folder(root) is None:
        return tuple(split_folders(root, _has_xml))
    names = [path.stem for path in natural_order(_list_files(root))]
    return tuple(name for name in names if not _is_of_class(name, names))


def has_whole(root: Path) -> bool:
    """Whether all XML files lie together, and splits are but lists of them."""
    return annotation_folder(root) is not None


def read(
    root: Path, splits: Sequence[str | None], classes: Sequence[str] | None, *, is_whole: bool = False
) -> list[RawSplit]:
    """Reads the XML files of some splits; all of a root without or despite lists, for None.

    Raises:
        DatasetError: when nothing of VOC is there.
    """
    refuse_no_folder(root, LAYOUT)
    folder, known = annotation_folder(root), split_names(root)
    # how a data set counts, and what its classes are, must not hang on the split
    places: Mapping[str | None, Path] = {None: folder} if folder is not None else _split_places(root)
    if not places:
        raise DatasetError(f"{root}: no XML file where VOC has them; expected {LAYOUT}")
    parsed = {name: _parse_all(place) for name, place in places.items()}
    every = [one for group in parsed.values() for one in group]
    convention, named = _convention(every), _classes(root, classes, every)
    found = []
    for asked in splits:
        split = None if folder is not None and asked is None else choose_split(asked, known, root)
        home = None if folder is not None else split
        chosen, faults = (parsed[home], []) if split == home else _listed(root, split, every)
        pictures = _pictures(places[home], root, split)
        names = unique_names([one.name for one in chosen])
        images = tuple(
            _image(one, name, index, pictures, convention)
            for index, (one, name) in enumerate(zip(chosen, names, strict=True))
            if one.is_readable
        )
        found.append(
            RawSplit(
                form="voc",
                root=root,
                split=split,
                classes=named.names,
                is_declared=named.is_declared,
                word="object",
                images=images,
                pictures=pictures.files,
                faults=(*faults, *(fault for one in chosen for fault in one.faults), *_points(chosen)),
                notes=(*convention.notes, *named.notes),
            )
        )
    return found


def _split_places(root: Path) -> Mapping[str | None, Path]:
    places = {name: annotation_folder(place) for name, place in split_folders(root, _has_xml).items()}
    return {name: place for name, place in places.items() if place is not None}


def _parse_all(folder: Path) -> "list[_Parsed]":
    # macOS leaves a hidden '._name.xml' beside every file
    files = [path for path in folder.rglob("*.xml") if not path.name.startswith(".")]
    return [_parse(path, folder) for path in natural_order(files)]


def _pictures(folder: Path, root: Path, split: str | None) -> Pictures:
    """The pictures that go with a folder of XML files: in a folder beside it, or among them."""
    home = folder if folder in (root, root / (split or ".")) else folder.parent
    beside = [home / name for name in _PICTURES if (home / name).is_dir()]
    return Pictures(beside or [folder, home])


@dataclass(frozen=True, slots=True)
class Convention:
    """How a data set counts pixels.

    Attributes:
        is_one_based: whether 1 is the first pixel and the last belongs to the box; else they are edges.
    """

    is_one_based: bool
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, corners: Iterable[Sequence[str]]) -> "Convention":
        """Decides from all coordinates of a data set, as they are written."""
        mins_zero = has_any = False
        all_points = True
        for box in corners:
            has_any = True
            mins_zero |= any(_is_zero(text) for text in box[:2])
            all_points &= all("." in text for text in box)
        if not has_any:
            return cls(True)
        if mins_zero:
            return cls(False, ("coordinates are edges from 0, for there is a 0 among xmin and ymin",))
        if all_points:
            return cls(False, ("coordinates are edges from 0, for all have a decimal point",))
        return cls(True)

    def edges(self, box: Corners) -> Corners:
        """The edges of a box."""
        x1, y1, x2, y2 = box
        return (x1 - 1, y1 - 1, x2, y2) if self.is_one_based else box


@dataclass(slots=True)
class _Parsed:
    """An XML file: what stands there, before it is known how pixels are counted."""

    file: Path
    name: str
    picture: str = ""
    size_wh: tuple[int, int] | None = None
    objects: list[RawObject] = field(default_factory=list)
    written: list[tuple[str, ...]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_readable: bool = True

    def note(self, kind: Any, reason: str, remedy: str, place: int | None = None) -> None:
        where = "" if place is None else f"object {place}"
        self.faults.append(
            Fault(kind=kind, file=self.file, reason=reason, remedy=remedy, number=place, place=where)
        )


def _parse(file: Path, folder: Path) -> _Parsed:
    parsed = _Parsed(file, file.relative_to(folder).with_suffix("").as_posix())
    try:
        root = ElementTree.parse(file).getroot()
    except (ElementTree.ParseError, OSError, ValueError, LookupError) as error:
        parsed.note(
            "unreadable", f"no XML ({reason_of(error)})", "take the file anew, or leave picture and file out"
        )
        parsed.is_readable = False
        return parsed
    if root.tag != "annotation":
        parsed.note(
            "unreadable", f"is <{root.tag}>, not <annotation> of VOC", "give the folder of VOC's XML files"
        )
        parsed.is_readable = False
        return parsed
    parsed.picture = (root.findtext("filename") or "").strip()
    parsed.size_wh = size_of(root.findtext("size/width"), root.findtext("size/height"))
    for place, element in enumerate(root.iterfind("object"), start=1):
        _parse_object(parsed, element, place)
    return parsed


def _parse_object(parsed: _Parsed, element: ElementTree.Element, place: int) -> None:
    name = element.findtext("name") or ""
    # breaks come from programs that indent; blanks within a line are somebody's
    name = name.strip() if "\n" in name else name
    if not name.strip():
        parsed.note("class", "has no <name>", "say what it is, or take it out", place)
        return
    box = {child.tag: child.text for child in element.iterfind("bndbox/*")}
    written = tuple((box.get(side) or "").strip() for side in SIDES)
    missing = [side for side, text in zip(SIDES, written, strict=True) if not text]
    if missing:
        what = "no <bndbox>" if len(missing) == 4 else f"no <{missing[0]}>"
        parsed.note("coordinates", f"'{name}' has {what}", "draw its box anew, or take it out", place)
        return
    try:
        x1, y1, x2, y2 = (number(text) for text in written)
    except ValueError as error:
        parsed.note("coordinates", f"of '{name}' {error}", "draw its box anew, or take it out", place)
        return
    extra = {key: text for key in _KEPT if (text := element.findtext(key)) is not None}
    is_difficult = flag(element.findtext("difficult"))
    parsed.written.append(written)
    parsed.objects.append(
        RawObject(number=place, name=name, box=(x1, y1, x2, y2), is_difficult=is_difficult, extra=extra)
    )


def _image(parsed: _Parsed, name: str, index: int, pictures: Pictures, convention: Convention) -> RawImage:
    # the devkit goes by the name of the XML file; what stands in it is often that of an older copy
    found = pictures.find(parsed.name) or pictures.find(parsed.picture)
    objects = tuple(replace(each, box=convention.edges(each.box)) for each in parsed.objects)
    return RawImage(
        name=name,
        file=found or pictures.expected(parsed.picture or f"{parsed.name}.jpg"),
        annotation=parsed.file,
        size_wh=parsed.size_wh,
        objects=objects,
        id=index,
        extra={"filename": parsed.picture},
    )


def _convention(every: Sequence[_Parsed]) -> Convention:
    return Convention.of(written for parsed in every for written in parsed.written)


def _points(chosen: Sequence[_Parsed]) -> list[Fault]:
    """Says once that coordinates have a decimal point, which many programs cannot read."""
    found = [
        (parsed.file, each.number)
        for parsed in chosen
        for each, written in zip(parsed.objects, parsed.written, strict=True)
        if any("." in text for text in written)
    ]
    if not found:
        return []
    file, place = found[0]
    count = sum(len(parsed.objects) for parsed in chosen)
    reason = f"{len(found):,} of {count:,} objects have coordinates with a decimal point, this one first"
    remedy = "other programs may want whole pixels"
    where = f"object {place}"
    return [Fault(kind="floats", file=file, reason=reason, remedy=remedy, number=place, place=where)]


@dataclass(frozen=True, slots=True)
class _Classes:
    names: tuple[str, ...]
    is_declared: bool
    notes: tuple[str, ...] = ()


def _classes(root: Path, given: Sequence[str] | None, every: Sequence[_Parsed]) -> _Classes:
    """The classes: those given or listed, else VOC's if all are among them, else those that occur, sorted."""
    if given is not None:
        return _Classes(tuple(given), True)
    listed = class_list(root)
    if listed is not None:
        return _Classes(listed, True)
    counts = Counter(each.name for parsed in every for each in parsed.objects)
    if counts.keys() <= set(VOC):
        return _Classes(VOC, True)
    names = tuple(sorted(counts))
    shown = ", ".join(f"{name} ({counts[name]:,})" for name in names[:20])
    more = "" if len(names) <= 20 else f" and {len(names) - 20} more"
    note = f"no list of classes; those that occur are taken, in alphabetical order: {shown}{more}"
    return _Classes(names, False, (note,))


def _listed(root: Path, split: str | None, every: Sequence[_Parsed]) -> tuple[list[_Parsed], list[Fault]]:
    """The files of a list, in its order."""
    file = next(path for path in _list_files(root) if path.stem == split)
    named = {parsed.name: parsed for parsed in every}
    chosen: dict[str, _Parsed] = {}
    faults: list[Fault] = []
    for line, text in enumerate(read_lines(file), start=1):
        name = _entry(text, named)
        if not name:
            continue
        if name in chosen:
            reason, remedy, kind = f"'{name}' is listed before", "list it once", "listed_twice"
        elif name not in named:
            reason, kind = f"there is no annotation of '{name}'", "no_annotation"
            remedy = "write an XML without <object> where nothing is in the picture, or take it off the list"
        else:
            chosen[name] = named[name]
            continue
        faults.append(
            Fault(
                kind=kind,  # type: ignore[arg-type]
                file=file,
                reason=reason,
                remedy=remedy,
                number=line,
                place=f"line {line}",
            )
        )
    return list(chosen.values()), faults


def _entry(text: str, named: dict[str, _Parsed]) -> str:
    """The name in a line of a list; a flag, or a number as ImageNet has it, may follow."""
    text = text.strip()
    for name in (text, text.rpartition(" ")[0].strip()):
        for key in (name, unique_names([name])[0], name.rpartition("/")[2]):
            if key in named:
                return key
    return unique_names([text.split()[0]])[0] if text else ""


def annotation_folder(root: Path) -> Path | None:
    """Where the XML files lie, unless in folders that are splits."""
    for place in (*(root / name for name in _ANNOTATIONS), root):
        if place.is_dir() and _holds_xml(place):
            return place
    nested = [root / name for name in _ANNOTATIONS if (root / name).is_dir()]
    # ImageNet has a folder a class below
    return next((place for place in nested if any(place.rglob("*.xml"))), None)


def _has_xml(folder: Path) -> bool:
    return annotation_folder(folder) is not None


def _holds_xml(folder: Path) -> bool:
    return any(folder.glob("*.xml"))


def _list_files(root: Path) -> list[Path]:
    return next((files for name in _LISTS if (files := list((root / name).glob("*.txt")))), [])


def _is_zero(text: str) -> bool:
    return float(text) == 0


def _is_of_class(name: str, names: Sequence[str]) -> bool:
    """Whether a list is of one class, as `cat_train` is beside `train`."""
    return any(name != other and name.endswith(f"_{other}") for other in names)
