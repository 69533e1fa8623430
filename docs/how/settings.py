"""The tables of settings in these pages: `python -m docs.how.settings` writes them anew.

A table is one whose first column is called `setting`, and whose last one `what it is`. Columns between are
models of the catalogue, or ways to associate; the first cells of its rows are names of settings. All other
cells follow from these, but for what the settings of associations are, which another package says at length.
"""

import inspect
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from saccade.association.associator import ASSOCIATORS
from saccade.core.settings import Setting, settings
from saccade.zoo.catalog import entry
from saccade.zoo.loading import configuration

PAGES = Path(__file__).parent
FIRST, LAST = "setting", "what it is"
_LONGEST = 40
"""letters of a value that is written out"""


def rewritten(text: str) -> str:
    """A page with its tables as they should be.

    Raises:
        KeyError: for a model or a setting that there is not.
    """
    lines, rows = text.split("\n"), []
    for number, line in enumerate(lines):
        cells = _cells(line)
        if len(cells) > 2 and (cells[0], cells[-1]) == (FIRST, LAST):
            models = [cell.strip("`") for cell in cells[1:-1]]
            rows = [(*cells,), ("---",) * len(cells)]
            end = number + 2
            while end < len(lines) and _cells(lines[end]):
                old = _cells(lines[end])
                rows.append(_row(old[0].strip("`"), models, old[-1]))
                end += 1
            lines[number:end] = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines)


def _cells(line: str) -> list[str]:
    inner = line.strip()
    return [cell.strip() for cell in inner[1:-1].split(" | ")] if inner.startswith("| ") else []


def _row(name: str, models: Sequence[str], before: str) -> tuple[str, ...]:
    """What a table says of a setting.

    Args:
        before: what it said that the setting is.
    """
    if all(model in ASSOCIATORS for model in models):
        values = [_of_association(model).get(name, "") for model in models]
        _check(name, models, values)
        return (f"`{name}`", *values, before)
    found = [_of_model(model).get(name) for model in models]
    known = [setting for setting in found if setting is not None]
    _check(name, models, known)
    return (f"`{name}`", *(_value(setting) for setting in found), known[0].text.replace("|", "\\|"))


def _check(name: str, models: Sequence[str], found: Sequence[object]) -> None:
    if not any(found):
        raise KeyError(f"none of {', '.join(models)} has a setting '{name}'")


@lru_cache
def _of_model(model: str) -> Mapping[str, Setting]:
    return {setting.name: setting for setting in settings(configuration(entry(model), None))}


def _value(setting: Setting | None) -> str:
    if setting is None:
        return ""
    if isinstance(setting.default, float):
        return f"{setting.default:.4g}"
    return setting.typed if len(setting.typed) <= _LONGEST else f"{len(setting.default)} of them"


@lru_cache
def _of_association(name: str) -> Mapping[str, str]:
    made = inspect.signature(getattr(import_module("trackers"), ASSOCIATORS[name])).parameters
    return {key: str(parameter.default).lower() for key, parameter in made.items()}


def main() -> None:
    """Writes the pages whose tables are no longer true."""
    for page in sorted(PAGES.glob("*.md")):
        text = page.read_text()
        if (true := rewritten(text)) != text:
            page.write_text(true)
            sys.stdout.write(f"{page.name}\n")


if __name__ == "__main__":
    main()
