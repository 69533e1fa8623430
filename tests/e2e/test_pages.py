"""The pages of the site say what is so: their examples run, and every command in them is one."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import saccade
from saccade.cli import application, main
from saccade.evaluation.metrics import dialect, score_one_pass
from tests.e2e.conftest import NUM_FRAMES

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = (
    "add-a-data-set.md",
    "add-a-tracker.md",
    "cluster.md",
    "coming-from-pytracking.md",
    "get-started.md",
    "tracking.md",
    "your-results.md",
)
"""pages that are read from top to bottom: the examples of each go on from one another"""
PAGES = [
    *REPOSITORY.glob("*.md"),
    *REPOSITORY.glob("docs/**/*.md"),
    *REPOSITORY.glob("src/saccade/*/*/README.md"),
]
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```|((?:^ {4,}.*\n)+)", re.M | re.S)
_LINE = re.compile(r"^(?:(?:srun|torchrun|docker run|OMP_NUM_THREADS=\S+) (?:.* )?)?saccade (\S.*)$")
_INLINE = re.compile(r"`saccade ([^`\n]+)`")


def found(page: Path) -> Iterator[tuple[str, bool]]:
    """The words behind `saccade` in a page, and whether they are a whole command, in a block of such."""
    text = page.read_text()
    for block in _BLOCK.finditer(text):
        if block[1] not in ("sh", "", None):
            continue
        joined = re.sub(r"\\\n\s*", " ", block[2] or block[3])
        for line in joined.splitlines():
            if command := _LINE.match(line.strip()):
                yield command[1], True
    yield from ((mention[1], False) for mention in _INLINE.finditer(text))


FOUND = sorted({(str(page.relative_to(REPOSITORY)), *each) for page in PAGES for each in found(page)})
COMMANDS = [(page, line) for page, line, is_whole in FOUND if is_whole]
MENTIONS = [(page, line) for page, line, is_whole in FOUND if not is_whole]


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda text: text[:60])
def test_commands_are_understood(page, line):
    """As the command line does it, up to where it would begin."""
    words = [word for word in shlex.split(line, comments=True) if word != "…"]
    command: Any = typer.main.get_command(application())
    context = command.make_context("saccade", words)
    while rest := [*context._protected_args, *context.args] if hasattr(command, "commands") else []:
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("page", "line"), MENTIONS, ids=lambda text: text[:60])
def test_what_is_mentioned_is_there(page, line):
    """Commands and options that a sentence names, whatever else they would need."""
    command: Any = typer.main.get_command(application())
    words = [word.split("|")[0] for word in line.split()]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    named = {word.partition("=")[0] for word in words if word.startswith("-")}
    assert named <= options | {"--help"}


def examples(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (REPOSITORY / "docs" / page).read_text(), re.M | re.S)


def run(page: str, names: dict[str, Any]) -> dict[str, Any]:
    """Runs the examples of a page one after another; what they have defined."""
    for number, text in enumerate(examples(page)):
        exec(compile(text, f"{page}, example {number + 1}", "exec"), names)
    return names


@pytest.mark.parametrize("page", RUN)
def test_examples_run_one_after_another(page, desk, capsys):
    assert len(run(page, {})) > 1


def test_the_tracker_in_one_file_follows(desk, capsys):
    """The clip moves by a pixel a frame."""
    names = run("add-a-tracker.md", {})
    assert np.abs(names["found"].xywh[0] - (40 + NUM_FRAMES - 1, 60, 50, 40)).max() <= 1.5
    scores = json.loads((desk / "results" / "report.json").read_text())["models"]
    assert scores["correlation"]["auc"] > scores["still"]["auc"]
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    saved, again = names["model"].start(), names["model"].start()
    saved.step(noise, saccade.Targets(boxes=[(9, 9, 20, 20), (30, 9, 20, 30)]))
    again.load_state_dict(saved.state_dict())
    assert np.array_equal(again.step(np.roll(noise, 5, axis=1)).xywh, [(14, 9, 20, 20), (35, 9, 20, 30)])


def test_the_data_set_in_one_file_is_scored(desk, capsys):
    (scores,) = run("add-a-data-set.md", {})["board"].to_json()["models"].values()
    assert scores["frames"] == 6


def test_results_of_ones_own_are_scored(desk, capsys):
    names = run("your-results.md", {})
    line = "eval --dataset folder --root sequences --also mine=boxes --out results"
    assert ("docs/your-results.md", line) in COMMANDS
    assert main(shlex.split(line)) == 0
    scores = json.loads((desk / "results" / "report.json").read_text())["models"]["mine"]
    scored = score_one_pass(names["mine"].round(2), names["truth"], names["is_shown"], dialect("pytracking"))
    assert scores["auc"] == pytest.approx(scored.percentages()["auc"], abs=0.1)
