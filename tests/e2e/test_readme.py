"""What the pages say is true: examples run, commands work, links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.conftest import NUM_FRAMES

REPOSITORY = Path(__file__).resolve().parents[2]
README = (REPOSITORY / "README.md").read_text()
PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted(REPOSITORY.glob("docs/**/*.md")),
    *sorted(REPOSITORY.glob("src/saccade/*/*/README.md")),
]


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.S)


EXAMPLES = [
    *blocks("python"),
    *(
        example
        for name in ("detection.md", "evaluation.md", "following.md", "pose.md", "segmentation.md")
        for example in blocks("python", (REPOSITORY / "docs" / name).read_text())
    ),
]
# a window, a camera and a stream are tested where there can be one
COMMANDS = [
    commands
    for block in blocks("sh")
    if (
        commands := [
            line for line in block.splitlines() if line.startswith("saccade ") and "--show" not in line
        ]
    )
]


def test_the_readme_is_short():
    assert len(README.splitlines()) < 120


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_python_examples_run(number, desk, capsys):
    exec(compile(EXAMPLES[number], f"example {number + 1}", "exec"), {})


def test_the_first_example_prints_a_line_a_frame(desk, capsys):
    exec(compile(blocks("python")[0], "README, first example", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == NUM_FRAMES
    assert lines[-1].startswith(f"{NUM_FRAMES - 1} ")


@pytest.mark.parametrize("commands", COMMANDS, ids=lambda commands: commands[0])
def test_commands_work(commands, desk, capsys):
    from saccade.cli import main

    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err


def test_a_run_leaves_the_files_of_the_table(desk, capsys):
    from saccade.cli import main

    page = (REPOSITORY / "docs" / "tracking.md").read_text()
    table = re.search(r"## What is left behind\n\n(.*?)\n\n", page, re.S)
    assert table is not None
    files = re.findall(r"^\| `(.*?)`", table[1], re.M)
    assert main(shlex.split(COMMANDS[0][0])[1:]) == 0
    assert {path.name for path in (desk / "out").iterdir()} == set(files)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert target.startswith("https://") or (page.parent / target).exists(), target


def test_the_map_shows_the_house():
    page = (REPOSITORY / "docs" / "map.md").read_text()
    drawn = re.search(r"    src/saccade/\n(.*?)\n\n", page, re.S)
    assert drawn is not None
    floors = {line.split()[0].rstrip("/") for line in drawn[1].splitlines()}
    package = REPOSITORY / "src" / "saccade"
    there = {path.name for path in package.iterdir() if (path / "__init__.py").exists()}
    assert floors == there


def test_the_table_shows_every_model():
    from saccade.zoo import CATALOG

    table = re.search(r"## What is inside\n\n(.*?)\n\n", README, re.S)
    assert table is not None
    names = [name for row in re.findall(r"^\| (`.*?) \|", table[1], re.M) for name in row.split()]
    assert [name.strip("`") for name in names] == list(CATALOG)


@pytest.mark.parametrize("page", PAGES[:2], ids=lambda page: page.name)
def test_make_knows_what_the_pages_name(page):
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.M))
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", page.read_text(), re.M))
    assert {a or b for a, b in named} <= targets
