"""The errors that a user of saccade can meet.

SaccadeError                    message = what is wrong, where, and what to do about it
├── InputError (ValueError)     something that was given cannot be used; the command line exits with 2
│   ├── FrameError              an array that is no picture
│   ├── TargetError             a box or mask that points at nothing; no target yet
│   ├── SourceError             a file, folder, camera or stream that cannot be read (any further)
│   ├── ConfigError             an unknown setting, or a value of the wrong kind
│   ├── ModelError              an unknown model name, or a model that cannot do what was asked
│   ├── WeightsError            a weight file that is missing, broken, or another network's
│   └── DatasetError            a data set that is missing or inconsistent
├── OutputError (OSError)       results could not be written
├── ExportError                 an exported network does not say what the model says
├── TrainingError               a training cannot go on: its loss is no number, a batch does not fit
└── MissingExtraError (ImportError)  an optional package is not installed
"""

import difflib
import sys
import warnings
from collections.abc import Iterable
from types import FrameType


class SaccadeError(Exception):
    """Base of every error that saccade raises on purpose."""


class InputError(SaccadeError, ValueError):
    """Something that was given cannot be used."""


class FrameError(InputError):
    """An array is no picture that saccade can read."""


class TargetError(InputError):
    """A box or mask points at nothing, or a step was asked for before any target was given."""


class SourceError(InputError):
    """A video source cannot be opened, or breaks while it is read.

    Attributes:
        frame: index of the frame at which the source broke, counted from 0; None when it never opened.
    """

    def __init__(self, message: str, *, frame: int | None = None) -> None:
        super().__init__(message)
        self.frame = frame


class ConfigError(InputError):
    """A setting does not exist, or its value is of the wrong kind."""


class ModelError(InputError):
    """There is no model of that name, or the model cannot do what was asked."""


class WeightsError(InputError):
    """A weight file is missing, broken, or belongs to another network."""


class DatasetError(InputError):
    """A data set is missing or inconsistent."""


class OutputError(SaccadeError, OSError):
    """Results could not be written; what had been written before is kept."""


class ExportError(SaccadeError):
    """An exported network does not say what the model says; it is not left behind."""


class TrainingError(SaccadeError):
    """A training cannot go on; what it has learned so far is in its last checkpoint."""


class MissingExtraError(SaccadeError, ImportError):
    """An optional package is not installed."""

    @classmethod
    def of(cls, package: str, extra: str) -> "MissingExtraError":
        """The error for a package that an extra would bring."""
        return cls(f"this needs the package '{package}'; install it with: pip install 'saccade[{extra}]'")


class SaccadeWarning(UserWarning):
    """Something was put right or left out on the user's behalf, and they should know."""


def warn(message: str) -> None:
    """Warns at the line that called saccade, however deep inside the reason was found."""
    depth, outermost = 0, 0
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] == "saccade":
            outermost = depth
        depth, frame = depth + 1, frame.f_back
    warnings.warn(message, SaccadeWarning, stacklevel=outermost + 2)


def did_you_mean(name: str, known: Iterable[str], *, listed_by: str | None = None) -> str:
    """The remedy for a name that does not exist: the nearest that does, or all of them.

    Args:
        listed_by: the command that shows all, where they are too many for a message.
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean '{near[0]}'?" + (f" ({listed_by} shows all)" if listed_by else "")
    return f"{listed_by} shows all" if listed_by else f"there are: {', '.join(known)}"


def reason_of(error: BaseException) -> str:
    """Why a file cannot be read or written, without the number and the path that Python puts around it."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text in UTF-8"
    return getattr(error, "strerror", None) or str(error)
