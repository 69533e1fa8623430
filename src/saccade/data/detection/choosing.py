"""Which form annotations have, be they of boxes or of people, and what of them is refused."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

from saccade.core import DatasetError
from saccade.core.errors import did_you_mean
from saccade.data.detection.records import FATAL, Fault


@runtime_checkable
class PictureForm(Protocol):
    """A form of annotations of pictures."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def layout(self) -> str:
        """Where its files lie under the root."""
        ...

    @property
    def fits(self) -> Callable[[Path], bool]:
        """Whether a folder holds annotations of this form."""
        ...


F = TypeVar("F", bound=PictureForm)


def form_named(name: str, forms: Mapping[str, F], sets: str) -> F:
    """The form of that name.

    Args:
        sets: what the forms are of, for messages: "pose sets".

    Raises:
        DatasetError: when there is none.
    """
    if name not in forms:
        raise DatasetError(f"no form of {sets} '{name}'; {did_you_mean(name, forms)}")
    return forms[name]


def form_of(root: Path, forms: Mapping[str, F], marked: str, *, yields: str | None = None) -> F:
    """The form that the annotations in a folder have.

    Args:
        marked: what is annotated, for messages: "boxes".
        yields: a form that is none where others fit as well.

    Raises:
        DatasetError: when it could be several, or none.
    """
    if not root.exists():
        raise DatasetError(f"{root}: no such folder")
    found = [form for form in forms.values() if form.fits(root)]
    if len(found) > 1:
        found = [form for form in found if form.name != yields]
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(form.name for form in found)
        raise DatasetError(f"{root} has annotations in the forms {names}; say which by --dataset")
    expected = "; or ".join(f"{form.name}: {form.layout}" for form in forms.values())
    raise DatasetError(f"{root}: no annotations of {marked} in it; expected {expected}")


def refuse_fatal(faults: Iterable[Fault], remedy: str) -> None:
    """Refuses what could only be guessed at.

    Args:
        remedy: how all of it is shown.

    Raises:
        DatasetError: with the first of such faults, and how many there are.
    """
    fatal = [fault for fault in faults if fault.kind in FATAL]
    if fatal:
        more = f" ({len(fatal) - 1:,} more such faults)" if len(fatal) > 1 else ""
        raise DatasetError(f"{fatal[0].message}{more}; {remedy}")
