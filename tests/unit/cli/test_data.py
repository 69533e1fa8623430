"""`saccade data`: tables for people, JSON for machines, exit codes for scripts."""

import json
from pathlib import Path

import pytest

from saccade.cli import main
from saccade.data import DATASETS
from tests.unit.data import layouts
from tests.unit.data.layouts import Layout


@pytest.fixture
def dancetrack(tmp_path: Path) -> Layout:
    """DanceTrack's validation set, whole."""
    layout = Layout(tmp_path / "root")
    layouts.dancetrack(layout)
    return layout


def test_list_names_every_data_set_and_its_splits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    shown = capsys.readouterr().out
    for name in DATASETS:
        assert name in shown
    assert main(["data", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(listed) == set(DATASETS)
    assert listed["lasot"]["splits"]["test"] == 280
    assert listed["mose"]["truth"] == "masks"


def test_a_whole_data_set_is_said_to_be_so(dancetrack: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "dancetrack", str(dancetrack.root)]) == 0
    shown = capsys.readouterr().out
    assert "25 of 25 sequences" in shown
    assert main(["data", "check", "dancetrack", str(dancetrack.root), "--split", "val", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "dataset": "dancetrack",
        "split": "val",
        "root": str(dancetrack.root),
        "expected": 25,
        "sequences": 25,
        "frames": 100,
        "objects": 50,
        "faults": [],
    }


def test_faults_are_shown_and_the_exit_code_says_so(
    dancetrack: Layout, capsys: pytest.CaptureFixture[str]
) -> None:
    (dancetrack.root / "val" / "dancetrack0005" / "gt" / "gt.txt").write_text("1;1;1;2;3;4\n")
    assert main(["data", "check", "dancetrack", str(dancetrack.root), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert [(fault["sequence"], fault["kind"]) for fault in report["faults"]] == [("dancetrack0005", "truth")]
    assert "gt.txt, line 1" in report["faults"][0]["message"]
    assert report["sequences"] == 24
    assert main(["data", "check", "dancetrack", str(dancetrack.root)]) == 2
    shown = capsys.readouterr().out
    assert "dancetrack0005" in shown
    assert "24 of 25 sequences" in shown


def test_only_the_first_of_many_faults_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", "otb100", str(tmp_path)]) == 2
    assert "… and 70 more; --json shows all" in capsys.readouterr().out
    assert main(["data", "check", "otb100", str(tmp_path), "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 100


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lassot", "."], "no data set 'lassot'; did you mean 'lasot'"),
        (["lasot", "nowhere"], "nowhere: no such folder; expected ROOT/<class>"),
        (["lasot", ".", "--split", "tests"], "has no split 'tests'; did you mean 'test'"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "check", *words]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert len(output.err.splitlines()) == 1
