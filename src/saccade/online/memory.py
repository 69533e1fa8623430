"""Sample memory: which slot a new sample takes, how much each stored one weighs, and the samples themselves.

The weights of a target's samples sum to 1 and fall off exponentially: each new sample is given the share
`learning_rate`. Everything is batched over targets, each with its own count of samples.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.core.errors import ConfigError
from saccade.core.ranges import BELOW_ONE, at_least, check_ranges, within
from saccade.online.state import TargetState

SlotRule = Callable[["SampleWeights", bool], Tensor]
"""the slot (N,) of the next sample; the flag tells whether the initial samples are protected"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleMemory:
    """What is remembered of each target."""

    size: int = 50
    """samples"""
    learning_rate: float = 0.01
    """share of the newest sample"""
    hard_negative_rate: float = 0.02
    """share of the newest sample when it shows a distractor"""
    initial_minimum: float = 0.25
    """share that the samples of the first frame never fall below; 0 does without"""

    def __post_init__(self) -> None:
        check_ranges(
            "memory",
            self,
            size=at_least(1),
            learning_rate=within(0, 1),
            hard_negative_rate=within(0, 1),
            initial_minimum=BELOW_ONE,
        )


@dataclass(slots=True)
class SampleWeights(TargetState):
    """How much each stored sample of N targets weighs.

    Attributes:
        weights: weight of each slot, 0 where nothing is stored.
        previous: slot of the newest sample; -1 while there are only initial ones.
        count: samples ever stored, initial ones included; goes on beyond the number of slots.
        initial: number of initial samples, in the first slots.
    """

    weights: Float[Tensor, "N T"]
    previous: Integer[Tensor, " N"]
    count: Integer[Tensor, " N"]
    initial: Integer[Tensor, " N"]

    @classmethod
    def of_initial_samples(cls, initial: Integer[Tensor, " N"], slots: int) -> "SampleWeights":
        """Equal weights for the samples made of the first frame.

        Raises:
            ConfigError: there are more of them than slots.
        """
        if int(initial.max()) > slots:
            raise ConfigError(
                f"{int(initial.max())} initial samples do not fit into a memory of {slots} slots; give it "
                f"more, or augment the first frame less"
            )
        stored = torch.arange(slots, device=initial.device) < initial[:, None]
        return cls(stored / initial[:, None], torch.full_like(initial, -1), initial.clone(), initial.clone())

    def equally_filled(
        self, rows: Integer[Tensor, " M"], device: torch.device
    ) -> Iterator[tuple[Tensor | slice, int]]:
        """Some targets in parts that have equally many samples: which they are, and how many samples.

        A GPU takes a part at once, which copies its samples out of a memory of several. A processor, whose
        memory is slower than its arithmetic, takes target by target, which copies nothing.

        Args:
            device: where the samples are.
        """
        stored = self.count[rows].clamp(max=self.weights.shape[1])
        if device.type == "cpu":
            for row, count in zip(rows.tolist(), stored.tolist(), strict=True):
                yield slice(row, row + 1), count
            return
        for count in sorted(set(stored.tolist())):
            part = rows[stored == count]
            yield slice(None) if len(part) == len(self) else part, count


def smallest_weight_slot(memory: SampleWeights, protects_initial: bool) -> Integer[Tensor, " N"]:
    """The slot of the smallest weight (ATOM, ECO), which is a free one as long as there is any."""
    weights = memory.weights
    if protects_initial:
        slots = torch.arange(weights.shape[1], device=weights.device)
        weights = weights.masked_fill(slots < memory.initial[:, None], torch.inf)
    return weights.argmin(dim=1)


def first_free_slot(memory: SampleWeights, protects_initial: bool) -> Integer[Tensor, " N"]:
    """The slots one after the other, then the one of the smallest weight (DiMP)."""
    smallest = smallest_weight_slot(memory, protects_initial)
    return torch.where(memory.count < memory.weights.shape[1], memory.count, smallest)


