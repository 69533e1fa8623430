"""Functions of the distance: where they are linear, and where they end."""

import pytest
import torch

from saccade.ops.distance import distance_map, radial_profiles

VALUES = torch.tensor([[0.0, 1.0, 4.0, 9.0], [5.0, 5.0, 5.0, 7.0]])


def test_distances_are_measured_from_the_centre_in_cells() -> None:
    distances = distance_map((3, 4), torch.tensor([[1.0, 2.0], [-2.0, 0.5]]))
    assert distances.shape == (2, 3, 4)
    assert float(distances[0, 2, 1]) == 0
    assert float(distances[0, 1, 3]) == pytest.approx((4 + 1) ** 0.5)
    assert float(distances[1, 0, 1]) == pytest.approx((9 + 0.25) ** 0.5)


def test_distances_are_as_precise_as_centres() -> None:
    assert distance_map((2, 2), torch.zeros(2, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        (0.0, (0.0, 5.0)),
        (0.5, (1.0, 5.0)),  # on a value
        (0.75, (2.5, 5.0)),  # halfway between two
        (1.5, (9.0, 7.0)),  # the last value
        (1.4, (8.0, 6.6)),
        (100.0, (9.0, 7.0)),  # beyond it
    ],
)
def test_profiles_are_linear_between_values_and_constant_beyond(
    distance: float, expected: tuple[float, float]
) -> None:
    found = radial_profiles(torch.tensor([[distance]]), VALUES, 0.5)
    assert found.shape == (2, 1, 1)
    assert found.flatten().tolist() == pytest.approx(list(expected))


def test_a_single_value_is_a_constant() -> None:
    assert radial_profiles(torch.tensor([0.0, 0.3, 9.0]), torch.tensor([[2.0]]), 0.5).tolist() == [[2.0] * 3]


def test_values_are_learned_where_distances_are() -> None:
    values = VALUES.double().requires_grad_()
    distances = torch.tensor([0.1, 0.2, 0.9, 5.0], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda v: radial_profiles(distances, v, 0.5), (values,))
