"""The catalogue: a name for every model, and `load`, which makes it."""

from saccade.zoo.catalog import CATALOG, entry
from saccade.zoo.entry import Entry
from saccade.zoo.load import load
from saccade.zoo.obtain import download_weights, import_weights

__all__ = ["CATALOG", "Entry", "download_weights", "entry", "import_weights", "load"]
