"""Leeds Sports Pose: Johnson and Everingham, BMVC 2010 (LSP) and CVPR 2011 (LSP extended).

    ROOT/joints.mat and ROOT/images/im0001.jpg …      LSP: 3 x 14 x 2000, of which the first 1000 are to train
    ROOT/joints.mat and ROOT/images/im00001.jpg …     LSP extended: 14 x 3 x 10000, all to train
    ROOT/joints.npz and ROOT/images                   names (N,) and joints (N, 14, 3), as of LSP extended

The third number says in LSP that a joint is hidden, in LSP extended that it is labelled. Pixels count from 1.
"""

import struct
import sys
import tokenize
import warnings
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Integer

from saccade.core import LSP_14, DatasetError
from saccade.core.errors import reason_of
from saccade.data.detection.folders import Pictures, choose_split
from saccade.data.detection.records import refuse_no_folder
from saccade.data.formats.matlab import read_matlab
from saccade.data.pose.contents import PoseContent, person_of, read_joints
from saccade.data.pose.gathering import Gathered
from saccade.data.pose.people import HIDDEN, UNLABELLED, VISIBLE

LAYOUT = "ROOT/joints.mat (3x14xN of LSP, 14x3xN of LSP extended) or ROOT/joints.npz, and ROOT/images"
NUM_TRAIN = 1000
"""pictures of LSP that are to train on; the others are to test"""
_FILES = ("joints.mat", "joints.npz")
_DAMAGED = (
    EOFError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
"""what NumPy, and what it reads archives and heads of arrays with, say of a damaged file"""
_FIRST = 1
"""the first pixel in LSP's files"""


def fits(root: Path) -> bool:
    """Whether there is a file of joints."""
    return _file(root) is not None


def split_names(root: Path) -> tuple[str, ...]:
    """Train and test of LSP; none of LSP extended."""
    file = _file(root)
    return () if file is None else _read(file).splits


def read(root: Path, split: str | None) -> PoseContent:
    """Reads a split; `root` may be the file of joints.

    Raises:
        DatasetError: when there is none, or it is broken.
    """
    refuse_no_folder(root, LAYOUT)
    file = _file(root)
    if file is None:
        raise DatasetError(f"{root}: no joints.mat or joints.npz in it; expected {LAYOUT}")
    annotated = _read(file)
    chosen = choose_split(split, annotated.splits, root)
    wanted = {"train": slice(0, NUM_TRAIN), "test": slice(NUM_TRAIN, None), None: slice(None)}[chosen]
    folder = file.parent / "images"
    gathered = Gathered(file, "picture", Pictures([folder if folder.is_dir() else file.parent]))
    for place in range(len(annotated.names))[wanted]:
        name = annotated.names[place]
        gathered.add_picture(name)
        try:
            joints = read_joints(annotated.joints[place], LSP_14.points)
        except ValueError as error:
            gathered.note("keypoints", place + 1, str(error), "take the original file anew")
            continue
        gathered.add(name, person_of(joints, None, number=place + 1), place + 1)
    return gathered.content("lsp", root, chosen, LSP_14)


class _Joints(NamedTuple):
    """What a file of joints says: names of pictures; 0-based x and y with visibility; what splits it has."""

    names: tuple[str, ...]
    joints: Float64[np.ndarray, "N 14 3"]
    splits: tuple[str, ...]


def _file(root: Path) -> Path | None:
    if root.is_file():
        return root if root.name in _FILES else None
    return next((root / name for name in _FILES if (root / name).is_file()), None)


def _read(file: Path) -> _Joints:
    if file.suffix == ".npz":
        return _read_npz(file)
    values = np.asarray(read_matlab(file, "joints"), np.float64)
    if values.ndim == 3 and values.shape[:2] == (3, 14):
        joints = values.transpose(2, 1, 0)
        flags = np.where(joints[..., 2] > 0, HIDDEN, VISIBLE)
        names = tuple(f"im{place:04d}.jpg" for place in range(1, len(joints) + 1))
        return _Joints(names, _zero_based(joints, flags), ("train", "test"))
    if values.ndim == 3 and values.shape[:2] == (14, 3):
        joints = values.transpose(2, 0, 1)
        names = tuple(f"im{place:05d}.jpg" for place in range(1, len(joints) + 1))
        return _Joints(names, _labelled(joints), ())
    shape = "x".join(map(str, values.shape))
    raise DatasetError(
        f"{file}: joints are {shape}; expected 3x14xN, as of LSP, or 14x3xN, as of LSP extended"
    )


def _read_npz(file: Path) -> _Joints:
    try:
        with np.load(BytesIO(file.read_bytes()), allow_pickle=False) as content, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of arrays that Python 2 wrote
            names, joints = (np.asarray(content[name]) for name in ("names", "joints"))
        joints = joints.astype(np.float64)
        # of letters that there are not, no text can be made
        if names.dtype.kind != "U" or any(letter > sys.maxunicode for letter in _letters(names)):
            raise ValueError("names are no texts")
    except _DAMAGED as error:
        raise DatasetError(
            f"{file}: cannot be read ({reason_of(error)}); expected arrays names and joints"
        ) from None
    if names.ndim != 1 or joints.shape != (len(names), 14, 3):
        shape = "x".join(map(str, joints.shape))
        raise DatasetError(f"{file}: {names.size} names and {shape} joints; expected N and Nx14x3")
    return _Joints(tuple(str(name) for name in names), _labelled(joints), ())


def _letters(names: np.ndarray) -> list[int]:
    """The letters of texts, by their numbers."""
    kind = np.dtype(np.uint32).newbyteorder(names.dtype.byteorder)
    numbers: list[int] = np.frombuffer(names.tobytes(), kind).tolist()
    return numbers


def _labelled(joints: Float64[np.ndarray, "N 14 3"]) -> Float64[np.ndarray, "N 14 3"]:
    """Joints as LSP extended has them: what is not labelled is at a place that means nothing."""
    return _zero_based(joints, np.where(joints[..., 2] > 0, VISIBLE, UNLABELLED))


def _zero_based(
    joints: Float64[np.ndarray, "N 14 3"], flags: Integer[np.ndarray, "N 14"]
) -> Float64[np.ndarray, "N 14 3"]:
    return np.concatenate([joints[..., :2] - _FIRST, flags[..., None]], axis=-1)
