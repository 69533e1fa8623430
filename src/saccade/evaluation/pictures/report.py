"""The files of a report on a model over annotated pictures.

report.json     everything that was scored
report.md       the same as tables to read
report.html     one page that needs nothing else
plots/          SVG and PNG, and sheets of pictures as PNG
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from saccade.core import DatasetError
from saccade.evaluation.report.tables import Table
from saccade.evaluation.results import write_text
from saccade.media.files import make_folder, replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OF_ONE = 4
"""mistakes of one picture that are shown before others have had as many"""

Sheet = UInt8[np.ndarray, "H W 3"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Report:
    """What is written of a model.

    Attributes:
        title: names the model and the data set.
        scores: what stands in `report.json`.
        tables: the most important first.
        how: by which rules it was scored, a sentence each.
        notes: what a reader should know besides.
        sheets: pictures of mistakes, by the names of their files.
    """

    title: str
    scores: Mapping[str, Any]
    tables: Sequence[Table]
    how: Sequence[str]
    notes: Sequence[str]
    sheets: Mapping[str, Sheet]

    def write(self, out: Path, figures: "Iterable[tuple[str, Figure]]", page: str) -> None:
        """Writes all files.

        Args:
            figures: plots by the names of their files.
            page: the report as HTML.

        Raises:
            OutputError: when one cannot be written.
        """
        from saccade.draw.charts import save, to_svg_file

        scores = json.dumps(self.scores, indent=2, ensure_ascii=False, allow_nan=False)
        write_text(out / "report.json", scores + "\n")
        write_text(out / "report.md", self._to_markdown())
        for name, figure in figures:
            save(figure, out / "plots" / f"{name}.png")
            write_text(out / "plots" / f"{name}.svg", to_svg_file(figure))
        for name, sheet in self.sheets.items():
            _save_png(sheet, out / "plots" / f"{name}.png")
        write_text(out / "report.html", page)

    def _to_markdown(self) -> str:
        parts = [f"# {self.title}\n"]
        parts += [f"## {table.title}\n\n{table.to_markdown()}" for table in self.tables]
        for title, lines in (("How it was scored", self.how), ("Notes", self.notes)):
            if lines:
                parts.append(f"## {title}\n\n" + "".join(f"- {line}\n" for line in lines))
        return "\n".join(parts)


def draw_sheets(
    drawings: Mapping[str, Callable[[], Sheet | None]],
) -> tuple[dict[str, Sheet], list[str]]:
    """The sheets that are not empty, and a note where pictures cannot be read, which leaves them all out."""
    try:
        sheets = {name: draw() for name, draw in drawings.items()}
    except DatasetError as error:
        return {}, [f"without pictures of mistakes: {error}"]
    return {name: sheet for name, sheet in sheets.items() if sheet is not None}, []


def varied(pictures: Sequence[int], shown: int) -> list[int]:
    """Which of the mistakes in these pictures are shown: the first, shared out among the pictures."""
    seen: Counter[int] = Counter()
    ranks = []
    for picture in pictures:
        ranks.append(seen[picture] // OF_ONE)
        seen[picture] += 1
    return sorted(sorted(range(len(pictures)), key=lambda place: (ranks[place], place))[:shown])


def clear_plots(folder: Path, names: Iterable[str]) -> None:
    """Takes away plots that an earlier report left, and this one may not write again."""
    for name in names:
        for ending in ("png", "svg"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)


def _save_png(picture: Sheet, path: Path) -> None:
    make_folder(path.parent)
    with replacing(path) as part:
        Image.fromarray(picture).save(part, format="PNG")
