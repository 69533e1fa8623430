"""First-frame augmentation: what transforms do to a patch, and in which order they come."""

import pytest
import torch
import torch.nn.functional as F

from saccade.online.augmentation import (
    Blur,
    FirstFrameAugmentation,
    FlipLeftRight,
    Identity,
    Rescale,
    Rotate,
    Transform,
    channel_dropout,
)

EVERY: list[Transform] = [Identity(), FlipLeftRight(), Blur((1.0, 2.0)), Rescale(1.3), Rotate(10.0)]


def patch() -> torch.Tensor:
    return torch.rand(3, 24, 24, generator=torch.Generator().manual_seed(0)) * 255


@pytest.mark.parametrize("transform", EVERY, ids=lambda t: type(t).__name__)
def test_the_crop_has_the_size_that_was_asked_for(transform: Transform) -> None:
    assert transform(patch(), (16, 12)).shape == (3, 12, 16)
    assert transform(patch(), (30, 40)).shape == (3, 40, 30)


def test_a_shift_moves_the_content_right_and_down_and_repeats_the_border() -> None:
    moved = Identity(shift=(2, 3))(patch())
    assert torch.equal(moved[:, 3:, 2:], patch()[:, :-3, :-2])
    assert torch.equal(moved[:, :3, 2:], patch()[:, :1, :-2].expand(3, 3, 22))


def test_a_crop_of_a_larger_patch_is_its_middle() -> None:
    assert torch.equal(Identity()(patch(), (16, 12)), patch()[:, 6:18, 4:20])
    assert torch.equal(Identity(shift=(1, -2))(patch(), (16, 12)), patch()[:, 8:20, 3:19])


def test_a_flip_mirrors_left_and_right() -> None:
    assert torch.equal(FlipLeftRight()(patch()), patch().flip(2))


def test_a_blur_keeps_a_constant_inside_and_darkens_towards_the_border() -> None:
    blurred = Blur((1.0, 2.0))(torch.ones(3, 24, 24))
    torch.testing.assert_close(blurred[:, 4:-4, 2:-2], torch.ones(3, 16, 20))
    assert (blurred[:, 0] < 0.7).all()


def test_a_quarter_turn_is_exact() -> None:
    torch.testing.assert_close(Rotate(90.0)(patch()), patch().rot90(1, (1, 2)), atol=1e-3, rtol=0)
    torch.testing.assert_close(Rotate(-90.0)(patch()), patch().rot90(-1, (1, 2)), atol=1e-3, rtol=0)


def test_rescaling_by_two_halves_the_content() -> None:
    halved = Rescale(2.0)(torch.ones(3, 24, 24), (24, 24))
    assert halved.shape == (3, 24, 24)
    small = Rescale(2.0).change(patch())
    assert small.shape == (3, 12, 12)


def test_the_samples_come_in_the_order_of_the_configuration() -> None:
    augmentation = FirstFrameAugmentation(
        shifts=((6, -6),),
        relative_shifts=((0.6, -0.6),),
        blurs=((1.0, 1.0),),
        rotations=(5.0,),
        rescales=(1.2,),
    )
    made = augmentation.transforms((288, 288), torch.Generator())
    assert [type(t) for t in made] == [Identity, Identity, Identity, FlipLeftRight, Blur, Rescale, Rotate]
    assert [t.shift for t in made[:3]] == [(0, 0), (6, -6), (86, -86)]


def test_random_shifts_are_drawn_for_what_is_not_a_shift_itself() -> None:
    augmentation = FirstFrameAugmentation(relative_shifts=((0.5, 0.5),), rotations=(5.0,), random_shift=0.5)
    made = augmentation.transforms((288, 200), torch.Generator().manual_seed(3))
    generator = torch.Generator().manual_seed(3)
    drawn = [
        ((torch.rand(2, generator=generator) - 0.5) * torch.tensor([200, 288]) * 0.5).int() for _ in range(2)
    ]
    assert [t.shift for t in made] == [(0, 0), (72, 50), *(tuple(d.flip(0).tolist()) for d in drawn)]


@pytest.mark.parametrize(("expansion", "side"), [(1.0, 288), (2.0, 576), (1.5, 432), (1.01, 290)])
def test_the_expanded_patch_keeps_the_parity_of_the_crop(expansion: float, side: int) -> None:
    assert FirstFrameAugmentation(expansion=expansion).patch_size((288, 288)) == (side, side)


def test_dropped_channels_are_those_of_dropout2d() -> None:
    features = torch.rand(1, 8, 3, 3)
    ours = channel_dropout(features, 5, 0.2, torch.Generator().manual_seed(7))
    torch.manual_seed(7)
    theirs = F.dropout2d(features.expand(5, -1, -1, -1), 0.2, training=True)
    torch.testing.assert_close(ours, theirs)
