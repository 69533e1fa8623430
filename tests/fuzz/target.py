"""What is fuzzed: a parser of foreign data, valid samples, and a maker of valid files whose content is known.

The law is the same for all: a parser returns what stands there, or raises a `SaccadeError` that says what is
wrong and where. No other error, no other warning, no number out of nowhere.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Literal

import numpy as np
import torch

from saccade.core.errors import SaccadeError, SaccadeWarning
from tests.fuzz.damage import Form, damaged, noise

Outcome = Literal["accepted", "refused"]
_ROUNDS = 10
"""of so many cases running the first is noise, the last three are made, and the others are damaged samples"""
_MADE = 3


@dataclass(frozen=True, kw_only=True)
class Target:
    """A parser.

    Attributes:
        name: what the table calls it.
        read: parses, and returns plain values: numbers, texts, arrays, and containers of them. Takes the path
            of the file; of an `is_text` target the text itself. It may assert laws that only its values have.
        samples: valid files.
        make: a valid file, and what has to be read from it; None where no such thing can be made.
        file: where the file lies in its folder, which is what decides on how it is read.
        around: what else lies in the folder.
        form: how samples are damaged.
        is_text: whether it is no file that is parsed, but a message or an option.
        unknown: whether NaN is a value that it may return.
        names_itself: whether the message of a refusal has to name the file or its folder.
    """

    name: str
    read: Callable[[Any], Any]
    samples: tuple[bytes, ...]
    make: Callable[[Random], tuple[bytes, Any]] | None = None
    file: str = "foreign.txt"
    around: Mapping[str, bytes] = field(default_factory=dict)
    form: Form = "text"
    is_text: bool = False
    unknown: bool = False
    names_itself: bool = True

    def furnish(self, folder: Path) -> None:
        """Puts into a folder what the file lies among."""
        (folder / self.file).parent.mkdir(parents=True, exist_ok=True)
        for name, content in self.around.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    def case(self, seed: int, index: int) -> "Case":
        """A case by its number: the samples come first, as they are."""
        if index < len(self.samples):
            return Case(self, self.samples[index], is_valid=True)
        rng = Random(f"{seed}/{self.name}/{index}")
        kind = index % _ROUNDS
        if kind == 0:
            return Case(self, noise(rng, self.samples))
        if kind >= _ROUNDS - _MADE and self.make is not None:
            data, expected = self.make(rng)
            return Case(self, data, is_valid=True, expected=(expected,))
        return Case(self, damaged(rng, rng.choice(self.samples), self.samples, self.form))


@dataclass(frozen=True)
class Case:
    """A file, and what is known of it.

    Attributes:
        is_valid: whether it must be accepted.
        expected: alone in a tuple what has to be read; empty where nobody knows.
    """

    target: Target
    data: bytes
    is_valid: bool = False
    expected: tuple[Any, ...] = ()

    def run(self, folder: Path) -> Outcome:
        """Parses, and checks the law.

        Args:
            folder: that the target has furnished.

        Raises:
            AssertionError: when the law is broken by what was read, or by a message.
            Exception: whatever else escapes.
        """
        if self.target.is_text:
            given: Any = self.data.decode("utf-8", "replace")
        else:
            given = folder / self.target.file
            given.write_bytes(self.data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", SaccadeWarning)
            # pictures and arrays whose details are damaged, or that are large, are read as far as they can be
            for module in ("PIL", "numpy.lib"):
                warnings.filterwarnings("ignore", module=module)
            try:
                value = self.target.read(given)
            except SaccadeError as error:
                self._check_refusal(error, folder)
                return "refused"
        assert_plain(value, unknown=self.target.unknown)
        for expected in self.expected:
            assert is_same(value, expected), f"read {value!r}, but written was {expected!r}"
        return "accepted"

    def _check_refusal(self, error: SaccadeError, folder: Path) -> None:
        message = str(error)
        assert not self.is_valid, f"a valid file is refused: {message}"
        assert message.strip(), f"{type(error).__name__} without a message"
        if self.target.names_itself and not self.target.is_text:
            assert str(folder) in message, f"the message does not name the file: {message}"


def assert_plain(value: Any, *, unknown: bool) -> None:
    """Refuses numbers that are infinite, and NaN where nothing may be unknown."""
    if isinstance(value, float | np.floating):
        assert np.isfinite(value) or (unknown and np.isnan(value)), f"{value} among what was read"
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "f":
            assert not np.isinf(value).any(), "an infinite number among what was read"
            assert unknown or not np.isnan(value).any(), "NaN among what was read"
        elif value.dtype == object:
            assert_plain(value.tolist(), unknown=unknown)
    elif isinstance(value, Mapping):
        assert_plain([*value.keys(), *value.values()], unknown=unknown)
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            assert_plain(part, unknown=unknown)
    else:
        is_plain = value is None or isinstance(value, str | bytes | bool | int | np.generic | torch.Tensor)
        assert is_plain, f"a {type(value).__name__} among what was read"


def is_same(value: Any, expected: Any) -> bool:
    """Whether two plain values are the same; floats up to rounding in single precision, NaN like NaN."""
    if isinstance(value, np.ndarray) or isinstance(expected, np.ndarray):
        one, other = np.asarray(value), np.asarray(expected)
        if one.shape != other.shape:
            return False
        if one.dtype.kind in "fc" or other.dtype.kind in "fc":
            return bool(np.allclose(one.astype(float), other.astype(float), 1e-6, 1e-5, equal_nan=True))
        return bool((one == other).all())
    if isinstance(value, torch.Tensor) and isinstance(expected, torch.Tensor):
        return value.dtype == expected.dtype and torch.equal(value, expected)
    if isinstance(value, Mapping) and isinstance(expected, Mapping):
        return value.keys() == expected.keys() and all(is_same(value[key], expected[key]) for key in value)
    if isinstance(value, list | tuple) and isinstance(expected, list | tuple):
        return len(value) == len(expected) and all(map(is_same, value, expected))
    if isinstance(value, float) and isinstance(expected, float):
        return bool(np.isclose(value, expected, 1e-6, 1e-5, equal_nan=True))
    return bool(value == expected)
