"""What is wrong with a detection set: annotations, pictures, and what lies on both sides of a split."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from saccade.data.detection.faults import faults_of, spelling
from saccade.data.detection.folders import checked_classes, composed, is_there
from saccade.data.detection.forms import Form
from saccade.data.detection.pictures import Look, alike, look_at_all
from saccade.data.detection.records import REMARKS, Fault, Kind, RawImage, RawSplit
from saccade.data.pictured import Pictured, PicturedSplit


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Findings:
    """What was found.

    Attributes:
        splits: what was read.
        looks: what there is to know of each picture.
        sizes: width and height of each picture as its boxes see it, unless the annotation says another.
        faults: what should be put right, by file and object.
        remarks: what saccade copes with, but other programs may not.
        notes: what else to know.
    """

    form: Form
    root: Path
    splits: tuple[RawSplit, ...]
    looks: Mapping[Path, Look]
    sizes: Mapping[Path, tuple[int, int]]
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def images(self) -> list[RawImage]:
        """Each picture once."""
        return unique_images(self.splits)

    @property
    def counts(self) -> Counter[str]:
        """How many boxes each class has."""
        return Counter(each.name for image in self.images for each in image.objects)


def check_detection(
    form: Form,
    root: Path,
    split: str | None = None,
    *,
    classes: Sequence[str] | None = None,
    progress: Callable[[int], Callable[[], None]] = lambda total: lambda: None,
) -> Findings:
    """Looks at all annotations, and at every picture to its end.

    Args:
        split: only this one; all of them if not given.
        progress: is told how many pictures there are, and gives what is called after each.

    Raises:
        DatasetError: when nothing of the form is there.
    """
    given = None if classes is None else checked_classes(classes, "the classes given")
    splits = read_all(form, root, split, given)
    images = unique_images(splits)
    files = [image.file for image in images if is_there(image.file)]
    looks = look_at_all(files, progress(len(files)))
    sizes = {image.file: size for image in images if (size := seen(image, looks.get(image.file)))}
    found: list[Fault] = []
    for each in splits:
        found += each.faults
        found += faults_of(each, sizes)
    for image in images:
        found += _of_picture(splits[0], image, looks.get(image.file))
    found += _of_lists(splits, root)
    found += alike_faults(splits, looks, of_videos=form.is_of_videos)
    found += shared_faults(splits)
    if split is None and form.name in ("voc", "coco"):
        found += _unannotated(splits)
    faults = sorted(_unique(found), key=lambda fault: (str(fault.file), fault.number or 0))
    return Findings(
        form=form,
        root=root,
        splits=tuple(splits),
        looks=looks,
        sizes=sizes,
        faults=tuple(fault for fault in faults if fault.kind not in REMARKS),
        remarks=tuple(fault for fault in faults if fault.kind in REMARKS),
        notes=tuple(_notes(splits, images)),
    )


def _unique(faults: Sequence[Fault]) -> list[Fault]:
    """Faults, each once: a picture may be in several lists."""
    keys = [(f.kind, f.file, f.number, f.reason if f.number is None else "") for f in faults]
    return list(dict(zip(reversed(keys), reversed(faults), strict=True)).values())


def read_all(
    form: Form, root: Path, split: str | None = None, classes: tuple[str, ...] | None = None
) -> list[RawSplit]:
    """Reads every split, and all there is where splits are but lists; or one split."""
    names: list[str | None] = [split] if split is not None else list(form.splits(root))
    if not names or (split is None and form.has_whole(root)):
        # the whole first, which tells counts of all
        names.insert(0, None)
    return form.read(root, names, classes, is_whole=True)


def unique_images(splits: Sequence[RawSplit]) -> list[RawImage]:
    """The pictures of some splits, each once."""
    return list({image.file: image for split in splits for image in split.images}.values())


def seen(image: Pictured, look: Look | None) -> tuple[int, int] | None:
    """Width and height of a picture as its annotation sees it; None where that is not clear."""
    if look is None or look.error:
        return None
    if image.size_wh in (None, look.size_wh):
        return look.size_wh
    return look.stored_wh if image.size_wh == look.stored_wh else None


def _of_picture(split: RawSplit, image: RawImage, look: Look | None) -> Iterator[Fault]:
    if look is None:
        return

    def fault(kind: Kind, reason: str, remedy: str) -> Fault:
        return Fault(kind=kind, file=image.file, reason=reason, remedy=remedy, picture=image.file)

    if look.error:
        reason = f"cannot be read ({look.error})"
        yield fault("unreadable_picture", reason, "take the picture anew, or leave it out")
        return
    shown = "{}x{}".format(*look.size_wh)
    if image.size_wh is None and split.form in ("voc", "coco"):
        reason = f"no size is stated; its picture is {shown}"
        yield split.fault(image, "size", reason, "write the size of the picture")
    elif seen(image, look) is None:
        stated = "{}x{}".format(*(image.size_wh or (0, 0)))
        reason = f"says {stated}, but its picture {image.file} is {shown}"
        yield split.fault(image, "size", reason, "take picture and annotation of the same version")
    if look.orientation != 1:
        by = "as it lies in the file" if seen(image, look) not in (None, look.size_wh) else "as it is shown"
        reason = (
            f"a camera noted that it be turned (EXIF orientation {look.orientation}); its boxes are taken "
        )
        yield fault("exif", f"{reason}{by}", "save it upright")
    if look.mode == "CMYK":
        yield fault("cmyk", "its colours are CMYK, for print", "save it as RGB")
    if look.mode.startswith("I"):
        yield fault("deep", "it has 16 bits or more", "8 bits are what networks see")
    written = str(image.extra.get("filename") or "").replace("\\", "/").rpartition("/")[2]
    named = composed(written.rpartition(".")[0])
    if split.form == "voc" and named not in ("", composed(image.file.stem)):
        reason = f"says that it is of {written}, but goes with {image.file.name} by its name"
        yield split.fault(image, "stem", reason, "write the name of the picture")


def _of_lists(splits: Sequence[RawSplit], root: Path) -> Iterator[Fault]:
    """Class names in lists that differ by case or blanks only, and lists that differ between splits."""
    first = splits[0]
    for name, other in combinations(first.classes, 2):
        if first.is_declared and spelling(name) == spelling(other):
            reason = f"classes '{name}' and '{other}' differ by case or blanks only"
            yield Fault(kind="class_name", file=root, reason=reason, remedy="make them one")
    for split in splits[1:]:
        if split.classes != first.classes:
            reason = (
                f"splits {first.split} and {split.split} list other classes: {', '.join(first.classes)}; "
                f"and {', '.join(split.classes)}"
            )
            yield Fault(kind="class", file=root, reason=reason, remedy="list the same in the same order")


def alike_faults(
    splits: Sequence[PicturedSplit], looks: Mapping[Path, Look], *, of_videos: bool = False
) -> Iterator[Fault]:
    """Pictures that show the same.

    Args:
        of_videos: whether those in a folder are the frames of one video, of which nothing else is expected.
    """
    files = [file for file, look in looks.items() if not look.error]
    apart = Sides(splits)
    told: set[tuple[Path, Kind]] = set()
    for first, second in alike([looks[file] for file in files]):
        one, other = files[first], files[second]
        if of_videos and one.parent == other.parent:
            continue
        is_same = looks[one].digest == looks[other].digest
        sides = apart.of(one, other)
        what = "is the same file as" if is_same else "shows nearly the same as"
        kind: Kind = "leak" if sides else "duplicate_picture" if is_same else "near_duplicate"
        if (other, kind) in told:
            continue
        told.add((other, kind))
        between = f", which is in split {sides[0]}, this in {sides[1]}" if sides else ""
        remedy = "keep one of them" if is_same or not sides else "keep them in one split"
        yield Fault(
            kind=kind,
            file=other,
            reason=f"{what} {one}{between}",
            remedy=remedy,
            picture=other,
            other=one,
        )


def shared_faults(splits: Sequence[PicturedSplit]) -> Iterator[Fault]:
    """Pictures that are in two splits of which neither holds the other."""
    apart = Sides(splits)
    for image in {image.file: image for split in splits for image in split.images}.values():
        sides = apart.of(image.file, image.file)
        if sides:
            reason = f"is in split {sides[0]} and in {sides[1]}"
            yield Fault(
                kind="leak", file=image.file, reason=reason, remedy="keep it in one", picture=image.file
            )


class Sides:
    """Which splits are to be kept apart: those of which neither holds all of the other, as trainval does."""

    def __init__(self, splits: Sequence[PicturedSplit]) -> None:
        sets = {split.split: {image.file for image in split.images} for split in splits if split.split}
        self._pairs = {
            pair
            for pair in combinations(sets, 2)
            if not (sets[pair[0]] <= sets[pair[1]] or sets[pair[1]] <= sets[pair[0]])
        }
        self._of: dict[Path, list[str]] = defaultdict(list)
        for name, files in sets.items():
            for file in files:
                self._of[file].append(name)

    def homes(self, file: Path) -> list[str]:
        """The splits that a picture is in."""
        return list(self._of[file])

    def are_apart(self, one: str, other: str) -> bool:
        """Whether two splits should have nothing in common."""
        return (one, other) in self._pairs or (other, one) in self._pairs

    def of(self, one: Path, other: Path) -> tuple[str, str] | None:
        """Two splits that are to be kept apart and have one picture each."""
        for a in self._of[one]:
            for b in self._of[other]:
                if self.are_apart(a, b):
                    return a, b
        return None


def _unannotated(splits: Sequence[RawSplit]) -> Iterator[Fault]:
    annotated = {image.file for image in unique_images(splits)}
    # a file that could not be read is a fault of its own
    broken = {fault.file.stem for split in splits for fault in split.faults if fault.kind == "unreadable"}
    for file in dict.fromkeys(file for split in splits for file in split.pictures):
        if file not in annotated and file.stem not in broken:
            reason = "no annotation speaks of this picture"
            remedy = "annotate it, with no box where nothing is in it, or take it out"
            yield Fault(kind="unannotated", file=file, reason=reason, remedy=remedy, picture=file)


def _notes(splits: Sequence[RawSplit], images: Sequence[RawImage]) -> Iterator[str]:
    yield from dict.fromkeys(note for split in splits for note in split.notes)
    empty = [image for image in images if not image.objects]
    if empty:
        verb = "has" if len(empty) == 1 else "have"
        yield f"{len(empty):,} of {len(images):,} pictures {verb} no box, first {empty[0].file}"
    names = {each.name for image in images for each in image.objects}
    absent = [name for name in splits[0].classes if name not in names]
    if absent:
        more = "" if len(absent) <= 10 else f" and {len(absent) - 10} more"
        yield f"no box is of {', '.join(absent[:10])}{more}"
