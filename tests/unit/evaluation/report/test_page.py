"""The page, before any browser sees it: what it embeds, and that it needs nothing else."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from saccade.evaluation import Board
from saccade.evaluation.report.page import to_page
from saccade.evaluation.report.plots import board_inks
from tests.unit.evaluation.conftest import follows
from tests.unit.evaluation.report.conftest import stays


def page_of(board: Board) -> str:
    return to_page(board, board_inks(board))


def embedded(page: str, name: str) -> Any:
    (text,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', page)
    return json.loads(text)


def test_the_page_holds_all_that_it_needs(board: Callable[..., Board]) -> None:
    page = page_of(board({"perfect": follows, "stays": stays}))
    assert not re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', page)
    assert "@import" not in page and "url(" not in page
    # the only address is the name of a format, which nobody fetches
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    report, played = embedded(page, "report"), embedded(page, "playback-0")
    assert [model["name"] for model in report["models"]] == ["perfect", "stays"]
    assert [sequence["name"] for sequence in report["sequences"]] == ["car", "dog"]
    assert played["frames"] == [0, 1, 2, 3]
    assert played["strips"][0].startswith("data:image/jpeg;base64,")
    assert played["models"][0] == played["truth"]


def test_colours_are_those_of_the_plots_and_stay_with_the_names(board: Callable[..., Board]) -> None:
    found = board({"perfect": follows, "stays": stays})
    inks = board_inks(found)
    models = embedded(page_of(found), "report")["models"]
    assert {model["name"]: model["color"] for model in models} == {n: ink.color for n, ink in inks.items()}
    # whoever is first
    assert board_inks(replace(found, rows=found.rows[::-1])) == inks


def test_names_cannot_break_out_of_the_page(board: Callable[..., Board]) -> None:
    found = board({"perfect": follows})
    evil = "</script><script>alert(1)</script>"
    page = page_of(replace(found, dataset=evil, left_out=(evil,)))
    assert evil not in page
    assert embedded(page, "report")["leftOut"] == [evil]
