"""Where the system keeps what can be made or fetched again."""

import os
import sys
from pathlib import Path


def cache_folder() -> Path:
    """The folder for all of saccade's; it may not be there yet."""
    if sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = Path.home() / "Library" / "Caches"
    else:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "saccade"
