"""What is wrong with annotated pictures, shown and written; for boxes and for poses alike."""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saccade.cli.console import out, progress, table

if TYPE_CHECKING:
    from saccade.data.detection.records import Fault

SHOWN = 30
"""how many faults are shown one by one"""


@contextmanager
def looking(text: str) -> Iterator[Callable[[int], Callable[[], None]]]:
    """A bar for pictures whose number is known only later."""
    bars = []

    def begin(total: int) -> Callable[[], None]:
        bar = progress(text, total, unit="pictures")
        bars.append(bar)
        return bar.__enter__()

    try:
        yield begin
    finally:
        for bar in bars:
            bar.__exit__(None, None, None)


def fault_rows(faults: "Sequence[Fault]", remarks: "Sequence[Fault]") -> list[Sequence[str]]:
    """Faults and remarks as rows of a table, its head first."""
    rows: list[Sequence[str]] = [("level", "kind", "file", "place", "reason", "remedy")]
    for level, found in (("fault", faults), ("remark", remarks)):
        rows += [(level, f.kind, str(f.file), f.place, f.reason, f.remedy) for f in found]
    return rows


def write_table(file: Path, rows: Sequence[Sequence[str]]) -> Path:
    """Writes rows as CSV, and gives the file."""
    from saccade.data.detection.writing import write_text

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(file, text.getvalue())
    return file


def fault_json(fault: "Fault") -> dict[str, Any]:
    """A fault for machines."""
    return {
        "kind": fault.kind,
        "file": str(fault.file),
        "object": fault.number,
        "place": fault.place,
        "reason": fault.reason,
        "remedy": fault.remedy,
        "picture": None if fault.picture is None else str(fault.picture),
    }


def show_faults(faults: "Sequence[Fault]", remarks: "Sequence[Fault]", root: Path) -> None:
    """Shows the first faults and remarks in tables."""
    for title, found in (("what is wrong", faults), ("what to know", remarks)):
        if not found:
            continue
        rows = [
            (_near(fault.file, root), fault.place, _short(fault.reason, root), fault.remedy)
            for fault in found[:SHOWN]
        ]
        out.print(table(("file", "place", title, "what to do"), rows))
        hidden = len(found) - len(rows)
        out.print(f"… and {hidden:,} more; --json shows all\n" if hidden else "")


def _short(reason: str, root: Path) -> str:
    """A reason in which files are named from the root on."""
    return reason.replace(f"{root}/", "")


def _near(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
