"""One process at a time: locks that the system takes back from a process that is killed."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path

from saccade.core.errors import WeightsError
from saccade.weights.complaints import unwritable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PAUSE = 0.05
"""seconds between two tries"""


@contextmanager
def locked(target: Path, patience: float = 0.0) -> Iterator[None]:
    """Inside, nobody else is inside for the same file, in this process or in another.

    The lock is a file beside it, which goes when it is released.

    Args:
        patience: seconds to wait for somebody else.

    Raises:
        WeightsError: when somebody else has it for longer than that.
        OutputError: when there is no place for it.
    """
    path = target.with_name(target.name + ".lock")
    try:
        file = acquire(path, patience)
    except OSError as error:
        raise unwritable(target, error) from None
    if file is None:
        raise WeightsError(f"{target}: another process is at work on it; run this again when that is done")
    try:
        yield
    finally:
        release(path, file)


def acquire(path: Path, patience: float = 0.0) -> BufferedRandom | None:
    """Takes the lock that a file is, for `release` to give back; the system does so for who is killed.

    Returns:
        the locked file; None when somebody else has it for longer than `patience` seconds.

    Raises:
        OSError: when there is no place for it.
    """
    until = time.monotonic() + patience
    path.parent.mkdir(parents=True, exist_ok=True)
    while (file := _acquire(path)) is None and time.monotonic() <= until:
        time.sleep(_PAUSE)
    return file


def release(path: Path, file: BufferedRandom) -> None:
    """Gives a lock back, and takes its file away."""
    with suppress(OSError):  # Windows keeps files that are open
        path.unlink()
    file.close()


def _acquire(path: Path) -> BufferedRandom | None:
    """The locked file; None when somebody else has it."""
    file = path.open("a+b")
    try:
        if _lock(file) and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except FileNotFoundError:
        pass  # as for another file of that name: who had it has just removed it
    file.close()
    return None


def _lock(file: BufferedRandom) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a file system without locks; better without than not at all
    return True
