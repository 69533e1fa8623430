"""MATLAB files of version 5, looked through before they are read.

SciPy's reader believes what a file says of its own types and sizes, so that a damaged one may take the
process with it. The variable that is wanted is therefore checked first, and it alone is handed on. A file is
as MathWorks' "MAT-File Format" has it: elements of a type and a size, of which matrices hold further ones.
"""

import math
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from saccade.core import DatasetError

_HEAD = 128
_TITLE = b"MATLAB 5.0 MAT-file"
_NAMED, _MATRIX, _COMPRESSED = 1, 14, 15
_INT32, _UINT32 = 5, 6
_WIDTHS = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
"""bytes of a number by its type"""
_LETTERS = frozenset({1, 2, 3, 4, 16, 17, 18})
"""types that a text may be of"""
_CELL, _STRUCT, _TEXT = 1, 2, 4
_NUMBERS = range(6, 16)
"""classes of matrices that hold numbers"""
_COMPLEX = 0x0800
_LARGEST = 1 << 30
"""bytes of a variable; those of the published data sets are far below"""
_DEEPEST = 32
"""matrices in matrices"""

Element = tuple[int, memoryview]
"""a type, and what is of it"""


def read_matlab(file: Path, name: str) -> Any:
    """A variable of a MATLAB file, as SciPy gives it.

    Raises:
        DatasetError: when it cannot be read, is damaged, or has no such variable.
    """
    # takes a while to import, and is seldom needed
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        checked = _alone(file.read_bytes(), name)
        content = {} if checked is None else loadmat(BytesIO(checked))
    except (OSError, MatReadError, TypeError, ValueError, struct.error, zlib.error) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error
        raise DatasetError(f"{file}: cannot be read as a MATLAB file ({reason}); take it anew") from None
    if name not in content:
        raise DatasetError(f"{file}: no variable '{name}' in it; take the original file anew")
    return content[name]


def _alone(data: bytes, name: str) -> bytes | None:
    """A file with nothing but that variable, uncompressed; None where it has none of that name.

    Raises:
        ValueError, struct.error, zlib.error: when it is no such file, or damaged.
    """
    order = {b"IM": "<", b"MI": ">"}.get(data[_HEAD - 2 : _HEAD])
    if order is None or struct.unpack_from(f"{order}H", data, _HEAD - 4)[0] != 0x0100:
        raise ValueError("it is not of version 5; save it by save(…, '-v7')")
    for kind, content in _elements(memoryview(data)[_HEAD:], order):
        if kind == _COMPRESSED:
            ((kind, content),) = _elements(memoryview(_unpacked(content)), order)
        if kind != _MATRIX:
            raise ValueError(f"a variable is of type {kind}")
        # what other variables are is nobody's concern
        _, _, (_, called), *_ = _elements(content, order)
        if bytes(called) == name.encode():
            _check_matrix(content, order, 0)
            # a zero among the first letters would make it one of version 4 to SciPy
            head = _TITLE + data[len(_TITLE) : _HEAD]
            return head + struct.pack(f"{order}II", _MATRIX, len(content)) + content
    return None


def _unpacked(content: memoryview) -> bytes:
    inflating = zlib.decompressobj()
    found = inflating.decompress(content, _LARGEST)
    if not inflating.eof:
        raise ValueError("a variable is cut off, or of more than a gigabyte")
    return found


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """The elements that stand one behind the other."""
    at = 0
    while at < len(data):
        (kind,) = struct.unpack_from(f"{order}I", data, at)
        if kind >> 16:
            # of a small one type and size share four bytes, and four more hold what there is of it
            kind, size, start, stop = kind & 0xFFFF, kind >> 16, at + 4, at + 8
            if size > 4:
                raise ValueError(f"a small element of {size} bytes")
        else:
            (size,) = struct.unpack_from(f"{order}I", data, at + 4)
            start = at + 8
            stop = start + (size if kind == _COMPRESSED else -(-size // 8) * 8)
        if start + size > len(data):
            raise ValueError("it ends early")
        yield kind, data[start : start + size]
        at = stop


def _check_matrix(content: memoryview, order: str, depth: int) -> None:
    """Refuses a matrix that is not what it says.

    Raises:
        ValueError, struct.error: saying why.
    """
    if depth > _DEEPEST:
        raise ValueError("matrices in matrices without an end")
    if not len(content):
        return
    (flags_kind, flags), (sizes_kind, sizes), (name_kind, _), *parts = _elements(content, order)
    if (flags_kind, len(flags), sizes_kind, name_kind) != (_UINT32, 8, _INT32, _NAMED):
        raise ValueError("a matrix begins with something else than its class, sizes and name")
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    count = math.prod(shape)
    if not 2 <= len(shape) <= _DEEPEST or min(shape) < 0:
        raise ValueError(f"a matrix of sizes {shape}")
    (said,) = struct.unpack_from(f"{order}I", flags)
    if said & _COMPLEX:
        raise ValueError("a matrix of complex numbers, which no annotations are")
    which = said & 0xFF
    if which in _NUMBERS:
        _check_numbers(parts, count)
    elif which == _TEXT:
        _check_text(parts, count)
    elif which in (_CELL, _STRUCT):
        fields = 1
        if which == _STRUCT:
            fields, parts = _fields(parts, order), parts[2:]
        if len(parts) != count * fields or any(kind != _MATRIX for kind, _ in parts):
            raise ValueError(f"{len(parts)} matrices in one of {count} times {fields}")
        for _, part in parts:
            _check_matrix(part, order, depth + 1)
    else:
        raise ValueError(f"a matrix of class {which}, which no annotations are of")


def _check_numbers(parts: list[Element], count: int) -> None:
    """One part, of as many numbers."""
    if len(parts) != 1 or parts[0][0] not in _WIDTHS:
        raise ValueError("a matrix of numbers has something else in it")
    if len(parts[0][1]) != count * _WIDTHS[parts[0][0]]:
        raise ValueError(f"a matrix of {count} numbers has another number of them")


def _check_text(parts: list[Element], count: int) -> None:
    """One part, of as many letters or, in UTF-8, of more bytes."""
    if len(parts) != 1 or parts[0][0] not in _LETTERS or len(parts[0][1]) < count:
        raise ValueError(f"a text of {count} letters has something else in it")


def _fields(parts: list[Element], order: str) -> int:
    """How many fields a structure has."""
    if len(parts) < 2 or (parts[0][0], len(parts[0][1]), parts[1][0]) != (_INT32, 4, _NAMED):
        raise ValueError("a structure has no names of fields")
    (width,) = struct.unpack(f"{order}i", parts[0][1])
    if width < 1 or len(parts[1][1]) % width:
        raise ValueError(f"a structure has names of {width} letters")
    return len(parts[1][1]) // width
