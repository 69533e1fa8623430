"""Every recipe by name: what `saccade train` can train."""

from collections.abc import Callable, Mapping
from typing import Any

from saccade.core.config import from_json
from saccade.core.errors import ConfigError, did_you_mean
from saccade.segmenters.lwl.recipe import lwl_box, lwl_stage1, lwl_stage2
from saccade.trackers.atom.recipe import atom, atom_gmm, atom_paper, atom_prob_ml
from saccade.trackers.dimp.recipe import (
    dimp18,
    dimp50,
    prdimp18,
    prdimp50,
    super_dimp,
    super_dimp_simple,
)
from saccade.trackers.kys.recipe import kys
from saccade.trackers.nano.recipe import dimp_nano
from saccade.training.recipe import Recipe

RECIPES: Mapping[str, Callable[[], Recipe]] = {
    make.__name__: make
    for make in (
        atom,
        atom_paper,
        atom_gmm,
        atom_prob_ml,
        dimp18,
        dimp50,
        prdimp18,
        prdimp50,
        super_dimp,
        super_dimp_simple,
        kys,
        dimp_nano,
        lwl_stage1,
        lwl_stage2,
        lwl_box,
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name.

    Raises:
        ConfigError: when there is none, with the nearest name that exists.
    """
    if name not in RECIPES:
        raise ConfigError(f"no recipe '{name}'; {did_you_mean(name, RECIPES)}")
    return RECIPES[name]()


def read_recipe(values: Mapping[str, Any]) -> Recipe:
    """The recipe that `to_json` wrote.

    Raises:
        ConfigError: when no recipe has its name, or a value is of the wrong kind.
    """
    task = type(find_recipe(str(values.get("name"))).task)
    return from_json(Recipe, {**values, "task": from_json(task, values.get("task", {}))})
