"""Whether a data set of single pictures is whole: every picture is there, and every mask can be used."""

from collections.abc import Callable
from pathlib import Path

from saccade.core import DatasetError
from saccade.data.check import Fault, Findings
from saccade.data.frames import picture_names
from saccade.data.stills import Stills
from saccade.media.images import picture_size


def check_stills(
    stills: Stills, expected: int | None, on_target: Callable[[], None] = lambda: None
) -> Findings:
    """Looks at every target: its picture is there and its mask can be read and has the picture's size.

    Args:
        expected: how many pictures there should be; None where that is not fixed.
        on_target: is called after each.

    Returns:
        findings in which each target counts as a sequence, and each picture that has one as a frame.
    """
    faults: list[Fault] = []
    if expected is not None and stills.num_pictures != expected:
        faults.append(Fault("", "missing", f"{stills.num_pictures} pictures, but {expected} expected"))
    pictures, whole = _Pictures(), 0
    told: set[str] = set()
    for index in range(len(stills)):
        picture = stills.picture(index)
        fault = pictures.fault(picture) or _fault_of_mask(stills, index, pictures)
        if fault is None:
            whole += 1
        elif fault.message not in told:
            # what is wrong with a picture is said once, not for each target in it
            told.add(fault.message)
            faults.append(Fault(stills.name(index), fault.kind, fault.message))
        on_target()
    targets = len(stills)
    return Findings(targets, whole, len(pictures.sizes), targets, tuple(faults), stills.notes)


class _Pictures:
    """The pictures of which the heads have been read; each folder is listed once.

    Attributes:
        sizes: height and width of those that are there.
    """

    def __init__(self) -> None:
        self.sizes: dict[Path, tuple[int, int]] = {}
        self._listed: dict[Path, set[str]] = {}

    def fault(self, picture: Path) -> Fault | None:
        """What is wrong with a picture."""
        if picture in self.sizes:
            return None
        if picture.parent not in self._listed:
            self._listed[picture.parent] = set(picture_names(picture.parent))
        if picture.name not in self._listed[picture.parent]:
            return Fault("", "missing", f"{picture} is missing")
        size_wh = picture_size(picture)
        if size_wh is None:
            return Fault("", "size", f"{picture} cannot be read as a picture")
        self.sizes[picture] = size_wh[::-1]
        return None


def _fault_of_mask(stills: Stills, index: int, pictures: _Pictures) -> Fault | None:
    picture = stills.picture(index)
    try:
        mask = stills.mask(index, pictures.sizes[picture])
    except DatasetError as error:
        return Fault("", "truth", str(error))
    # an outline may be smaller than a pixel; its box is known all the same
    if stills.box(index) is None and not mask.any():
        return Fault("", "truth", f"{picture}: nothing is in the mask of {stills.name(index)}")
    return None
