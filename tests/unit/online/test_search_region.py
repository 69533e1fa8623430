"""Search regions: where they are cut, and where they are reckoned to be."""

import numpy as np
import pytest
import torch

from saccade.core import Frame
from saccade.core.errors import ConfigError
from saccade.online.search_region import SearchRegion, keep_inside

FRAME = Frame(np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8))
CENTRE = torch.tensor([[80.6, 60.7], [20.2, 30.9]])


def test_a_region_is_so_many_targets_wide():
    scale = SearchRegion(side=96, area=4.0).scale(torch.tensor([30.0, 20.0]))
    assert scale.item() == pytest.approx(4 * (30 * 20) ** 0.5 / 96)


def test_crops_have_the_side_that_is_asked_for():
    region = SearchRegion(side=64, scale_factors=(0.9, 1.0, 1.1))
    view, crops = region.look(FRAME, CENTRE, torch.tensor([1.0, 0.7]))
    assert crops.shape == (2, 3, 3, 64, 64)
    assert view.scale.shape == (2, 3)
    torch.testing.assert_close(view.scale[1], 0.7 * torch.tensor([0.9, 1.0, 1.1]), rtol=0.03, atol=0)


def test_measured_geometry_is_that_of_the_pixels_and_nominal_what_was_asked_for():
    scale = torch.tensor([0.5, 0.5])
    measured, crops = SearchRegion(side=64).look(FRAME, CENTRE, scale)
    nominal, same = SearchRegion(side=64, geometry="nominal").look(FRAME, CENTRE, scale)
    torch.testing.assert_close(crops, same)
    # 32 pixels about the truncated centre; an even number of them comes out half a pixel larger
    torch.testing.assert_close(measured.centre[:, 0], CENTRE.trunc() + 0.25)
    torch.testing.assert_close(measured.scale[:, 0], torch.full((2,), 32.5 / 64))
    torch.testing.assert_close(nominal.centre[:, 0], CENTRE.round())
    torch.testing.assert_close(nominal.scale[:, 0], scale)


def test_legacy_crops_have_as_many_pixels_as_asked_for():
    view, _ = SearchRegion(side=64, legacy=True).look(FRAME, CENTRE, torch.tensor([0.5, 0.5]))
    torch.testing.assert_close(view.scale[:, 0], torch.full((2,), 0.5))
    torch.testing.assert_close(view.centre[:, 0], CENTRE.trunc() + 0.5)


def test_an_offset_moves_the_region_by_crop_pixels():
    region = SearchRegion(side=64, geometry="nominal")
    view, _ = region.look(FRAME, CENTRE, torch.tensor([2.0, 1.0]), offset=8.0)
    torch.testing.assert_close(view.centre[:, 0], (CENTRE + torch.tensor([[16.0], [8.0]])).round())


def test_a_region_larger_than_the_frame_is_shrunk_into_it():
    region = SearchRegion(side=64, border="inside_major", largest_shrink=1.5)
    view, _ = region.look(FRAME, CENTRE[:1], torch.tensor([3.0]))
    # 192 pixels, 1.6 times the frame's height and 1.2 times its width: one side fits
    assert view.scale.item() == pytest.approx(160 / 64, rel=0.01)


def test_targets_stay_in_the_frame_by_a_fifth():
    size = torch.tensor([[10.0, 20.0]] * 2)
    inside = keep_inside(torch.tensor([[-50.0, 300.0], [50.0, 60.0]]), size, (160, 120))
    torch.testing.assert_close(inside, torch.tensor([[-3.0, 126.0], [50.0, 60.0]]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"side": 100}, "multiple of 16"), ({"area": 0.0}, "above 0"), ({"scale_factors": ()}, "is empty")],
)
def test_impossible_regions_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        SearchRegion(**settings)
