"""Samples of pictures that each come in turn, whoever makes them, and again and again."""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from jaxtyping import Int64
from torch.utils.data import Dataset

from saccade.data.samples.dataset import Replacements
from saccade.data.samples.dice import Dice
from saccade.weights import Preprocessing

B = TypeVar("B")
P = TypeVar("P")

BYTES = Preprocessing(colours="rgb", mean=(0.0, 0.0, 0.0), scale=(255.0, 255.0, 255.0))
"""what networks are shown that see to the rest themselves: RGB from 0 to 1"""
KEPT = 256 * 2**20
"""bytes of decoded pictures that a process keeps"""
OF_ROUNDS, OF_PICTURES, OF_SCALES = 0, 1, 2
"""what draws are for, so that none follows from another"""


class Rounds:
    """What comes at each place of an endless row: all of some data sets in a random order, again and again.

    A data set of weight 2 has each of its pictures twice in a round, one of weight 0.5 half of them, and the
    other half in the next.

    Attributes:
        total: pictures in a round.
    """

    def __init__(self, counts: Sequence[int], weights: Sequence[float], seed: int) -> None:
        """Plans rounds.

        Args:
            counts: pictures of each data set, or people in them.
            weights: of each.
        """
        self._counts, self._seed = tuple(counts), seed
        self._shares = tuple(
            max(round(count * weight), 1) for count, weight in zip(counts, weights, strict=True)
        )
        self.total = sum(self._shares)

    def at(self, place: int) -> tuple[int, int]:
        """The data set, and the picture of it."""
        turn, place = divmod(place, self.total)
        chosen = int(_permutation(self._seed, 0, turn, self.total)[place])
        for number, (count, share) in enumerate(zip(self._counts, self._shares, strict=True)):
            if chosen < share:
                own_turn, own_place = divmod(turn * share + chosen, count)
                return number, int(_permutation(self._seed, number + 1, own_turn, count)[own_place])
            chosen -= share
        raise IndexError(place)

    def any(self, dice: Dice) -> tuple[int, int]:
        """A data set drawn by weight, and any picture of it."""
        (number,) = dice.random.choices(range(len(self._counts)), self._shares)
        return number, dice.random.randrange(self._counts[number])


@lru_cache(maxsize=64)
def _permutation(seed: int, row: int, turn: int, count: int) -> Int64[np.ndarray, " _"]:
    return Dice.at(seed, OF_ROUNDS, row, turn).numpy.permutation(count)


class RoundSamples(Dataset[B]):
    """The samples `start` … of a training: each is a function of the seed and its number alone.

    Where a picture cannot be read, another is drawn in its place; the first ten times, a warning names it.
    """

    def __init__(self, rounds: Rounds, *, samples: int, seed: int, start: int) -> None:
        """Nothing is read yet."""
        self._rounds, self._samples, self._seed, self._start = rounds, samples, seed, start
        self._replacements = Replacements()

    @property
    def num_failures(self) -> int:
        """How many draws have come to nothing, in this process and in all workers."""
        return self._replacements.count

    def __len__(self) -> int:
        return self._samples

    def __getitem__(self, index: int) -> B:
        """The sample of that number.

        Raises:
            DatasetError: when one draw after another comes to nothing, naming what is wrong with each.
        """
        number = self._start + index
        return self._replacements.first(lambda attempt: self._attempt(number, attempt))

    def _attempt(self, number: int, attempt: int) -> B:
        dice = Dice.at(self._seed, OF_PICTURES, number, attempt)
        return self.make(number, self._rounds.any(dice) if attempt else self._rounds.at(number), dice)

    def make(self, number: int, place: tuple[int, int], dice: Dice) -> B:
        """The sample of a number.

        Args:
            place: the data set, and the picture of it.
            dice: all chance that there is in it.

        Raises:
            SaccadeError: when it cannot be made.
        """
        raise NotImplementedError


class RoundFeed:
    """What feeds of annotated pictures do alike; see `Feed`."""

    __slots__ = ()
    SMALLER: ClassVar[str]
    """what makes samples smaller"""

    def validation(self) -> Dataset[Any] | None:
        """None: what is found is measured, not the loss."""
        return None

    @property
    def preprocessing(self) -> Preprocessing:
        """See `Feed`."""
        return BYTES

    @property
    def smaller(self) -> str:
        """See `Feed`."""
        return self.SMALLER


class Kept(Generic[P]):
    """Pictures that have been read, as far as there is room for them."""

    def __init__(self, size: Callable[[P], int], room: int = KEPT) -> None:
        """Nothing is kept yet.

        Args:
            size: bytes that one takes.
            room: bytes in all.
        """
        self._size, self._room = size, room
        self._pictures: dict[Hashable, P] = {}

    def get(self, key: Hashable, read: Callable[[], P]) -> P:
        """What is kept under a key, or else read now."""
        if key in self._pictures:
            return self._pictures[key]
        picture = read()
        size = self._size(picture)
        if size <= self._room:
            self._room -= size
            self._pictures[key] = picture
        return picture
