"""What happens to files: bytes flip, lines go, numbers that nobody expected, marks of other systems."""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any, Literal

Form = Literal["text", "json", "binary", "zip"]

_NUMBER = re.compile(rb"[+-]?\d+\.?\d*(?:[eE][+-]?\d+)?")
_NUMBERS = (
    *b"nan NaN -nan inf -inf Infinity -0 0 1 -1 2 0.5 -7.25 1e308 -1e308 1e309 1e-320 1e39 1e5 3e10".split(),
    *b"0x10 1_0 1,5 .5 5. +3 --1 1e 32768 65536 2147483647 2147483648 -2147483649 4294967296".split(),
    *b"9007199254740993 9223372036854775807 9223372036854775808 -9223372036854775809".split(),
    *b"18446744073709551616".split(),
    *"١٢ １２ ²".encode().split(b" "),
    *(b"1" * 400, b"9" * 5000, b"", b" "),
)
_PIECES = (
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\x80", b"\xc3", b"\x85", b"\x1c", b"\x0b", b"\x7f"),
    *(b"\r\n", b"\r", b"\n", b"\n\n", b"\t", b"\0", b"\\ud800"),
    *(letter.encode() for letter in "\u2028\u00a0\u200b"),
    *b"\" ' , ,, ; : = { } [ ] < > & </ /> %s % ../ / \\ # @ m - e . &amp; <!-- &x; !!python/x".split(),
    *b"null true false None".split(),
    *(b"[" * 2000, b"<a>" * 300, b" " * 3000, b"a" * 300, b"- " * 300),
)
_ODD = (
    *(None, True, False, 0, 1, -1, 2, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400),
    *(0.5, -7.25, 1e308, 1e39, -1e308, float("nan"), float("inf"), float("-inf")),
    *("", " ", "a", "0", "1", "nan", "inf", "1_0", "١٢", "\0", "\n", "\ud800", "a" * 300, "../a", "/", "."),
    *([], {}, [[]], [None], [1], [1, 2, 3, 4], ["a"], {"a": 1}, [0.0] * 9),
)
_MOST = 20_000
"""bytes of a case"""


def noise(rng: Random, samples: Sequence[bytes]) -> bytes:
    """Bytes without sense: any, or those of a sample in any order."""
    letters = rng.choice(samples) if samples and rng.random() < 0.6 else b""
    count = rng.randrange(200)
    return bytes(rng.choices(letters, k=count)) if letters else rng.randbytes(count)


def damaged(rng: Random, sample: bytes, others: Sequence[bytes], form: Form) -> bytes:
    """A sample that something has happened to, once or a few times."""
    if form == "zip" and rng.random() < 0.7:
        return _damaged_zip(rng, sample)
    if form == "json" and rng.random() < 0.7:
        return _damaged_json(rng, sample)
    ways = _BINARY if form in ("binary", "zip") else _TEXT
    for _ in range(1 + int(rng.expovariate(1))):
        sample = rng.choice(ways)(rng, sample, others)
    return sample[:_MOST]


def _flip(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _flip_bit(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _delete(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, stop = _span(rng, data)
    return data[:start] + data[stop:]


def _repeat(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    start, stop = _span(rng, data)
    return data[:stop] + data[start:]


def _cut(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _insert(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    at = rng.choice((0, len(data), rng.randrange(len(data) + 1)))
    return data[:at] + rng.choice(_PIECES) + data[at:]


def _renumber(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _insert(rng, data, others)
    at = rng.choice(found)
    new = rng.choice(_NUMBERS) if rng.random() < 0.7 else rng.choice(found)[0]
    return data[: at.start()] + new + data[at.end() :]


def _edit_lines(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    what = rng.randrange(4)
    if what == 0:
        lines[one], lines[two] = lines[two], lines[one]
    elif what == 1:
        del lines[one]
    elif what == 2:
        lines.insert(two, lines[one])
    else:
        lines.insert(one, b"")
    return rng.choice((b"\n", b"\n", b"\n", b"\r\n", b"\r")).join(lines)


def _splice(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _widen(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Puts a small or an extreme whole number over two, four or eight bytes, as headers have them."""
    size = rng.choice((2, 4, 8))
    at = rng.randrange(max(len(data) - size, 0) + 1)
    number = rng.choice((0, 1, 2, 2 ** (8 * size - 1) - 1, 2 ** (8 * size - 1), 2 ** (8 * size) - 1, 65535))
    return data[:at] + number.to_bytes(size, rng.choice(("little", "big"))) + data[at + size :]


_TEXT = (
    _flip,
    _delete,
    _repeat,
    _cut,
    _insert,
    _insert,
    _renumber,
    _renumber,
    _renumber,
    _edit_lines,
    _splice,
)
_BINARY = (_flip, _flip, _flip_bit, _flip_bit, _delete, _repeat, _cut, _widen, _widen, _splice)


def _span(rng: Random, data: bytes) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + 1 + int(rng.expovariate(0.15)))


def _damaged_json(rng: Random, sample: bytes) -> bytes:
    """Changes values, and leaves it JSON."""
    holder = [json.loads(sample)]
    for _ in range(1 + int(rng.expovariate(1))):
        node, key = rng.choice(list(_places(holder)))
        what = rng.randrange(8)
        if what < 5 or node is holder:
            node[key] = deepcopy(rng.choice(_ODD))
        elif what == 5:
            del node[key]
        elif what == 6 and isinstance(node, list):
            node.insert(rng.randrange(len(node) + 1), deepcopy(node[key]))
        else:
            other, place = rng.choice(list(_places(holder)))
            # a copy, so that nothing holds itself
            node[key] = deepcopy(other[place])
    return json.dumps(holder[0], ensure_ascii=rng.random() < 0.9).encode("utf-8", "replace")


def _places(node: Any) -> Any:
    """All pairs of a container and a key in it."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def _damaged_zip(rng: Random, sample: bytes) -> bytes:
    """Changes a file in an archive, whose checksums are right again."""
    with zipfile.ZipFile(io.BytesIO(sample)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice(list(files))
    ways = _TEXT if rng.random() < 0.2 else _BINARY
    for _ in range(1 + int(rng.expovariate(1))):
        files[name] = rng.choice(ways)(rng, files[name], list(files.values()))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)
    return out.getvalue()
