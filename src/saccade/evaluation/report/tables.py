"""Tables of a report, in Markdown and in LaTeX for papers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from saccade.evaluation.report.board import Board
from saccade.evaluation.report.parts import Column

NOTHING = "–"
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "–": "--",
        **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    }
)
_MARKS = {0: r"\textbf{%s}", 1: r"\underline{%s}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of words.

    Attributes:
        title: what it shows.
        head: one heading a column.
        rows: one cell for each.
        ranks: place of a cell among those it is compared with, 0 the best; None where that has no meaning.
        texts: how many columns, from the left, are text rather than numbers.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ranks: tuple[tuple[int | None, ...], ...] = ()
    texts: int = 1

    def to_markdown(self) -> str:
        """As a table of Markdown; the best is bold."""
        lines = [[_plain(cell) for cell in self.head]]
        lines.append(["---" if number < self.texts else "---:" for number in range(len(self.head))])
        for row, ranks in zip_longest(self.rows, self.ranks, fillvalue=()):
            cells = [(_plain(cell), rank) for cell, rank in zip_longest(row, ranks)]
            lines.append([f"**{cell}**" if rank == 0 else cell for cell, rank in cells])
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"

    def to_latex(self) -> str:
        """As a `tabular` for the package booktabs; the best is bold, the second underlined."""
        columns = "l" * self.texts + "r" * (len(self.head) - self.texts)
        lines = [f"% {self.title}", f"\\begin{{tabular}}{{{columns}}}", "\\toprule"]
        lines += [_row(self.head), "\\midrule"]
        for row, ranks in zip_longest(self.rows, self.ranks, fillvalue=()):
            cells = [(cell.translate(_LATEX), rank) for cell, rank in zip_longest(row, ranks)]
            marked = [cell if rank is None else _MARKS.get(rank, "%s") % cell for cell, rank in cells]
            lines.append(" & ".join(marked) + r" \\")
        return "\n".join([*lines, "\\bottomrule", "\\end{tabular}"]) + "\n"


def tables_of(board: Board) -> dict[str, Table]:
    """The tables of a report by the names of their files; those that would be empty are left out."""
    tables = {name: make(board) for name, make in TABLES.items()}
    return {name: table for name, table in tables.items() if table.rows}


def to_markdown(board: Board, tables: Mapping[str, Table]) -> str:
    """The whole report as text."""
    name = board.dialect if board.protocol == "one-pass" and board.dialect else board.protocol
    parts = [f"# {board.dataset}, protocol {name}\n"]
    parts += [f"## {table.title}\n\n{table.to_markdown()}" for table in tables.values()]
    if board.left_out:
        parts.append("## Left out\n\n" + "".join(f"- {line}\n" for line in board.left_out))
    return "\n".join(parts)


def number(value: float | None, column: Column) -> str:
    """A score as it is shown."""
    return NOTHING if value is None else f"{value:.{column.decimals}f}"


def heading(column: Column) -> str:
    """The title of a score, with its unit."""
    return f"{column.title} {column.unit}".strip()


def scores_table(board: Board) -> Table:
    """A row a model: scores, speed, and on how much they rest."""
    ranks = [_ranks([row.summary.values.get(c.key) for row in board.rows], c) for c in board.columns]
    return Table(
        title="Scores",
        head=("model", *map(heading, board.columns), "fps", "frames", "sequences"),
        rows=tuple(
            (
                row.name,
                *(number(row.summary.values.get(c.key), c) for c in board.columns),
                NOTHING if row.fps is None else f"{row.fps:.1f}",
                f"{row.frames}",
                f"{len(row.lengths)} of {len(board.sequences)}" if row.failed else f"{len(row.lengths)}",
            )
            for row in board.rows
        ),
        ranks=tuple((None, *places) for places in zip(*ranks, strict=True)),
    )


def _sequences(board: Board) -> Table:
    scored = [one.name for one in board.sequences if one.is_scored]
    rows = {
        name: [
            row.sequences[name].values.get(board.main.key) if name in row.sequences else None
            for row in board.rows
        ]
        for name in scored
    }
    return _by_model(board, f"{heading(board.main)} by sequence", "sequence", rows)


def _attributes(board: Board) -> Table:
    rows = {
        f"{letter}: {meaning}" if letter != meaning else letter: [
            row.attributes.get(letter, {}).get(board.main.key) for row in board.rows
        ]
        for letter, meaning in board.attributes.items()
    }
    return _by_model(board, f"{heading(board.main)} by attribute", "attribute", rows)


def _by_model(board: Board, title: str, of: str, rows: Mapping[str, Sequence[float | None]]) -> Table:
    """A row for each thing, a column for each model, of the main score."""
    return Table(
        title=title,
        head=(of, *(row.name for row in board.rows)),
        rows=tuple((name, *(number(v, board.main) for v in values)) for name, values in rows.items()),
        ranks=tuple((None, *_ranks(values, board.main)) for values in rows.values()),
    )


def _dialects(board: Board) -> Table:
    """One run under all dialects; all of their scores are in percent, the higher the better."""
    columns = {column.key: column for column in board.columns}
    shown = [columns[key] for key in next((list(d) for r in board.rows for d in r.dialects.values()), [])]
    return Table(
        title="One run under all dialects",
        head=("model", "dialect", *map(heading, shown)),
        rows=tuple(
            (row.name, name, *(number(scores[c.key], c) for c in shown))
            for row in board.rows
            for name, scores in row.dialects.items()
        ),
        texts=2,
    )


def _comparisons(board: Board) -> Table:
    """Differences, that of two equals may be written with a sign."""
    digits = board.main.decimals
    return Table(
        title=f"Paired comparison by {heading(board.main)}",
        head=("model", "less", "difference", "from", "to", "p", "sequences"),
        rows=tuple(
            (
                first,
                second,
                f"{found.difference:+.{digits}f}",
                f"{found.interval.low:+.{digits}f}",
                f"{found.interval.high:+.{digits}f}",
                f"{found.p_value:.4f}",
                f"{found.sequences}",
            )
            for (first, second), found in board.comparisons.items()
        ),
        texts=2,
    )


def repetitions_table(board: Board) -> Table:
    """Mean and standard deviation over seeds."""
    shown = [c for c in board.columns if any(c.key in r.mean for r in board.repetitions.values())]
    return Table(
        title="Mean and standard deviation over repetitions",
        head=("model", "runs", *map(heading, shown)),
        rows=tuple(
            (
                name,
                f"{len(repeated.results)}",
                *(
                    f"{number(repeated.mean.get(c.key), c)} ± {number(repeated.deviation.get(c.key), c)}"
                    for c in shown
                ),
            )
            for name, repeated in board.repetitions.items()
        ),
    )


TABLES: Mapping[str, Callable[[Board], Table]] = {
    "scores": scores_table,
    "sequences": _sequences,
    "attributes": _attributes,
    "dialects": _dialects,
    "comparisons": _comparisons,
    "repetitions": repetitions_table,
}
"""every table that a report may have, by the name of its files"""


def _ranks(values: Sequence[float | None], column: Column) -> list[int | None]:
    """The place of each value, 0 the best; equals share one. None is best of one alone."""
    known: Iterable[float] = {value for value in values if value is not None}
    order = sorted(known, reverse=column.best == "high")
    if sum(value is not None for value in values) < 2:
        return [None] * len(values)
    return [None if value is None else order.index(value) for value in values]


def _plain(cell: str) -> str:
    return cell.replace("|", "\\|")


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cell.translate(_LATEX) for cell in cells) + r" \\"
