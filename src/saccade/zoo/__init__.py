"""The catalogue: a name for every model, and `load`, which makes it."""

from saccade.zoo.catalog import CATALOG, Entry, entry
from saccade.zoo.load import load

__all__ = ["CATALOG", "Entry", "entry", "load"]
