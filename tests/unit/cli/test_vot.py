"""`saccade vot`: descriptions for the toolkit."""

import configparser
import json
import shlex
import sys
from pathlib import Path

import pytest

from saccade.cli import main


def read(folder: Path) -> dict[str, dict[str, str]]:
    """What the toolkit reads."""
    parser = configparser.ConfigParser()
    parser.read(folder / "trackers.ini")
    return {name: dict(parser[name]) for name in parser.sections()}


def test_each_model_is_described_in_process_and_over_trax(tmp_path, capsys):
    assert main(["vot", "init", str(tmp_path / "work"), "eco", "still"]) == 0
    sections = read(tmp_path / "work")
    assert list(sections) == ["eco", "eco_trax", "still", "still_trax"]
    assert sections["eco"] == {
        "label": "eco",
        "protocol": "python",
        "command": "saccade.adapters.vot:load_tracker",
        "convert": "rectangle",
        "timeout": "300",
        "arg_model": "eco",
    }
    assert sections["eco_trax"]["protocol"] == "trax"
    assert shlex.split(sections["eco_trax"]["command"]) == [
        sys.executable, "-m", "saccade", "vot", "serve", "eco",
    ]  # fmt: skip
    said = " ".join(capsys.readouterr().out.split())
    for step in ("vot initialize vots2023", "vot evaluate --workspace", "vot pack"):
        assert step in said


def test_the_options_arrive(tmp_path, capsys):
    command = [
        "vot",
        "init",
        str(tmp_path),
        "still",
        "--as",
        "mine",
        "--set",
        "confidence=0.5",
        "--seed",
        "4",
    ]
    assert main([*command, "--precision", "float32", "--device", "cpu", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said == {"file": str(tmp_path / "trackers.ini"), "trackers": read(tmp_path)}
    mine, over_trax = said["trackers"]["mine"], said["trackers"]["mine_trax"]
    assert {key: value for key, value in mine.items() if key.startswith("arg_")} == {
        "arg_model": "still",
        "arg_device": "cpu",
        "arg_precision": "float32",
        "arg_seed": "4",
        "arg_settings": "confidence=0.5",
    }
    assert shlex.split(over_trax["command"])[5:] == [
        "still", "--device", "cpu", "--precision", "float32", "--seed", "4", "--set", "confidence=0.5",
    ]  # fmt: skip


def test_what_else_stands_there_stays(tmp_path):
    file = tmp_path / "trackers.ini"
    file.write_text("# by hand\n[other]\ncommand = other\nlabel = 100%%\n")
    assert main(["vot", "init", str(tmp_path), "still"]) == 0
    written = file.read_text()
    assert written.startswith("# by hand\n[other]\ncommand = other\nlabel = 100%%\n\n[still]\n")
    assert main(["vot", "init", str(tmp_path), "still"]) == 0
    assert file.read_text() == written


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["nonsense"], "no model 'nonsense'"),
        (["eco", "still", "--as", "mine"], "--as belong to one model"),
        (["still", "--as", "my tracker"], "letters, digits, - and _ only"),
        (["still", "--set", "confidenc=1"], "did you mean 'confidence'"),
        (["other"], "no model 'other'"),
        (["still", "--seed", "-1"], "--seed -1: the toolkit takes 0 or more"),
    ],
)
def test_mistakes_are_answered(tmp_path, capsys, command, message):
    assert main(["vot", "init", str(tmp_path), *command]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "trackers.ini").exists()


def test_another_description_of_that_name_is_kept(tmp_path, capsys):
    assert main(["vot", "init", str(tmp_path), "still"]) == 0
    before = (tmp_path / "trackers.ini").read_text()
    assert main(["vot", "init", str(tmp_path), "still", "--seed", "1"]) == 2
    assert "[still] stands there already and says something else" in capsys.readouterr().err
    assert (tmp_path / "trackers.ini").read_text() == before


@pytest.mark.parametrize(
    "content", [b"command = mine\n", b"[mine]\nlabel = \xff\n", b"[still]\nlabel = 100%\n"]
)
def test_a_file_that_is_no_description_is_kept(tmp_path, capsys, content):
    (tmp_path / "trackers.ini").write_bytes(content)
    assert main(["vot", "init", str(tmp_path), "still"]) == 2
    assert "trackers.ini" in capsys.readouterr().err
    assert (tmp_path / "trackers.ini").read_bytes() == content


def test_a_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["vot", "init", str(tmp_path / "file"), "still"]) == 1
    said = capsys.readouterr().err
    assert "cannot be written" in said and "choose another folder, a file is in the way" in said
    assert "--out" not in said


def test_served_over_trax(monkeypatch):
    served = []
    monkeypatch.setattr("saccade.adapters.vot.serve", lambda model, **how: served.append((model.name, how)))
    assert main(["vot", "serve", "still", "--seed", "2"]) == 0
    assert served == [("still", {"seed": 2, "regions": "rectangle"})]


def test_help_shows_examples(capsys):
    for words in (["vot"], ["vot", "init"], ["vot", "serve"], ["submit"], ["play"]):
        assert main([*words, "--help"]) == 0
        assert "Example: saccade" in capsys.readouterr().out
