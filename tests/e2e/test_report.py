"""`saccade report` from the command line, and its page in a browser."""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.cli import main
from tests.browser import Browser, find_browser


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two trackers on three sequences: `still`, and one that knows the truth."""
    folder = tmp_path_factory.mktemp("report")
    root, theirs = folder / "sequences", folder / "theirs"
    theirs.mkdir()
    for name, speed in (("fast", 4), ("slow", 1), ("slower", 0)):
        (root / name / "img").mkdir(parents=True)
        for index in range(8):
            image = np.full((80, 120, 3), 40, dtype=np.uint8)
            image[30:50, 20 + speed * index : 40 + speed * index] = 220
            cv2.imwrite(str(root / name / "img" / f"{index + 1:04d}.jpg"), image)
        rows = "".join(f"{20 + speed * index},30,20,20\n" for index in range(8))
        (root / name / "groundtruth_rect.txt").write_text(rows)
        (theirs / f"{name}.txt").write_text(rows)
        (theirs / f"{name}_time.txt").write_text("0.01\n" * 8)
    out = folder / "out"
    words = ["eval", "still", "--dataset", "folder", "--root", str(root), "--out", str(out)]
    assert main([*words, "--also", f"oracle={theirs}"]) == 0
    return out


def test_eval_ends_with_the_whole_report(evaluated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {file: file.read_bytes() for file in written(evaluated)}
    assert {"report.html", "report.md", "report.json"} <= {file.name for file in before}
    for file in before:
        file.unlink()
    assert main(["report", str(evaluated)]) == 0
    said = capsys.readouterr()
    assert "oracle" in said.out and "report.html" in said.out
    after = {file: file.read_bytes() for file in written(evaluated)}
    assert before.keys() == after.keys()
    assert [file.name for file in before if before[file] != after[file]] == []


def written(out: Path) -> list[Path]:
    return [
        file for file in out.rglob("*") if file.is_file() and "results" not in file.relative_to(out).parts
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--protocol", "otbb"], "no protocol 'otbb'; did you mean 'otb'?"),
        (["--protocol", "tre"], "no results of protocol tre in it; there are those of protocol one-pass"),
        (["--dataset", "foldr"], "no results on foldr in it; did you mean 'folder'?"),
        (
            ["--dataset", "folder", "--protocol", "sre"],
            "no results on folder of protocol sre in it; there are those",
        ),
        (["--root", "nowhere"], "nowhere: no such folder"),
        (["--frames", "few"], "--frames few: expected a number of frames, e.g. --frames 30, or none"),
        (["--frames", "0"], "--frames 0: expected a number of frames"),
    ],
)
def test_mistakes_end_with_2_and_one_line(
    evaluated: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    assert main(["report", str(evaluated), *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert (said.out, len(said.err.splitlines())) == ("", 1)


def test_a_folder_without_results_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "no results in it; saccade eval makes them" in capsys.readouterr().err


def test_dialects_and_frames_are_chosen(evaluated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(evaluated), "--protocol", "trackingnet", "--frames", "none", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["protocol"] == "trackingnet"
    assert report["models"]["oracle"]["auc"] == pytest.approx(100)
    assert "data:image/jpeg" not in (evaluated / "report.html").read_text()
    assert main(["report", str(evaluated), "--frames", "3", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["protocol"] == "pytracking"
    assert "data:image/jpeg" in (evaluated / "report.html").read_text()


def test_each_data_set_of_a_folder_gets_its_report(
    evaluated: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "results").symlink_to(evaluated / "results")
    assert main(["report", str(tmp_path), "--frames", "none", "--json"]) == 0
    assert list(json.loads(capsys.readouterr().out)) == ["a", "b"]
    assert (tmp_path / "a" / "report.html").is_file() and (tmp_path / "b" / "report.html").is_file()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one with SACCADE_TEST_BROWSER")
    with Browser(binary) as page:
        yield page


@pytest.fixture
def page(evaluated: Path, browser: Browser) -> Iterator[Browser]:
    """The report, opened from its file."""
    browser.complaints.clear()
    browser.show(evaluated / "report.html", 1280)
    yield browser
    assert browser.complaints == []


def test_the_page_shows_everything_without_a_word_on_the_console(page: Browser) -> None:
    assert page.run(
        "[...document.querySelectorAll('#leaderboard tbody label')].map((l) => l.textContent)"
    ) == [
        "oracle",
        "still",
    ]
    assert page.run("document.querySelectorAll('#charts figure > svg').length") == 4
    assert page.run("document.querySelectorAll('#charts path.curve').length") == 6
    assert page.run("document.querySelectorAll('#by-sequence tbody tr').length") == 3
    assert page.run("document.querySelectorAll('#tables table').length") == 2


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_its_window(page: Browser, evaluated: Path, width: int, dark: bool) -> None:
    page.show(evaluated / "report.html", width, dark=dark)
    assert page.run("document.documentElement.scrollWidth") == width
    red, green, blue = page.run("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (max(red, green, blue) < 60) == dark


def test_sequences_are_sorted_and_filtered(page: Browser) -> None:
    names = "[...document.querySelectorAll('#by-sequence tbody button')].map((b) => b.textContent)"
    assert page.run(names) == ["fast", "slow", "slower"]
    # the column of `still`: the best first, then the worst first
    press = "document.querySelectorAll('#by-sequence thead button')[2].click()"
    page.run(press)
    assert page.run(names) == ["slower", "slow", "fast"]
    page.run(press)
    assert page.run(names) == ["fast", "slow", "slower"]
    page.run("document.querySelector('#filters input').focus()")
    page.write("SLOW")
    assert page.run(names) == ["slow", "slower"]
    assert page.run("document.querySelector('#filters output').textContent") == "2 of 3 sequences"


def test_one_sequence_is_called_so(evaluated: Path, tmp_path: Path, browser: Browser) -> None:
    (tmp_path / "slow").symlink_to(evaluated.parent / "sequences" / "slow")
    words = ["eval", "still", "--dataset", "folder", "--root", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    browser.show(tmp_path / "out" / "report.html", 1280)
    assert browser.run("document.querySelector('#filters output').textContent") == "1 sequence"
    assert browser.run("document.getElementById('facts').textContent").startswith(
        "1 model on 1 sequence with 8 f"
    )


def test_a_model_is_hidden_everywhere(page: Browser) -> None:
    page.run("document.querySelectorAll('#leaderboard input')[1].click()")
    assert page.run("document.querySelectorAll('#charts path.curve').length") == 3
    assert page.run("document.querySelectorAll('#by-sequence thead button').length") == 3
    assert page.run(
        "[...document.querySelectorAll('#player input[type=checkbox]')].map((i) => i.checked)"
    ) == [
        True,
        True,
        False,
    ]


PIXELS = """(() => {
  const screen = document.querySelector('.screen');
  const data = screen.getContext('2d').getImageData(0, 0, screen.width, screen.height).data;
  const near = (i, color) => [0, 1, 2].every((c) => Math.abs(data[i + c] - color[c]) < 12);
  const places = Array.from({ length: data.length / 4 }, (_, i) => 4 * i);
  const of = (color) => places.filter((i) => near(i, color)).length;
  const ink = (name) => JSON.parse(document.getElementById('report').textContent).models
    .find((m) => m.name === name).color.match(/[0-9A-F]{2}/gi).map((h) => parseInt(h, 16));
  return { oracle: of(ink('oracle')), still: of(ink('still')), target: of([220, 220, 220]) };
})()"""


def test_frames_are_played_with_everybodys_boxes_from_the_keyboard(page: Browser) -> None:
    page.run("document.querySelector('#by-sequence tbody button').focus()")
    page.press("Enter")
    assert page.run("document.querySelector('#player h3 span').textContent") == "fast"
    page.run("document.querySelector('.screen').focus()")
    for _ in range(7):
        page.press("ArrowRight")
    assert page.run("document.querySelector('.transport output').textContent") == "frame 7"
    seen = page.run(PIXELS)
    # the picture itself, and both boxes, which lie apart by now
    assert seen["target"] > 500
    assert seen["oracle"] > 100
    assert seen["still"] > 100
    assert page.run("[...document.querySelectorAll('.cast b')].map((b) => b.textContent)") == ["1.00", "0.00"]
    page.press(" ")
    assert page.run("document.querySelector('.transport .play').title") == "pause"
    page.press(" ")
    assert page.run("document.querySelector('.transport .play').title") == "play"


def test_values_are_read_off_curves_from_the_keyboard(page: Browser) -> None:
    page.run("document.querySelector('#charts svg').focus()")
    page.press("ArrowRight")
    page.press("ArrowRight")
    shown = page.run("document.querySelector('#charts .readout').innerText.split(/\\s+/)")
    assert shown[:3] == ["0.55", "oracle", "100.0"]
