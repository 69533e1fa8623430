"""Putting the pictures of an annotated set to their place in a new one."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saccade.core import DatasetError
from saccade.data.detection.pictures import is_turned, save_plain
from saccade.data.pictured import Pictured
from saccade.media.files import make_folder, output_error
from saccade.media.images import picture_size


def _save_as_seen(image: Pictured, target: Path) -> bool:
    """Saves a picture as its annotation sees it, where that is not how the file is shown."""
    if image.size_wh in (None, picture_size(image.file)) or not is_turned(image.file):
        return False
    save_plain(image.file, target, is_turned=False)
    return True


@dataclass(frozen=True, slots=True)
class Copier:
    """Copies pictures, or links to them.

    Attributes:
        is_linked: whether a symbolic link is made.
        on_picture: is called after each.
        save: writes a picture itself where a copy would not do; says whether it did.
    """

    is_linked: bool = False
    on_picture: Callable[[], None] = lambda: None
    save: Callable[[Any, Path], bool] = _save_as_seen

    def __call__(self, image: Pictured, target: Path) -> None:
        make_folder(target.parent)
        if target.exists():
            return
        if not self.save(image, target):
            try:
                if self.is_linked:
                    target.symlink_to(image.file.resolve())
                else:
                    shutil.copyfile(image.file, target)
            except OSError as error:
                raise output_error(target, error) from error
        self.on_picture()


def check_out(out: Path, root: Path) -> None:
    """Refuses a folder for a new data set that has something in it, or lies within the other.

    Raises:
        DatasetError: saying so.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out}: is there already, and nothing is written over; name a new folder")
    if out.resolve().is_relative_to(root.resolve()):
        raise DatasetError(f"{out} lies within {root}, which stays as it is; name a folder elsewhere")
