"""The state of several targets as one batch: rows out, batches joined, tensors saved."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from saccade.online.state import TargetState


@dataclass(slots=True)
class State(TargetState):
    boxes: Tensor
    levels: tuple[Tensor, Tensor]


@dataclass(slots=True)
class LevelsFirst(TargetState):
    levels: tuple[Tensor, ...]


def state(count: int, start: float = 0) -> State:
    values = torch.arange(count) + start
    return State(values[:, None].expand(-1, 4).clone(), (values.clone(), 10 * values))


def assert_equal(one: State, other: State) -> None:
    torch.testing.assert_close(one.boxes, other.boxes, rtol=0, atol=0)
    torch.testing.assert_close(one.levels, other.levels, rtol=0, atol=0)


def test_length_is_the_number_of_targets():
    assert len(state(3)) == 3
    assert len(state(0)) == 0
    assert len(LevelsFirst((torch.zeros(5, 2), torch.zeros(5)))) == 5


@pytest.mark.parametrize("rows", [torch.tensor([True, False, True]), torch.tensor([0, 2])])
def test_rows_are_taken_as_copies(rows):
    whole = state(3)
    part = whole[rows]
    assert part.levels[1].tolist() == [0, 20]
    part.boxes += 100
    assert_equal(whole, state(3))


def test_batches_are_joined_in_order():
    assert_equal(State.cat([state(2), state(1, start=2), state(2, start=3)]), state(5))


def test_a_slice_of_rows_is_a_view():
    whole = state(3)
    whole[1:].boxes.zero_()
    assert whole.boxes.tolist() == [[0] * 4] * 3


def test_there_and_back_through_tensors():
    whole = state(3)
    back = State.from_tensors(whole.tensors() | {"levels": list(whole.levels)})  # a loader may give lists
    assert_equal(back, whole)
    back.levels[0].zero_()
    whole.tensors()["boxes"].zero_()
    assert_equal(whole, state(3))


@dataclass(slots=True)
class Nested(TargetState):
    ages: Tensor
    inner: State


def nested(count: int, start: float = 0) -> Nested:
    return Nested(torch.arange(count) + start, state(count, start))


def test_a_state_within_a_state_goes_along():
    joined = Nested.cat([nested(2), nested(1, start=5)])
    assert_equal(joined.inner, State.cat([state(2), state(1, start=5)]))
    assert_equal(joined[torch.tensor([2, 0])].inner, joined.inner[torch.tensor([2, 0])])
    restored = Nested.from_tensors(joined.tensors())
    assert isinstance(restored.inner, State)
    assert_equal(restored.inner, joined.inner)
    restored.inner.boxes.zero_()
    assert joined.inner.boxes.any()


def test_chosen_rows_are_overwritten():
    whole = nested(4)
    whole.put(torch.tensor([3, 1]), nested(2, start=50))
    assert whole.ages.tolist() == [0, 51, 2, 50]
    assert whole.inner.boxes[:, 0].tolist() == [0, 51, 2, 50]
    assert whole.inner.levels[1].tolist() == [0, 510, 20, 500]
