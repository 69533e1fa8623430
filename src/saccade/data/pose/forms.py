"""What there is to know about a form of pose sets before one is opened."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from saccade.data.pose.contents import PoseContent


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseForm:
    """A form of annotations of people.

    Attributes:
        layout: where its files lie under the root.
        fits: whether a folder, or a file, holds annotations of this form.
        splits: the names of the splits there.
        read: reads a split; None for the only one there is, or all. Raises DatasetError when the layout is
            another; faults of single people stand in the result.
    """

    name: str
    summary: str
    layout: str
    fits: Callable[[Path], bool]
    splits: Callable[[Path], tuple[str, ...]]
    read: Callable[[Path, str | None], PoseContent]
