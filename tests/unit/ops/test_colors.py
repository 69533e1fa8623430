"""Soft colour memberships."""

import pytest
import torch

from saccade.ops.colors import color_memberships

# index of the basic colour that a colour must resemble most
NAMED = {
    "black": ((0, 0, 0), 0),
    "gray": ((128, 128, 128), 1),
    "white": ((255, 255, 255), 2),
    "red": ((200, 20, 20), 3),
    "orange": ((240, 130, 20), 5),
    "green": ((30, 150, 50), 7),
    "blue": ((30, 60, 200), 8),
    "pink": ((245, 150, 180), 10),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_basic_colour_is_itself(name: str) -> None:
    rgb, index = NAMED[name]
    memberships = color_memberships(torch.tensor(rgb, dtype=torch.uint8).view(1, 1, 1, 3))
    assert int(memberships.argmax()) == index


def test_memberships_are_shares() -> None:
    pixels = torch.randint(0, 256, (2, 5, 7, 3), dtype=torch.uint8)
    memberships = color_memberships(pixels)
    assert memberships.shape == (2, 5, 7, 11)
    assert (memberships >= 0).all()
    torch.testing.assert_close(memberships.sum(-1), torch.ones(2, 5, 7))


def test_channel_order_matters() -> None:
    red = torch.tensor([[[[220, 10, 10]]]], dtype=torch.uint8)
    assert not torch.equal(color_memberships(red), color_memberships(red.flip(-1)))