def add_sample(
    memory: SampleWeights,
    learning_rate: Float[Tensor, " N"],
    *,
    slot_rule: SlotRule = smallest_weight_slot,
    initial_minimum: float = 0.0,
) -> tuple[SampleWeights, Integer[Tensor, " N"]]:
    """Weigh one new sample a target, and name the slot to store it in.

    With the rate eta, the newest sample weighs 1 / (1 - eta) times as much as the one before it; the first
    one after the initial samples weighs eta. Weights are then divided by their sum. A rate of 1 forgets
    everything else.

    Args:
        initial_minimum: share that the initial samples never fall below, their slots never being reused;
            0 does without.
    """
    rows = torch.arange(len(memory.weights), device=memory.weights.device)
    restarts = (memory.count == 0) | (learning_rate == 1)
    slot = torch.where(restarts, 0, slot_rule(memory, initial_minimum > 0))

    remaining = torch.where(restarts, 1.0, 1 - learning_rate)
    is_first = memory.previous < 0
    after_last = memory.weights[rows, memory.previous.clamp(min=0)] / remaining
    weights = torch.where(is_first[:, None], memory.weights / remaining[:, None], memory.weights)
    weights[rows, slot] = torch.where(is_first, learning_rate, after_last)
    only = torch.zeros_like(weights)
    only[:, 0] = 1
    weights = torch.where(restarts[:, None], only, weights)
    weights = weights / weights.sum(dim=1, keepdim=True)
    if initial_minimum > 0:
        weights = _raise_initial(weights, memory.initial, initial_minimum)
    return SampleWeights(weights, slot, memory.count + 1, memory.initial), slot


def _raise_initial(
    weights: Float[Tensor, "N T"], initial: Integer[Tensor, " N"], minimum: float
) -> Float[Tensor, "N T"]:
    """Share out `minimum` among the initial samples of each target where they have less."""
    is_initial = torch.arange(weights.shape[1], device=weights.device) < initial[:, None]
    later = weights.masked_fill(is_initial, 0).sum(dim=1, keepdim=True)
    raised = torch.where(is_initial, minimum / initial[:, None], weights / (minimum + later))
    is_low = weights.masked_fill(~is_initial, 0).sum(dim=1, keepdim=True) < minimum
    return torch.where(is_low, raised, weights)


@dataclass(slots=True)
class Samples(TargetState):
    """What the models of N targets are learnt from: T samples of each, or room for them.

    Attributes:
        features: as the target model works on them.
        places: where the target is in each: numbers of which its label is made, or the label itself.
        weights: how much each counts; on the host.
    """

    host = ("weights",)

    features: Float[Tensor, "N T C h w"]
    places: Float[Tensor, "N T *d"]
    weights: SampleWeights

    @classmethod
    def of_first_frame(
        cls, features: Float[Tensor, "I C h w"], places: Float[Tensor, "I *d"], slots: int
    ) -> "Samples":
        """The memory of one target, with the samples made of its first frame.

        Raises:
            ConfigError: there are more of them than slots.
        """
        weights = SampleWeights.of_initial_samples(torch.tensor([len(features)]), slots)
        return cls(_with_room(features, slots), _with_room(places, slots), weights)

    def add(
        self,
        rows: Integer[Tensor, " M"],
        features: Float[Tensor, "M C h w"],
        places: Float[Tensor, "M *d"],
        learning_rates: Float[Tensor, " M"],
        *,
        slot_rule: SlotRule,
        initial_minimum: float,
    ) -> None:
        """Remembers one new sample of some targets; see `add_sample`."""
        weights, slots = add_sample(
            self.weights[rows], learning_rates, slot_rule=slot_rule, initial_minimum=initial_minimum
        )
        self.weights.put(rows, weights)
        self.features[rows, slots] = features
        self.places[rows, slots] = places

    def stored(self, rows: Integer[Tensor, " M"]) -> Iterator[tuple[Tensor | slice, Tensor, Tensor, Tensor]]:
        """Some targets in parts that have equally many samples: which they are, and the features, places and
        weights of their samples, where the features are.
        """
        device = self.features.device
        for some, count in self.weights.equally_filled(rows, device):
            weights = self.weights.weights[some, :count].to(device)
            yield some, self.features[some, :count], self.places[some, :count], weights


def _with_room(first: Float[Tensor, "I *any"], slots: int) -> Float[Tensor, "1 T *any"]:
    stored = first.new_zeros((1, slots, *first.shape[1:]))
    stored[0, : len(first)] = first
    return stored
