"""Where the files of COCO's form lie: of COCO itself, and of anybody's own pictures of anything with points.

ROOT/annotations/person_keypoints_<split>.json and ROOT/<split>, ROOT/images/<split> or ROOT/images
                                                                                    coco-keypoints
ROOT/<split>.json or ROOT/annotations/<split>.json, ROOT/<split>/<name>.json with the pictures beside
                                                                                    pose-folder
FILE.json with the pictures beside or below                                         both
"""

import mmap
import re
from pathlib import Path

from saccade.core import COCO_17, DatasetError
from saccade.data.detection.folders import Pictures, choose_split, is_there, split_folders
from saccade.data.detection.records import refuse_no_folder
from saccade.data.pose.coco import CocoPoses
from saccade.data.pose.contents import PoseContent

COCO_LAYOUT = "ROOT/annotations/person_keypoints_<split>.json and ROOT/<split> or ROOT/images"
FOLDER_LAYOUT = (
    "ROOT/<split>.json and ROOT/images, or ROOT/<split>/<name>.json with the pictures beside, each a file in "
    "COCO's form whose category lists 'keypoints'"
)
_PREFIX = "person_keypoints_"
_NAMES = re.compile(rb'"keypoints"\s*:\s*\[\s*"')
"""the names of points, as a category lists them; annotations have numbers there"""
_PICTURES = ("images", "JPEGImages", "data")


def fits_coco(root: Path) -> bool:
    """Whether there are files of key points named as COCO's."""
    return bool(_coco_files(root)) and (root.is_dir() or root.name.startswith(_PREFIX))


def coco_splits(root: Path) -> tuple[str, ...]:
    """What the annotation files are called."""
    return tuple(_coco_files(root))


def read_coco(root: Path, split: str | None) -> PoseContent:
    """Reads COCO's key points; `root` may be the JSON file.

    Raises:
        DatasetError: when there is none, it ends early, or its points are not COCO's 17.
    """
    refuse_no_folder(root, COCO_LAYOUT)
    files = _coco_files(root)
    if not files:
        raise DatasetError(f"{root}: no key points of COCO in it; expected {COCO_LAYOUT}")
    split = choose_split(split, tuple(files), root)
    assert split is not None
    poses = CocoPoses(files[split])
    poses.read()
    skeleton, _ = poses.skeleton()
    if skeleton.points != COCO_17.points:
        raise DatasetError(
            f"{poses.file}: its {len(skeleton)} points are not COCO's 17 ({', '.join(skeleton.points[:3])}, "
            f"…); open it as pose-folder, which takes any"
        )
    name = split if poses.file.name.startswith(_PREFIX) else None
    pictures = Pictures(_picture_folders(root, poses, split))
    return poses.content("coco-keypoints", root, name, COCO_17, pictures)


def fits_folder(root: Path) -> bool:
    """Whether there are files in COCO's form that list key points."""
    return bool(_own_files(root)) and not fits_coco(root)


def folder_splits(root: Path) -> tuple[str, ...]:
    """What the annotation files, or the folders that they lie in, are called."""
    return tuple(_own_files(root))


def read_folder(root: Path, split: str | None) -> PoseContent:
    """Reads pictures with any skeleton; `root` may be the JSON file.

    Raises:
        DatasetError: when there is none, it ends early, or it describes no skeleton.
    """
    refuse_no_folder(root, FOLDER_LAYOUT)
    files = _own_files(root)
    if not files:
        raise DatasetError(f"{root}: no file with key points in it; expected {FOLDER_LAYOUT}")
    split = choose_split(split, tuple(files), root)
    assert split is not None
    poses = CocoPoses(files[split])
    poses.read()
    skeleton, notes = poses.skeleton()
    pictures = Pictures(_picture_folders(root, poses, split))
    content = poses.content("pose-folder", root, split if len(files) > 1 else None, skeleton, pictures)
    return content.with_notes(notes)


def _coco_files(root: Path) -> dict[str, Path]:
    """The annotation files, by split."""
    if root.is_file():
        return {root.stem.removeprefix(_PREFIX): root} if root.suffix.lower() == ".json" else {}
    for place in (root / "annotations", root / "Annotations", root):
        files = sorted(place.glob(f"{_PREFIX}*.json"))
        if files:
            return {path.stem.removeprefix(_PREFIX): path for path in files}
    return {}


def _own_files(root: Path) -> dict[str, Path]:
    """The annotation files, by split."""
    if root.is_file():
        return {root.stem: root} if _lists_points(root) else {}
    folders = split_folders(root, lambda place: _only_file(place) is not None)
    found = {name: file for name, place in folders.items() if (file := _only_file(place))}
    if found:
        return found
    for place in (root, root / "annotations", root / "Annotations"):
        files = [path for path in sorted(place.glob("*.json")) if _lists_points(path)]
        if files:
            return {path.stem.removeprefix(_PREFIX): path for path in files}
    return {}


def _only_file(folder: Path) -> Path | None:
    files = [path for path in sorted(folder.glob("*.json")) if _lists_points(path)]
    return files[0] if len(files) == 1 else None


def _lists_points(file: Path) -> bool:
    """Whether a file is a JSON object that names key points: not one of results, which is a list."""
    if file.suffix.lower() != ".json":
        return False
    try:
        with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as text:
            head = text[:16].lstrip(b"\xef\xbb\xbf \t\r\n")
            return head.startswith(b"{") and _NAMES.search(text) is not None
    except (OSError, ValueError):
        # an empty file cannot be mapped
        return False


def _picture_folders(root: Path, poses: CocoPoses, split: str) -> list[Path]:
    """Where pictures may lie; folders named like the split come first."""
    file = poses.file
    home = file.parent if root.is_file() else root
    if file not in (root, root / file.name) and file.parent.name not in ("annotations", "Annotations"):
        return [file.parent]
    homes = [home, home.parent] if home.name in ("annotations", "Annotations") else [home]
    written = str(next(iter(poses.images.values()))["file_name"])
    whole = [each for each in homes if is_there(each / written)]
    own = [place for each in homes for place in (each / "images" / split, each / split) if place.is_dir()]
    shared = [each / name for each in homes for name in _PICTURES if (each / name).is_dir()]
    return (whole or own or shared or [home])[: max(len(own), 1)]
