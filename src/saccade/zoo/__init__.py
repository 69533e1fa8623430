"""The catalogue: a name for every model, and `load`, which makes it."""

from typing import TYPE_CHECKING

from saccade.core.lazy import lazy
from saccade.zoo.catalog import CATALOG, entry
from saccade.zoo.entry import Entry

if TYPE_CHECKING:
    from saccade.zoo.loading import load
    from saccade.zoo.obtain import download_weights, import_weights

__all__ = ["CATALOG", "Entry", "download_weights", "entry", "import_weights", "load"]
# the catalogue is shown without waiting for PyTorch
__getattr__ = lazy(__name__, {"download_weights": "obtain", "import_weights": "obtain", "load": "loading"})
