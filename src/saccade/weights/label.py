"""The label of a stored weight file: what the file is, where it came from, and what it wants to see.

It stands in the file itself, so that the two are never apart, and beside it for people.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from saccade.core.config import to_json
from saccade.core.errors import WeightsError
from saccade.weights.checkpoint import Constructor, make_constructor
from saccade.weights.preprocessing import Preprocessing
from saccade.weights.trained import Trained

FORMAT = "saccade weights 1"
_TEXTS = ("network", "file", "sha256", "publisher", "licence")
METADATA = "saccade"
"""under which name a safetensors file holds its label"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of a stored weight file."""

    network: str
    """what the network is, for people"""
    constructor: Constructor | None
    """how the original makes it; None when its file did not say"""
    file: str
    """name of the file that it came from"""
    sha256: str
    """of that file"""
    publisher: str
    """who published it, and where"""
    licence: str
    """what its publisher states"""
    preprocessing: Preprocessing
    """what it wants to see"""
    trained: Trained | None = None
    """how it was trained; None where saccade has not done it"""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values: dict[str, Any] = to_json(self)
        return {"format": FORMAT} | values

    def to_text(self) -> str:
        """As JSON text."""
        return json.dumps(self.to_json(), indent=2) + "\n"


def label_path(weights: Path) -> Path:
    """Where the label of a weight file lies for people to read."""
    return weights.with_suffix(".json")


def read_label(weights: Path) -> Label | None:
    """The label in a safetensors file, else that beside it; None when there is none but another program's.

    Raises:
        WeightsError: for a label that is damaged, or of a later version of saccade.
    """
    with safe_open(weights, "pt") as file:
        text = (file.metadata() or {}).get(METADATA)
    path = label_path(weights) if text is None else weights
    try:
        values = json.loads(path.read_text(encoding="utf-8") if text is None else text)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:  # the last for one nested too deep
        raise _unreadable(path, error) from None
    if not isinstance(values, dict) or not str(values.get("format")).startswith("saccade weights"):
        return None
    try:
        if values.pop("format") != FORMAT:
            raise WeightsError(
                f"{path}: written by a later version of saccade; upgrade, or import the weights again"
            )
        made = values.pop("constructor")
        constructor = make_constructor(path, made["name"], made["kwargs"]) if made else None
        trained = values.pop("trained", None)
        wanting = next((key for key in _TEXTS if not isinstance(values[key], str)), None)
        if wanting is not None:
            raise TypeError(f"{wanting} is no text")
        return Label(
            constructor=constructor,
            preprocessing=_preprocessing(values.pop("preprocessing")),
            trained=Trained.of(trained) if trained else None,
            **values,
        )
    except WeightsError:
        raise
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as error:
        raise _unreadable(path, error) from None


def _preprocessing(values: dict[str, Any]) -> Preprocessing:
    mean, scale = (tuple(map(float, values[key])) for key in ("mean", "scale"))
    if values["colours"] not in ("rgb", "bgr") or (len(mean), len(scale)) != (3, 3):
        raise ValueError("its preprocessing is none")
    if not all(map(math.isfinite, (*mean, *scale))) or 0 in scale:
        raise ValueError("pictures cannot be scaled by its preprocessing")
    return Preprocessing(colours=values["colours"], mean=mean, scale=scale)  # type: ignore[arg-type]


def _unreadable(path: Path, error: Exception) -> WeightsError:
    return WeightsError(f"{path}: no label that saccade wrote ({error}); import the weights again")
