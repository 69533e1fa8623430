"""What the package `trackers` remembers of a video, as tensors and JSON values, and back.

Its classes have no such thing: what they hold is taken field by field, and put into objects of the same
classes.
"""

from collections import deque
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from saccade.core import ModelError

_PACKAGE = "trackers."
_SERIES: Mapping[str, Any] = {"list": list, "tuple": tuple, "deque": deque}
_CORNER = ("pt", "size", "angle", "response", "octave", "class_id")
"""of a corner that OpenCV has found"""


def kept(value: Any) -> Any:
    """A value as tensors and JSON values; of an object of that package, all that can change."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.array(value))
    if isinstance(value, dict):
        return {"pairs": [[key, kept(each)] for key, each in value.items()]}
    if isinstance(value, cv2.KeyPoint):
        return {"corner": [getattr(value, name) for name in _CORNER]}
    kind = type(value)
    if kind.__name__ in _SERIES:
        return {kind.__name__: [kept(each) for each in value]}
    fields = {name: kept(each) for name, each in vars(value).items() if _can_change(each)}
    return {"class": [kind.__module__, kind.__qualname__], "fields": fields}


def _can_change(value: Any) -> bool:
    """Whether a field is more than a class to work with, or what OpenCV finds corners with."""
    is_plain = value is None or isinstance(value, bool | int | float | str | np.ndarray | np.generic | dict)
    return is_plain or type(value).__name__ in _SERIES or type(value).__module__.startswith(_PACKAGE)


def restored(value: Any, into: Any = None) -> Any:
    """What `kept` was given.

    Args:
        into: an object whose fields are set where it is of the right class; what was not kept stays its own.

    Raises:
        ModelError: when it names a class that is none of the package.
    """
    if isinstance(value, Tensor):
        return value.numpy().copy()
    if not isinstance(value, dict):
        return value
    if "fields" in value:
        return _object(value, into)
    if "pairs" in value:
        return {key: restored(each) for key, each in value["pairs"]}
    if "corner" in value:
        (x, y), *rest = value["corner"]
        return cv2.KeyPoint(x, y, *rest)
    ((kind, items),) = value.items()
    return _SERIES[kind](restored(each) for each in items)


def _object(value: Mapping[str, Any], into: Any) -> Any:
    module, name = value["class"]
    # nothing but this package's classes, whatever a file says
    if not module.startswith(_PACKAGE) or not name.isidentifier():
        raise ModelError(f"the state names {module}.{name}, which is no part of a track; take another one")
    kind = getattr(import_module(module), name)
    thing = into if type(into) is kind else object.__new__(kind)
    for field, each in value["fields"].items():
        object.__setattr__(thing, field, restored(each, getattr(thing, field, None)))
    return thing
