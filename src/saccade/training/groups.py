"""Which parameters of a network are trained, and how fast."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import nn

from saccade.core.errors import ConfigError, did_you_mean
from saccade.training.recipe import Group, Optimisation

Parameters = list[nn.Parameter]


class Share(NamedTuple):
    """Parameters of a group that change alike.

    Attributes:
        group: its place among the groups.
        rate: factor on the group's learning rate.
        decay: their weight decay.
    """

    group: int
    parameters: Parameters
    rate: float
    decay: float


def parameter_groups(network: nn.Module, groups: Sequence[Group]) -> list[Parameters]:
    """The parameters of each group, in the groups' order and that of the network.

    A parameter that several groups name belongs to the one with the longest path; one that the network itself
    holds as it is belongs to none.

    Raises:
        ConfigError: for a path that is no part of the network.
    """
    for group in groups:
        _check(network, group.path)
    found: list[Parameters] = [[] for _ in groups]
    for name, parameter in network.named_parameters():
        owners = [index for index, group in enumerate(groups) if _is_in(name, group.path)]
        if owners and parameter.requires_grad:
            found[max(owners, key=lambda index: len(groups[index].path))].append(parameter)
    return found


def train_only(network: nn.Module, groups: Sequence[Group]) -> list[Parameters]:
    """The parameters of each group, like `parameter_groups`; all others get no gradient from now on.

    Raises:
        ConfigError: as `parameter_groups`.
    """
    found = parameter_groups(network, groups)
    network.requires_grad_(False)
    for parameters in found:
        for parameter in parameters:
            parameter.requires_grad_(True)
    return found


def shares(network: nn.Module, groups: Sequence[Parameters], settings: Optimisation) -> list[Share]:
    """The parameters of each group in shares of the same learning rate and weight decay."""
    biases = {id(value) for name, value in network.named_parameters() if name.split(".")[-1] == "bias"}
    found: dict[tuple[int, float, float], Parameters] = {}
    for place, parameters in enumerate(groups):
        for parameter in parameters:
            # biases, and the scales of norms, are vectors
            is_spared = settings.decays == "kernels" and parameter.ndim <= 1
            rate = settings.bias_factor if id(parameter) in biases else 1.0
            kind = (place, rate, 0.0 if is_spared else settings.weight_decay)
            found.setdefault(kind, []).append(parameter)
    return [Share(place, parameters, rate, decay) for (place, rate, decay), parameters in found.items()]


def _is_in(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}.")


def _check(network: nn.Module, path: str) -> None:
    parts = {name for name, _ in network.named_modules()} | {name for name, _ in network.named_parameters()}
    if path not in parts:
        raise ConfigError(
            f"optimisation.groups: '{path}' is no part of {type(network).__name__}; "
            f"{did_you_mean(path, parts)}"
        )
