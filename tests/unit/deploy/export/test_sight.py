"""An exported detector sees frames as the detector does."""

from typing import Any

import pytest
import torch

from saccade.deploy.export.detectors import sight_of
from saccade.deploy.export.sight import Sight
from tests.unit.deploy.export.alive import alive

SIZES = [(480, 640), (719, 1280), (100, 1000), (640, 480), (333, 333), (1080, 1920)]


@pytest.fixture(scope="module")
def networks() -> dict[str, Any]:
    names = ("yolox_nano", "ssdlite320_mobilenet_v3_large", "fasterrcnn_mobilenet_v3_large_320_fpn")
    return {name: alive(name).network for name in names}


@pytest.mark.parametrize("size", SIZES)
def test_frames_are_fitted_as_the_network_fits_them(networks: dict[str, Any], size: tuple[int, int]) -> None:
    for network in networks.values():
        sight = sight_of(network, *size)
        assert sight.size == network.canvas(*size) and sight.fitted(*size) == network.fitted(*size)
        assert sight.fitted(*sight.fitted(*size)) == sight.fitted(*size)


@pytest.mark.parametrize("size", SIZES)
def test_frames_of_another_shape_fit_too(networks: dict[str, Any], size: tuple[int, int]) -> None:
    for network in networks.values():
        sight = sight_of(network, 480, 640)
        rows, columns = sight.fitted(*size)
        assert 0 < rows <= sight.size[0] and 0 < columns <= sight.size[1]


def test_the_rest_of_a_picture_is_filled() -> None:
    sight = Sight(size=(64, 96), inner=(64, 96), shorter=64, longer=96, fill=(0.1, 0.2, 0.3))
    seen = sight.collate([torch.ones(3, 32, 32), torch.ones(3, 64, 96)])
    assert seen.sizes.tolist() == [[64, 64], [64, 96]] and seen.before == [(32, 32), (64, 96)]
    assert (seen.pictures[0, :, :, :64] == 1).all() and (seen.pictures[1] == 1).all()
    torch.testing.assert_close(seen.pictures[0, :, 0, 64], torch.tensor([0.1, 0.2, 0.3]))


def test_says_itself_as_json() -> None:
    sight = Sight(size=(64, 96), inner=(60, 90), shorter=64, longer=96, fill=(0.1, 0.2, 0.3))
    values = {"size": [64, 96], "inner": [60, 90], "shorter": 64, "longer": 96, "fill": [0.1, 0.2, 0.3]}
    assert Sight.of(values) == sight
