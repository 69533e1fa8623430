"""Which frames make a sample: a data set of the mixture, a target in it, and the numbers of its frames."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Bool

from saccade.core import DatasetError
from saccade.data.samples.dice import Dice
from saccade.data.samples.footage import Footage, Moments
from saccade.data.samples.mixture import Mixture

GAP_STEP = 5
"""by how much the gap grows where too few frames are visible"""
MAX_GROWTH = 1000
"""by how much it may grow, beyond the length of the sequence, before another is drawn"""
MAX_REFUSALS = 1000
"""targets of a data set that may be drawn in vain"""

FULLY_VISIBLE = 0.9
"""visibility from which an occlusion is over"""
BEFORE_OCCLUSION = (20, 5)
"""how many frames before an occlusion the base frame is, at most and more than"""
AFTER_OCCLUSION = (5, 20)
"""how many frames after it the last test frame is, at least and at most"""


class Draw(NamedTuple):
    """A sample that is yet to be read.

    Attributes:
        footage: the data set.
        target: which of its targets.
        train: numbers of the train frames.
        test: numbers of the test frames.
        is_valid: which of the test frames are frames of the sequence rather than padding.
    """

    footage: Footage
    target: int
    train: tuple[int, ...]
    test: tuple[int, ...]
    is_valid: tuple[bool, ...]


class Ids(NamedTuple):
    """Numbers of train frames and of test frames."""

    train: list[int]
    test: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames make a sample.

    Data sets of single images give the same image for each frame.

    Attributes:
        policy: "causal" takes test frames after a base frame and train frames up to it (DiMP); "interval"
            takes all from around the base frame (ATOM); "ordered" is causal, with the frames in order of
            time, and may turn time around (LWL); "occlusion" takes consecutive test frames, around an
            occlusion where there is one (KYS).
        num_train: train frames. The first of them is the base frame for "causal" and "interval".
        num_test: test frames.
        max_gap: frames between the base frame and the farthest other; grows where too few are visible.
        min_length: frames of the shortest sequence that is drawn from.
        reverse: probability of turning time around; only for "ordered".
        min_fraction: share of the test frames that must be frames of the sequence, where there is no
            occlusion; the others repeat its first and are marked invalid. Only for "occlusion".
    """

    policy: Literal["causal", "interval", "ordered", "occlusion"] = "causal"
    num_train: int = 3
    num_test: int = 3
    max_gap: int = 30
    min_length: int = 20
    reverse: float = 0.0
    min_fraction: float = 0.5

    def draw(self, mixture: Mixture, dice: Dice) -> Draw:
        """Draws the frames of a sample.

        Raises:
            DatasetError: when what is known of a target cannot be read, or no target of a data set is visible
                in enough frames.
        """
        rng = dice.random
        footage = mixture.choose(rng)
        backwards = self.reverse > 0 and rng.random() < self.reverse
        for _ in range(MAX_REFUSALS):
            target = rng.randint(0, len(footage) - 1)
            if not footage.is_video:
                ids = range(self.num_train + self.num_test)
                test = tuple(ids[self.num_train :])
                return Draw(footage, target, tuple(ids[: self.num_train]), test, (True,) * len(test))
            moments = footage.moments(target)
            found = self._frames(moments, footage.has_occlusion, backwards, rng)
            if found is not None:
                # beyond the end of a sequence its first frame stands in
                rest = self.num_test - len(found.test)
                test = (*found.test, *[0] * rest)
                is_valid = (*[True] * len(found.test), *[False] * rest)
                return Draw(footage, target, tuple(found.train), test, is_valid)
        raise DatasetError(
            f"{footage.name}: none of {MAX_REFUSALS} targets drawn is visible in enough frames for "
            f"{self.num_train} train and {self.num_test} test frames, in a sequence of at least "
            f"{self.min_length}; leave it out, or ask for fewer, e.g. with --set sampling.min_length=2"
        )

    def _frames(
        self, moments: Moments, has_occlusion: bool, backwards: bool, rng: random.Random
    ) -> Ids | None:
        """The frames of a sample; None when the target is visible in too few."""
        visible = moments.visible
        least = 0 if self.policy == "occlusion" else 2 * (self.num_train + self.num_test)
        if len(visible) < self.min_length or int(visible.sum()) <= least:
            return None
        if self.policy == "occlusion":
            return self._around_occlusion(moments, has_occlusion, rng)
        policies: dict[str, Callable[[_Picker, int], Ids | None]] = {
            "causal": self._causal,
            "interval": self._interval,
            "ordered": self._backwards if backwards else self._ordered,
        }
        pick, attempt = _Picker(visible, rng), policies[self.policy]
        for gap in range(self.max_gap, self.max_gap + len(visible) + MAX_GROWTH, GAP_STEP):
            found = attempt(pick, gap)
            if found is not None:
                return found
        return None

    def _causal(self, pick: "_Picker", gap: int) -> Ids | None:
        base = pick(1, self.num_train - 1, len(pick) - self.num_test)
        if base is None:
            return None
        before = pick(self.num_train - 1, base[0] - gap, base[0]) if self.num_train > 1 else []
        if before is None:
            return None
        test = pick(self.num_test, base[0] + 1, base[0] + gap)
        return None if test is None else Ids(base + before, test)

    def _interval(self, pick: "_Picker", gap: int) -> Ids | None:
        base = pick(1, 0, len(pick))
        if base is None:
            return None
        others = pick(self.num_train - 1, base[0] - gap, base[0] + gap) if self.num_train > 1 else []
        if others is None:
            return None
        test = pick(self.num_test, base[0] - gap, base[0] + gap)
        return None if test is None else Ids(base + others, test)

    def _ordered(self, pick: "_Picker", gap: int) -> Ids | None:
        base = pick(1, self.num_train - 1, len(pick) - self.num_test)
        if base is None:
            return None
        # an earlier frame must be visible, even where none is asked for
        before = pick(self.num_train - 1, base[0] - gap, base[0])
        if before is None:
            return None
        test = pick(self.num_test, base[0] + 1, base[0] + gap)
        return None if test is None else Ids(sorted(base + before), sorted(test))

    def _backwards(self, pick: "_Picker", gap: int) -> Ids | None:
        base = pick(1, self.num_test + 1, len(pick) - self.num_train - 1)
        if base is None:
            return None
        later = pick(self.num_train - 1, base[0], base[0] + gap)
        if later is None:
            return None
        test = pick(self.num_test, 0, base[0] - 1)
        if test is None:
            return None
        return Ids(sorted(base + later, reverse=True), sorted(test, reverse=True))

    def _around_occlusion(self, moments: Moments, has_occlusion: bool, rng: random.Random) -> Ids | None:
        """Test frames that are consecutive, or evenly spaced over an occlusion and what surrounds it."""
        pick, length = _Picker(moments.visible, rng), len(moments.visible)
        ratio = moments.visible if moments.visibility is None else moments.visibility
        hidden = ratio < FULLY_VISIBLE
        is_hidden = has_occlusion and bool(hidden.any())
        if is_hidden:
            start = int(hidden.argmax())
            over = np.flatnonzero(ratio[start:] >= FULLY_VISIBLE)
            end = start + int(over[0]) if len(over) else length
            farthest, nearest = BEFORE_OCCLUSION
            low, high = start - farthest, start - nearest
        else:
            low, high = 2 * self.num_train, length - int(self.num_test * self.min_fraction)
        base, train = self._base_and_train(pick, low, high)
        if not is_hidden:
            return Ids(train, list(range(base, min(length, base + self.num_test))))
        end = min(end + rng.randint(*AFTER_OCCLUSION), length - 1)
        if end - base < self.num_test:
            rest = self.num_test - (end - base)
            end = rng.randint(end, min(length - 1, end + rest))
            base = max(0, end - self.num_test + 1)
        step = (end - base) / self.num_test
        return Ids(train, [base + int(place * step) for place in range(self.num_test)])

    def _base_and_train(self, pick: "_Picker", low: int, high: int) -> tuple[int, list[int]]:
        """A base frame, the first where none is visible, and train frames before it, or itself."""
        gap = self.max_gap
        while True:
            base = (pick(1, low, high) or [0])[0]
            train = pick(self.num_train, base - gap - 1, base - 1)
            if train is not None:
                return base, train
            if base - gap - 1 < 0:
                return base, [base] * self.num_train
            gap += GAP_STEP


class _Picker:
    """Draws visible frames of an interval, with replacement."""

    def __init__(self, visible: Bool[np.ndarray, " L"], rng: random.Random) -> None:
        self._visible = visible
        self._rng = rng

    def __len__(self) -> int:
        return len(self._visible)

    def __call__(self, count: int, start: int, stop: int) -> list[int] | None:
        """Numbers of frames in the order in which they are drawn; None when none is visible."""
        start = max(start, 0)
        ids = np.flatnonzero(self._visible[start : max(stop, 0)])
        return [start + int(i) for i in self._rng.choices(ids, k=count)] if len(ids) else None
