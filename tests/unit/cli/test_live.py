"""`saccade live` before anybody comes: what it refuses."""

import socket
import sys
from pathlib import Path

import pytest

from saccade.cli import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--allow", "nowhere"], "--allow nowhere: no such folder"),
        (["nothing.mp4"], "no such file"),
        (["--tracker", "ecoo"], "did you mean 'eco'"),
        (["--tracker", "lwl", "--weights", "none"], "the page draws boxes"),
        (["--port", "70000"], "65535"),
    ],
)
def test_mistakes_are_said_at_once(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["live", "--no-browser", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["live", "--no-browser", "--tracker", "still", "--port", port]) == 2
    assert "choose another port" in " ".join(capsys.readouterr().err.split())


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert main(["live"]) == 2
    assert "pip install 'saccade[live]'" in " ".join(capsys.readouterr().err.split())


def test_an_address_of_every_address_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("uvicorn.Server.run", stopped)
    words = ["live", "--no-browser", "--tracker", "still", "--port", "0"]
    assert main([*words, "--host", "0.0.0.0"]) == 0
    said = capsys.readouterr()
    assert "http://0.0.0.0:" in said.out and "?token=" in said.out
    assert "0.0.0.0 stands for all addresses of this machine" in " ".join(said.err.split())
    assert main(words) == 0
    assert capsys.readouterr().err == ""
