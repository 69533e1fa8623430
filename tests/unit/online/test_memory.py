"""Sample memory: weights and slots, for targets of different age in one batch."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from saccade.online.memory import SampleWeights, add_sample, first_free_slot, smallest_weight_slot


def memory_of(initial: list[int], slots: int = 6) -> SampleWeights:
    return SampleWeights.of_initial_samples(torch.tensor(initial), slots)


def rates(*values: float) -> torch.Tensor:
    return torch.tensor(values)


def test_initial_samples_weigh_the_same() -> None:
    memory = memory_of([2, 4])
    torch.testing.assert_close(memory.weights[0], torch.tensor([0.5, 0.5, 0, 0, 0, 0]))
    torch.testing.assert_close(memory.weights[1], torch.tensor([0.25, 0.25, 0.25, 0.25, 0, 0]))


def test_the_first_new_sample_has_the_learning_rate_and_each_later_one_more() -> None:
    memory, slot = add_sample(memory_of([2]), rates(0.1))
    assert slot.tolist() == [2]
    # initial samples 0.5 / 0.9 each, the new one 0.1; divided by their sum
    expected = torch.tensor([0.5 / 0.9, 0.5 / 0.9, 0.1]) / (1 / 0.9 + 0.1)
    torch.testing.assert_close(memory.weights[0, :3], expected)
    memory, slot = add_sample(memory, rates(0.1))
    assert slot.tolist() == [3]
    torch.testing.assert_close(memory.weights[0, 3], memory.weights[0, 2] / 0.9)


def test_a_full_memory_gives_up_its_smallest_weight() -> None:
    memory = memory_of([2], slots=3)
    memory, _ = add_sample(memory, rates(0.2))
    assert memory.weights[0].argmin() == 2
    _, slot = add_sample(memory, rates(0.2))
    assert slot.tolist() == [2]


def test_a_rate_of_one_forgets_everything() -> None:
    memory, slot = add_sample(memory_of([2, 2]), rates(1.0, 0.1))
    assert slot.tolist() == [0, 2]
    assert memory.weights[0].tolist() == [1, 0, 0, 0, 0, 0]


def test_the_first_free_slot_is_not_always_the_one_of_smallest_weight() -> None:
    memory = memory_of([2])
    memory.weights[0] = torch.tensor([0.2, 0.1, 0.0, 0.7, 0.0, 0.0])
    memory.count[0] = 4
    assert smallest_weight_slot(memory, False).tolist() == [2]
    assert first_free_slot(memory, False).tolist() == [4]
    memory.count[0] = 9
    assert first_free_slot(memory, False).tolist() == [2]


def test_protected_initial_samples_are_never_replaced_and_keep_their_share() -> None:
    memory = memory_of([2], slots=4)
    for _ in range(40):
        memory, slot = add_sample(memory, rates(0.3), slot_rule=first_free_slot, initial_minimum=0.25)
        assert slot[0] >= 2
    torch.testing.assert_close(memory.weights[0, :2].sum(), torch.tensor(0.25))


@given(
    initial=st.lists(st.integers(1, 5), min_size=1, max_size=3),
    steps=st.integers(1, 12),
    rate=st.floats(0.001, 0.5),
    minimum=st.sampled_from([0.0, 0.25]),
)
def test_weights_sum_to_one_and_a_batch_equals_its_single_memories(
    initial: list[int], steps: int, rate: float, minimum: float
) -> None:
    batch, alone = memory_of(initial), [memory_of([i]) for i in initial]
    for _ in range(steps):
        batch, slots = add_sample(batch, rates(*[rate] * len(initial)), initial_minimum=minimum)
        for n, single in enumerate(alone):
            alone[n], slot = add_sample(single, rates(rate), initial_minimum=minimum)
            assert slot[0] == slots[n]
            torch.testing.assert_close(alone[n].weights[0], batch.weights[n])
        if minimum == 0:  # raising the share of the initial samples does not divide by the sum again
            torch.testing.assert_close(batch.weights.sum(dim=1), torch.ones(len(initial)))


def test_more_initial_samples_than_slots_are_refused() -> None:
    with pytest.raises(ValueError, match="7 initial samples do not fit into a memory of 6 slots"):
        memory_of([7])


def test_a_processor_is_given_targets_one_by_one() -> None:
    memory = memory_of([2, 4, 2])
    parts = list(memory.equally_filled(torch.tensor([0, 1]), torch.device("cpu")))
    assert parts == [(slice(0, 1), 2), (slice(1, 2), 4)]


def test_a_gpu_is_given_those_together_that_have_equally_many_samples() -> None:
    memory = memory_of([2, 4, 2])
    device = torch.device("cuda")  # nothing is put there
    first, second = memory.equally_filled(torch.tensor([0, 1, 2]), device)
    assert (first[0].tolist(), first[1]) == ([0, 2], 2)
    assert (second[0].tolist(), second[1]) == ([1], 4)
    # all targets: a view of the memory, not a copy
    assert list(memory_of([3, 3]).equally_filled(torch.tensor([0, 1]), device)) == [(slice(None), 3)]


def test_a_memory_that_is_full_counts_its_slots() -> None:
    memory = memory_of([2], slots=2)
    memory, _ = add_sample(memory, rates(0.1))
    assert list(memory.equally_filled(torch.tensor([0]), torch.device("cpu"))) == [(slice(0, 1), 2)]
