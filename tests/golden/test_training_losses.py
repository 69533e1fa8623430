"""The losses of training, and their gradients, against the numbers of the original."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from saccade.training.losses import (
    box_divergence,
    box_likelihood,
    hinge_errors,
    is_right,
    lovasz_loss,
    map_divergence,
    presence_errors,
    weighted_mean,
)

Loss = Callable[..., Tensor]

RELATIVE, ABSOLUTE = 1e-5, 1e-6


@pytest.fixture(scope="module")
def arrays(training_golden: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in np.load(training_golden / "losses.npz").items()}


def over_map(errors: Tensor) -> Tensor:
    return errors.mean(dim=(-2, -1))


def valid_mean(values: Tensor, valid: Tensor) -> Tensor:
    return weighted_mean(values, valid.reshape(values.shape).to(values.dtype))


LOSSES: dict[str, tuple[tuple[str, ...], Loss]] = {
    "mse_iou": (("pred", "target"), F.mse_loss),
    "lbhinge_None": (("prediction", "label"), lambda s, y: hinge_errors(s, y, threshold=-100.0).mean()),
    "lbhinge_0.05": (("prediction", "label"), lambda s, y: hinge_errors(s, y, threshold=0.05).mean()),
    "lbhingev2": (("prediction", "label"), lambda s, y: hinge_errors(s, y, threshold=0.05).mean()),
    "lbhingev2_valid": (
        ("prediction", "label", "valid"),
        lambda s, y, v: valid_mean(over_map(hinge_errors(s, y, threshold=0.05)), v),
    ),
    "lbhingev2_perseq": (
        ("prediction", "label"),
        lambda s, y: over_map(hinge_errors(s, y, threshold=0.05)),
    ),
    "istarget": (("prediction", "label"), lambda s, y: over_map(presence_errors(s, y)).mean()),
    "istarget_valid": (
        ("prediction", "label", "valid"),
        lambda s, y, v: valid_mean(over_map(presence_errors(s, y)), v),
    ),
    "istarget_allinvalid": (
        ("prediction", "label", "valid"),
        lambda s, y, v: valid_mean(over_map(presence_errors(s, y)), v),
    ),
    "istarget_perseq": (("prediction", "label"), lambda s, y: over_map(presence_errors(s, y))[0]),
    "mlreg": (("scores", "q"), lambda s, q: box_likelihood(s, q).mean()),
    "klreg": (("scores", "q", "p"), lambda s, q, p: box_divergence(s, q, p).mean()),
    "klgrid": (("scores", "p"), lambda s, p: map_divergence(s, p).mean()),
    "lovasz_batch": (("input", "target"), lovasz_loss),
    "lovasz_empty": (("input", "target"), lovasz_loss),
}
"""the inputs of each, that of the gradient first, and how our functions make its loss of them"""


@pytest.mark.parametrize("name", LOSSES)
def test_losses_and_gradients(arrays: dict[str, Tensor], name: str) -> None:
    names, loss = LOSSES[name]
    first, *others = (arrays[f"{name}.{each}"] for each in names)
    first.requires_grad_(True)
    ours = loss(first, *others)
    torch.testing.assert_close(ours, arrays[f"{name}.loss"], rtol=RELATIVE, atol=ABSOLUTE)
    (gradient,) = torch.autograd.grad(ours.sum(), first)
    torch.testing.assert_close(gradient, arrays[f"{name}.grad"], rtol=RELATIVE, atol=ABSOLUTE)


def test_where_the_highest_score_is(arrays: dict[str, Tensor]) -> None:
    right = is_right(arrays["acc.prediction"][:, 0], arrays["acc.label"][:, 0], threshold=0.25).float()
    torch.testing.assert_close(right, arrays["acc.per"])
    torch.testing.assert_close(right.mean(), arrays["acc.mean"])
    torch.testing.assert_close(weighted_mean(right, arrays["acc.valid"].float()), arrays["acc.mean_valid"])
