"""What annotated pictures have in common, be it boxes or people that are marked in them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable


@runtime_checkable
class Pictured(Protocol):
    """A picture that annotations speak of."""

    @property
    def name(self) -> str:
        """What it is called in results and complaints."""
        ...

    @property
    def file(self) -> Path:
        """The picture, or where it should be."""
        ...

    @property
    def annotation(self) -> Path | None:
        """The file that speaks of it; None where there is none."""
        ...

    @property
    def size_wh(self) -> tuple[int, int] | None:
        """Width and height in pixels as the annotation says; None where it does not."""
        ...


@runtime_checkable
class PicturedSplit(Protocol):
    """Annotated pictures that belong together."""

    @property
    def split(self) -> str | None:
        """Which part of a data set they are; None for all there is."""
        ...

    @property
    def images(self) -> Sequence[Pictured]:
        """In the order of their files."""
        ...
