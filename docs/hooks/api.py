"""Makes a page of each public module from its docstrings."""

import pkgutil
from functools import cache
from importlib import import_module
from inspect import getdoc, ismodule
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import saccade

FOLDER = "reference/api"
DEEPER = (
    "saccade.adapters.vot",
    "saccade.core.config",
    "saccade.data.datasets.entry",
    "saccade.evaluation.metrics",
    "saccade.online.insight",
    "saccade.online.model",
    "saccade.online.run",
    "saccade.online.state",
    "saccade.training.fit",
    "saccade.training.recipe",
    "saccade.training.task",
    "saccade.zoo.recipes",
)
"""modules further down that the guides speak of; without `__all__`, all that has no underscore is shown"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages, and the list of them."""
    for name, text in pages().items():
        files.append(File.generated(config, f"{FOLDER}/{name}.md", content=text))
    return files


@cache
def modules() -> dict[str, ModuleType]:
    """The public modules by name: the package, what in it has `__all__`, and `DEEPER`."""
    names = [f"saccade.{found.name}" for found in pkgutil.iter_modules(saccade.__path__)]
    near = {name: module for name in names if hasattr(module := import_module(name), "__all__")}
    return {"saccade": saccade, **near, **{name: import_module(name) for name in DEEPER}}


def pages() -> dict[str, str]:
    """The Markdown of every page by its name; `index` is the list of all."""
    found = modules()
    listed = "\n".join(
        f"[`{name}`]({name}.md)\n:   {_first(getdoc(module) or '')}\n" for name, module in found.items()
    )
    intro = "Public names are those in `api.txt`; what else is shown here may change between minor versions."
    return {"index": f"# Python\n\n{intro}\n\n{listed}"} | {
        name: _page(name, module) for name, module in found.items()
    }


def _page(name: str, module: ModuleType) -> str:
    public = getattr(module, "__all__", ())
    if not public:
        return f"# {name}\n\n::: {name}\n"
    parts = [f"# {name}", f"::: {name}\n    options:\n      members: false"]
    listed = []
    for short in public:
        if place := _elsewhere(name, module, short):
            listed.append(f"- [`{name}.{short}`]({place})")
        else:
            path = _home(getattr(module, short), f"{name}.{short}")
            wish = ("show_root_heading: true", "show_root_toc_entry: true", f"heading: {name}.{short}")
            parts.append("\n      ".join((f"::: {path}\n    options:", *wish)))
    return "\n\n".join([*parts[:2], "\n".join(listed), *parts[2:]]) + "\n"


def _elsewhere(name: str, module: ModuleType, short: str) -> str:
    """The page on which a name stands already, so that nothing is told twice; empty for none."""
    value = getattr(module, short)
    if short == "__version__":
        return "../../versions.md"
    if ismodule(value):
        return f"{value.__name__}.md"
    others = modules().items() if name == "saccade" else ()
    return next(
        (
            f"{other}.md"
            for other, near in others
            if near is not module and short in getattr(near, "__all__", ())
        ),
        "",
    )


def _home(value: object, path: str) -> str:
    """Where a class or function is defined: a submodule may bear the name of a function beside it."""
    home, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    return f"{home}.{name}" if home and name and home.startswith("saccade") else path


def _first(text: str) -> str:
    return " ".join(text.split("\n\n")[0].split())
