"""The models that visitors may choose, each loaded once and shared by all."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from saccade.core import Model, ModelError


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that can be chosen.

    Attributes:
        name: in the catalogue, or of a trained file.
        task: track, segment, detect or pose.
        summary: one line about it.
        load: makes it ready to run.
    """

    name: str
    task: str
    summary: str
    load: Callable[[], Model]

    @property
    def needs_targets(self) -> bool:
        """Whether it follows what it is pointed at, rather than finding things by itself."""
        return self.task in ("track", "segment")


class Shelf:
    """Models by name, the first of which is what a session begins with."""

    def __init__(self, choices: Mapping[str, Choice]) -> None:
        self._choices = dict(choices)
        self._loaded: dict[str, Model] = {}
        self._loading = threading.Lock()

    @property
    def first(self) -> str:
        """The name of what a session begins with."""
        return next(iter(self._choices))

    def choice(self, name: str) -> Choice:
        """What is known of a model.

        Raises:
            ModelError: when it cannot be chosen.
        """
        if name not in self._choices:
            raise ModelError("there is no such model here; choose one of the list")
        return self._choices[name]

    def take(self, name: str) -> Model:
        """The model; loading it takes a while, the first time.

        Raises:
            SaccadeError: when it cannot be loaded.
        """
        choice = self.choice(name)
        with self._loading:
            if name not in self._loaded:
                self._loaded[name] = choice.load()
            return self._loaded[name]

    def to_json(self) -> list[dict[str, Any]]:
        """What can be chosen."""
        return [
            {"name": each.name, "task": each.task, "summary": each.summary, "points": each.needs_targets}
            for each in self._choices.values()
        ]
