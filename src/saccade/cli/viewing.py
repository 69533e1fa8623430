"""Where a run is watched while it goes on: a window on the screen, or a page in the browser."""

import os
import sys
import threading
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from saccade.cli.console import notify
from saccade.core.errors import MissingExtraError

if TYPE_CHECKING:
    from saccade.core import Frame, Instances
    from saccade.core.targets import Box
    from saccade.draw.window import Window
    from saccade.media import Source


class Show(StrEnum):
    """Where to watch."""

    none = "none"
    window = "window"
    browser = "browser"


class View(Protocol):
    """What shows a run."""

    def show(self, frame: "Frame", found: "Instances", picture: Any, remark: str = "") -> bool:
        """Shows a frame with what was found drawn on it; False when the user has ended the run."""
        ...

    def pick(self, picture: Any) -> "Sequence[Box]":
        """Boxes (x, y, w, h) that the user draws on a frame; none when they give up."""
        ...


@dataclass(frozen=True, slots=True)
class _InWindow:
    """A window as a `View`: it shows nothing but pictures."""

    window: "Window"

    def show(self, frame: "Frame", found: "Instances", picture: Any, remark: str = "") -> bool:
        return self.window.show(picture, remark)

    def pick(self, picture: Any) -> "Sequence[Box]":
        notify("drag a box around each target; Enter starts, backspace takes one away, Escape gives up")
        return self.window.pick(picture)


@contextmanager
def viewing(video: "Source", show: Show, out: Path) -> "Iterator[View | None]":
    """What shows a run over a source; None where nobody wants to watch.

    Args:
        out: folder of the run's files.

    Raises:
        SaccadeError: when there is no display to open a window on.
        MissingExtraError: when the server of pages is not installed.
    """
    if show is Show.none:
        yield None
    elif show is Show.window:
        from saccade.draw.window import Window

        remedy = "--show browser shows the same on a page; or look at the files afterwards"
        with Window(f"saccade: {video.name}", fps=video.fps, remedy=remedy) as window:
            yield _InWindow(window)
    else:
        try:
            from saccade.live.screen import Screen
        except ModuleNotFoundError as error:
            raise MissingExtraError.of(error.name or "fastapi", "live") from error
        title = video.name if video.live else Path(video.name).name
        with Screen(title, out, video.num_frames) as screen:
            notify(f"watch at {screen.address}")
            screen.is_expected = _open_browser(screen.address)
            yield screen


def _open_browser(address: str) -> bool:
    """Opens a page, without waiting for it; whether there is where to do so."""
    # where there is no display, Python would start a browser in this very terminal
    names = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform.startswith("linux") and not any(map(os.environ.get, names)):
        return False
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    return True
