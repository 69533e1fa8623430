"""Which samples each process sees, step by step: all together the same, however they are shared out."""

import pytest
import torch

from saccade.core import ConfigError
from saccade.training.feed import Order, Share, train_loader, validation_loader
from tests.unit.training.toys import ToyFeed, ToySamples

BATCH, STEPS = 12, 3


@pytest.mark.parametrize(("world", "accumulate"), [(1, 1), (2, 1), (1, 3), (2, 3), (4, 3)])
def test_each_step_has_the_same_samples_however_it_is_shared_out(world: int, accumulate: int) -> None:
    seen: list[set[int]] = [set() for _ in range(STEPS)]
    for rank in range(world):
        share = Share(BATCH, accumulate, rank, world)
        order = list(Order(share, STEPS))
        assert len(order) == len(Order(share, STEPS)) == STEPS * BATCH // world
        for place, number in enumerate(order):
            seen[place // (share.size * accumulate)].add(number)
    assert seen == [set(range(step * BATCH, (step + 1) * BATCH)) for step in range(STEPS)]


def test_a_batch_that_cannot_be_shared_out_is_refused_with_one_that_could() -> None:
    with pytest.raises(ConfigError, match=r"batch of 10 cannot be shared out to 4 devices.*batch=8 could"):
        Share(10, world=4)


@pytest.mark.parametrize("start", [0, 2])
def test_a_loader_that_starts_later_goes_on_with_the_samples_that_come_then(start: int) -> None:
    share = Share(4)
    whole = [batch.origins for batch in train_loader(ToyFeed(), share, start=0, stop=5, workers=0)]
    later = [batch.origins for batch in train_loader(ToyFeed(), share, start=start, stop=5, workers=0)]
    assert later == whole[start:]


@pytest.mark.slow
def test_workers_change_nothing() -> None:
    alone, many = (train_loader(ToyFeed(), Share(4), start=1, stop=4, workers=n) for n in (0, 2))
    for one, other in zip(alone, many, strict=True):
        assert one.origins == other.origins
        assert torch.equal(one.test.images, other.test.images)


def test_validation_leaves_out_what_fills_no_batch() -> None:
    loader = validation_loader(ToyFeed(), ToySamples(0, 0, 10), 10, Share(4), workers=0)
    assert [batch.origins[0] for batch in loader] == ["toys/0", "toys/4"]
