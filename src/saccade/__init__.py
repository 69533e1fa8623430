"""saccade follows things in video.

    import saccade

    model = saccade.load("eco")
    for frame, found in saccade.follow(model, "clip.mp4", boxes=[(x, y, w, h)]):
        print(found.boxes, found.scores, found.status)

What else there is loads when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# heavy modules load on first use, so that `import saccade` costs nothing
_HOMES = {
    "Frame": "saccade.core",
    "Instances": "saccade.core",
    "SaccadeError": "saccade.core",
    "SaccadeWarning": "saccade.core",
    "Skeleton": "saccade.core",
    "Status": "saccade.core",
    "Targets": "saccade.core",
    "adapters": "saccade.adapters",
    "follow": "saccade.deploy.following",
    "load": "saccade.zoo.loading",
    "pose": "saccade.pose",
}

__all__ = [
    "Frame",
    "Instances",
    "SaccadeError",
    "SaccadeWarning",
    "Skeleton",
    "Status",
    "Targets",
    "__version__",
    "adapters",
    "follow",
    "load",
    "pose",
]

if TYPE_CHECKING:
    from saccade import adapters as adapters
    from saccade import pose as pose
    from saccade.core import Frame, Instances, SaccadeError, SaccadeWarning, Skeleton, Status, Targets
    from saccade.deploy.following import follow
    from saccade.zoo.loading import load

    __version__: str


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("saccade")
    except PackageNotFoundError:  # a source tree that nobody has installed
        return "0.0.0"


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name not in _HOMES:
        raise AttributeError(f"module 'saccade' has no attribute '{name}'")
    home = import_module(_HOMES[name])
    value = home if _HOMES[name] == f"saccade.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
