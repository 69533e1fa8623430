"""Where frames come from and where results go: sources, the video sink, the files of a run."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# codecs and pictures load on first use
_HOMES = {
    "RunWriter": "saccade.media.results",
    "Source": "saccade.media.source",
    "VideoSink": "saccade.media.sink",
    "open_source": "saccade.media.source",
    "read_boxes_csv": "saccade.media.results",
}

__all__ = ["RunWriter", "Source", "VideoSink", "open_source", "read_boxes_csv"]

if TYPE_CHECKING:
    from saccade.media.results import RunWriter, read_boxes_csv
    from saccade.media.sink import VideoSink
    from saccade.media.source import Source, open_source


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'saccade.media' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
