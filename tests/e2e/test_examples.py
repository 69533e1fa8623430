"""Every example runs and comes to what it says; its notebook, its page and its picture keep step with it."""

import re
import runpy
from collections.abc import Callable
from typing import Any

import jupytext
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from docs.examples import PAGES, SCRIPTS, notebook, write_notebook, write_picture
from docs.hooks.examples import example_page

MOST_BYTES = 80_000
INDEX = (PAGES / "index.md").read_text()
by_name = pytest.mark.parametrize("name", SCRIPTS)


TRUE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "compare_trackers": lambda its: [row.name for row in its["board"].rows][-1] == "still",
    "count_crossings": lambda its: (its["tally"].entered.total(), its["tally"].left.total()) == (1, 1),
    "export_onnx": lambda its: its["done"].holds and its["features"].shape == (1, 64, 18, 18),
    "follow_one": lambda its: its["scores"]["auc"] > 70 and its["overlaps"][-1] > 0.5,
    "follow_several": lambda its: np.abs(its["together"].boxes - its["single"].boxes).max() < 1,
    "look_inside": lambda its: (
        [it.scores.max() > 0.3 for _, it, _ in its["seen"].values()] == [True, False, True]
    ),
    "measure_poses": lambda its: np.abs(its["placed"].angles["yaw"] - its["true_yaw"]).mean() < 3,
    "own_loop": lambda its: len(its["scores"]) == 60 and (its["found"].boxes == its["again"].boxes).all(),
    "own_tracker": lambda its: its["rates"]["mean shift"] > its["rates"]["still"],
    "train_detector": lambda its: its["scores"].map50 > 0.5,
}
"""what must be so in the end, of the names that a script leaves"""
SLOW = {"own_loop", "compare_trackers", "export_onnx", "look_inside", "train_detector"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in SCRIPTS]
)
def test_it_runs_and_comes_to_what_it_says(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    plt.switch_backend("agg")
    its = runpy.run_path(str(SCRIPTS[name]), run_name="__main__")
    plt.close("all")
    assert TRUE[name](its)
    assert capsys.readouterr().out
    assert len(list((tmp_path / "runs" / "examples" / name).glob("*.png"))) == 1


@by_name
def test_the_notebook_is_that_of_the_script(name):
    kept = (PAGES / "notebooks" / f"{name}.ipynb").read_text()
    assert kept == notebook(name), "make notebooks writes it anew"
    cells = jupytext.reads(kept, fmt="ipynb").cells
    code = "".join(cell.source for cell in cells if cell.cell_type == "code")
    prose = re.compile(r"^# %% \[markdown\]\n(#.*\n)*|^# %%\n", re.M)
    assert "".join(code.split()) == "".join(prose.sub("", SCRIPTS[name].read_text()).split())


@by_name
def test_it_has_a_title_a_line_in_the_list_and_a_small_picture(name):
    first, title, *_ = SCRIPTS[name].read_text().splitlines()
    assert (first, title[:4]) == ("# %% [markdown]", "# # ")
    assert f"(../../examples/{name}.py)" in INDEX
    assert f"(notebooks/{name}.ipynb)" in INDEX
    picture = PAGES / "pictures" / f"{name}.webp"
    assert picture.stat().st_size < MOST_BYTES


def test_there_is_nothing_that_no_script_makes():
    assert {path.stem for path in (PAGES / "notebooks").iterdir()} == SCRIPTS.keys()
    assert {path.stem for path in (PAGES / "pictures").iterdir()} == SCRIPTS.keys()


def test_notebooks_and_pictures_can_be_made_again(tmp_path):
    assert write_notebook("measure_poses", tmp_path).read_text() == notebook("measure_poses")
    drawn = write_picture("measure_poses", tmp_path)
    with Image.open(drawn) as new, Image.open(PAGES / "pictures" / drawn.name) as kept:
        assert new.size == kept.size
        difference = np.abs(np.asarray(new).astype(int) - np.asarray(kept))
    assert difference.mean() < 4  # fonts and compression may differ a little, contents may not


def test_a_page_has_prose_code_and_picture():
    page = example_page(SCRIPTS["measure_poses"])
    assert page.startswith("# What poses say")
    assert "```python\npeople = saccade.Instances(" in page
    for target in re.findall(r"\]\(([^)]+)\)", page):
        assert (SCRIPTS["measure_poses"].parent / target).is_file()
