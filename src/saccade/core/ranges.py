"""Which numbers a setting may be."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from saccade.core.errors import ConfigError

Number = int | float


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers that make sense; neither NaN nor an infinite number is ever among them.

    Attributes:
        words: which ones, behind "must be".
        holds: whether a finite number is one of them.
    """

    words: str
    holds: Callable[[Number], bool]

    def __contains__(self, number: Number) -> bool:
        # a whole number may be larger than any float
        return abs(number) <= sys.float_info.max and self.holds(number)


FINITE = Range("a finite number", lambda number: True)
BELOW_ONE = Range("in [0, 1)", lambda number: 0 <= number < 1)
"""shares of which something must be left"""


def above(low: Number) -> Range:
    """The numbers above `low`."""
    return Range(f"above {low:g}", lambda number: number > low)


def at_least(low: Number) -> Range:
    """`low` and the numbers above it."""
    return Range(f"{low:g} or more", lambda number: number >= low)


def above_to(low: Number, high: Number) -> Range:
    """The numbers above `low`, up to `high`, which is included."""
    return Range(f"above {low:g} and at most {high:g}", lambda number: low < number <= high)


def within(low: Number, high: Number) -> Range:
    """The numbers from `low` to `high`, both included."""
    return Range(f"in [{low:g}, {high:g}]", lambda number: low <= number <= high)


def check_ranges(group: str, config: Any, **ranges: Range) -> None:
    """Checks fields of a configuration: a number, every number of a tuple or of a tuple of tuples, or None.

    Args:
        group: dotted name of the configuration in the one that it is part of.

    Raises:
        ConfigError: for a field with a number out of its range.
    """
    for field, allowed in ranges.items():
        value = getattr(config, field)
        for number in _numbers(value):
            if number not in allowed:
                each = "each number" if isinstance(value, tuple) else "it"
                words = allowed.words if number in FINITE else FINITE.words
                raise ConfigError(f"{group}.{field} is {value}; {each} must be {words}")


def _numbers(value: Any) -> Iterator[Number]:
    if isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    elif value is not None:
        yield value


def check_order(name: str, least: float, most: float) -> None:
    """Refuses settings `least` and `most` that leave nothing between them.

    Args:
        name: of the setting that they are in.

    Raises:
        ConfigError: when least is more than most.
    """
    if least > most:
        raise ConfigError(f"'{name}': least is {least:g}, more than most, which is {most:g}")
