"""The public names of saccade, one a line: `python -m tests.api > api.txt` renews the snapshot."""

import pkgutil
from importlib import import_module
from types import ModuleType

import saccade


def public_names() -> list[str]:
    """Every name in the `__all__` of the package and of its public modules one level down, dotted, sorted."""
    names = _names(saccade)
    for module in pkgutil.iter_modules(saccade.__path__, "saccade."):
        if not module.name.rpartition(".")[2].startswith("_"):
            names += _names(import_module(module.name))
    return sorted(names)


def _names(module: ModuleType) -> list[str]:
    return [f"{module.__name__}.{name}" for name in getattr(module, "__all__", ())]


if __name__ == "__main__":
    print("\n".join(public_names()))
