"""The card of a model: all that the catalogue and its configuration say about it."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from saccade.core.config import to_json
from saccade.core.settings import Setting, settings
from saccade.zoo.catalog import entry
from saccade.zoo.entry import Entry


@dataclass(frozen=True, slots=True)
class Card:
    """A row of the catalogue together with the settings of its preset."""

    entry: Entry
    settings: tuple[Setting, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        row = to_json(self.entry)
        return row | {"settings": [to_json(setting) for setting in self.settings]}


def card(name: str) -> Card:
    """The card of a model.

    Raises:
        ModelError: when there is no model of that name.
    """
    row = entry(name)
    return Card(row, tuple(settings(getattr(import_module(row.method), row.preset))))
