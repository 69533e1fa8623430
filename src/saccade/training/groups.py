"""Which parameters of a network are trained, and how fast."""

from collections.abc import Iterator, Sequence

from torch import nn

from saccade.core.errors import ConfigError, did_you_mean
from saccade.training.recipe import Group, Optimisation

Parameters = list[nn.Parameter]


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


def by_decay(parameters: Parameters, settings: Optimisation) -> Iterator[tuple[Parameters, float]]:
    """The parameters of a group in parts of the same weight decay, and that."""
    if settings.decays == "all":
        yield parameters, settings.weight_decay
        return
    # biases, and the scales of norms, are vectors; an optimiser takes an empty part too
    yield [parameter for parameter in parameters if parameter.ndim > 1], settings.weight_decay
    yield [parameter for parameter in parameters if parameter.ndim <= 1], 0.0


def _is_in(name: str, path: str) -> bool:
    return not path or name == path or name.startswith(f"{path}.")


def _check(network: nn.Module, path: str) -> None:
    parts = {name for name, _ in network.named_modules()} | {name for name, _ in network.named_parameters()}
    if path not in parts:
        raise ConfigError(
            f"optimisation.groups: '{path}' is no part of {type(network).__name__}; "
            f"{did_you_mean(path, parts)}"
        )
