"""Tables: what stands in them, what is marked, and what must be escaped."""

from collections.abc import Callable

from saccade.evaluation import Board
from saccade.evaluation.report.tables import Table, tables_of, to_markdown
from tests.unit.evaluation.conftest import follows
from tests.unit.evaluation.report.conftest import fails_late, stays


def test_a_row_a_model_and_a_row_a_sequence(board: Callable[..., Board]) -> None:
    found = board({"perfect": follows, "stays": stays})
    lines = to_markdown(found, tables_of(found)).splitlines()
    assert lines[0] == "# folder, protocol pytracking"
    assert "| model | AUC % | Prec. % | Norm. prec. % | OP50 % | OP75 % | fps | frames | sequences |" in lines
    assert any(line.startswith("| perfect | **95.2** | **100.0** |") for line in lines)
    assert "| sequence | perfect | stays |" in lines
    assert [line.split(" | ")[0] for line in lines if line.startswith(("| car", "| dog"))] == [
        "| car",
        "| dog",
    ]


def test_what_is_left_out_is_said(board: Callable[..., Board]) -> None:
    found = board({"late": fails_late})
    text = to_markdown(found, tables_of(found))
    assert "- late on car: RuntimeError: out of | ideas" in text
    assert "| late | 95.2 |" in text
    assert "| 1 of 2 |" in text


def test_latex_marks_the_best_and_the_second_and_escapes() -> None:
    table = Table(
        title="Scores",
        head=("model", "AUC %"),
        rows=(("a_b & c", "1.0"), ("d", "3.0"), ("e", "2.0"), ("f", "–")),
        ranks=((None, 2), (None, 0), (None, 1), (None, None)),
    )
    assert table.to_latex().splitlines() == [
        "% Scores",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"model & AUC \% \\",
        r"\midrule",
        r"a\_b \& c & 1.0 \\",
        r"d & \textbf{3.0} \\",
        r"e & \underline{2.0} \\",
        r"f & -- \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_markdown_cells_stay_cells() -> None:
    table = Table(title="x", head=("model", "AUC"), rows=(("a|b", "1.0"),))
    assert table.to_markdown() == "| model | AUC |\n| --- | ---: |\n| a\\|b | 1.0 |\n"


def test_equals_share_their_place(board: Callable[..., Board]) -> None:
    table = tables_of(board({"a": follows, "b": follows, "c": stays}))["scores"]
    assert [ranks[1] for ranks in table.ranks] == [0, 0, 1]
    # one alone is best of nothing
    assert all(rank is None for rank in tables_of(board({"a": follows}, models=["a"]))["scores"].ranks[0])


def test_empty_tables_are_left_out(board: Callable[..., Board]) -> None:
    assert list(tables_of(board({"a": follows}))) == ["scores", "sequences", "dialects"]
