"""The report on a detector: its files, and a page that needs nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError, Instances
from saccade.data.detection.annotations import AnnotatedImage
from saccade.evaluation.detection import judge
from saccade.evaluation.detection.report import PLOTS, Judged, class_table, scores_table, write_report
from saccade.evaluation.pictures.report import varied
from tests.browser import Browser, find_browser
from tests.unit.evaluation.detection.pictures import dataset, found

A, B, C = (0, 0, 40, 40), (60, 0, 100, 40), (0, 60, 30, 75)
PICTURES = [[(0, A), (1, B)], [(0, A), (0, C)], []]
ANSWERS = [found((0, A, 0.9), (0, B, 0.8)), found((0, A, 0.7)), found((1, C, 0.75))]


def read(image: AnnotatedImage) -> np.ndarray:
    return np.full((90, 120, 3), 40 * image.id, np.uint8)


def judged(
    pictures: list, answers: list[Instances], classes: tuple[str, ...] = ("cat", "dög</script>")
) -> Judged:
    data = dataset(pictures, classes, split="test")
    return Judged(
        dataset=data, model="toy", scores=judge(data, answers), seconds=np.full(len(pictures), 0.02)
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report."""
    out = tmp_path_factory.mktemp("report")
    write_report(judged(PICTURES, ANSWERS), out, read)
    return out


def test_all_files(written: Path) -> None:
    names = {file.name for file in (written / "plots").iterdir()}
    assert names == {f"{name}.{ending}" for name in PLOTS for ending in ("png", "svg")} | {
        "false_alarms.png",
        "misses.png",
    }
    report = json.loads((written / "report.json").read_text())
    assert (report["dataset"], report["model"], report["milliseconds"]) == ("voc-test", "toy", 20.0)
    assert list(report["classes"]) == ["cat", "dög</script>"]
    text = (written / "report.md").read_text()
    assert "# toy on voc-test" in text and "faster-coco-eval" in text and "found twice" in text
    page = (written / "report.html").read_text()
    # nothing is fetched: no address but that of SVG's own namespace, which names it
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_sheets_show_the_mistakes(written: Path) -> None:
    sheet = np.asarray(Image.open(written / "plots" / "false_alarms.png")).astype(int)
    red = (sheet[..., 0] > 200) & (sheet[..., 1] < 120)
    assert red.sum() > 500
    # two pictures with wrong detections, of two shades
    assert {(40 * n,) * 3 for n in (0, 2)} <= {tuple(color) for color in sheet.reshape(-1, 3).tolist()}


def test_what_an_earlier_report_left_is_taken_away(tmp_path: Path) -> None:
    write_report(judged(PICTURES, ANSWERS), tmp_path, read)
    write_report(judged([[], []], [found(), found()]), tmp_path, read)
    assert list((tmp_path / "plots").iterdir()) == []
    page = (tmp_path / "report.html").read_text()
    assert "image/jpeg" not in page
    assert json.loads((tmp_path / "report.json").read_text())["map"] is None


def test_without_its_pictures_the_report_says_so(tmp_path: Path) -> None:
    def gone(image: AnnotatedImage) -> np.ndarray:
        raise DatasetError(f"{image.file}: no such file")

    report = write_report(judged(PICTURES, ANSWERS), tmp_path, gone)
    assert "without pictures of mistakes: picture-0.png: no such file" in report["notes"]
    assert not (tmp_path / "plots" / "misses.png").exists()


def test_what_has_no_meaning_is_a_dash() -> None:
    nothing = judged([[]], [found()])
    assert scores_table(nothing).rows[0][1:-1] == ("–",) * 9
    assert class_table(nothing).rows[0] == ("cat", *("–",) * 7, "0", "0")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium: apt-get install chromium, or name one with SACCADE_TEST_BROWSER")
    with Browser(binary) as page:
        yield page


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_shows_everything_and_fits_its_window(written: Path, browser: Browser, width: int) -> None:
    browser.complaints.clear()
    browser.show(written / "report.html", width)
    assert browser.run("document.documentElement.scrollWidth") == width
    assert browser.run("document.querySelectorAll('#charts figure > svg').length") == 3
    # all classes and both of them; precision, recall, F1
    assert browser.run("document.querySelectorAll('#charts path.curve').length") == 6
    assert browser.run("document.querySelectorAll('#charts rect.bar').length") == 10
    assert browser.run("document.querySelectorAll('#tables table').length") == 5
    assert browser.run("document.querySelectorAll('.sheets img').length") == 2
    browser.run("document.querySelectorAll('#legend input')[2].click()")
    assert browser.run("document.querySelectorAll('#charts path.curve').length") == 5
    browser.run("document.querySelector('#charts svg').focus()")
    browser.press("ArrowRight")
    assert browser.run("document.querySelector('#charts .readout').innerText").startswith("0.5\ncat")
    names = "[...document.querySelectorAll('#tables table')][0].querySelectorAll('tbody th')"
    assert browser.run(f"[...{names}].map((cell) => cell.textContent)") == ["cat", "dög</script>"]
    assert browser.complaints == []


def test_the_page_of_nothing(tmp_path: Path, browser: Browser) -> None:
    write_report(judged([[]], [found()]), tmp_path, read)
    browser.complaints.clear()
    browser.show(tmp_path / "report.html", 800)
    assert "Nothing was found" in browser.run("document.getElementById('scores-note').textContent")
    assert browser.complaints == []


def test_more_classes_than_fit(tmp_path: Path) -> None:
    classes = tuple(f"class {number}" for number in range(40))
    pictures = [[(label, A)] for label in range(40)]
    answers = [found((label, A, 0.5)) for label in range(40)]
    report = write_report(judged(pictures, answers, classes), tmp_path, read)
    assert report["map"] == 1.0
    with Image.open(tmp_path / "plots" / "confusion.png") as picture:
        assert max(picture.size) < 4000


def test_one_picture_does_not_fill_a_sheet() -> None:
    assert varied([7] * 30, 24) == list(range(24))
    assert varied([7] * 30 + [8] * 21, 24) == [*range(12), *range(30, 42)]
