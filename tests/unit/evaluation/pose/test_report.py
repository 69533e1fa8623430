"""The report on a pose model: its files, and a page that needs nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from saccade.core import DatasetError, Instances
from saccade.data.pose.people import PosedImage
from saccade.draw.poses import LEFT, RIGHT
from saccade.evaluation.pose import Matching, MeanPose, judge
from saccade.evaluation.pose.report import PLOTS, SHEETS, Judged, joint_table, scores_table, write_report
from saccade.evaluation.pose.report.sheets import stray_sheet
from saccade.evaluation.pose.summary import both_sides
from tests.browser import Browser, find_browser
from tests.unit.evaluation.pose.people import CROSS, POINTS, dataset, found, person, truths

A, B = person(50, 50), person(150, 60)
PICTURES = [[A, B], [A], []]
WRONG = A.keypoints[[0, 1, 3, 2]] + np.array([[0, 0], [30, 0], [0, 0], [0, 0]])
ANSWERS = [found((WRONG, 0.9)), truths([A]), found((POINTS + 40, 0.75))]


def read(image: PosedImage) -> np.ndarray:
    return np.full((120, 200, 3), 40 * image.id, np.uint8)


def judged(pictures: Any = PICTURES, answers: list[Instances] = ANSWERS, **more: Any) -> Judged:
    data = dataset(pictures, **({"split": "test"} | more))
    seconds = np.full(len(pictures), 0.02)
    return Judged.of(data, "toy</script>", judge(data, answers), MeanPose.from_dataset(data), seconds=seconds)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report."""
    out = tmp_path_factory.mktemp("report")
    write_report(judged(), out, read)
    return out


def test_all_files(written: Path) -> None:
    names = {file.name for file in (written / "plots").iterdir()}
    assert names == {f"{name}.{ending}" for name in PLOTS for ending in ("png", "svg")} | {
        f"{name}.png" for name in SHEETS
    }
    report = json.loads((written / "report.json").read_text())
    assert (report["dataset"], report["model"], report["milliseconds"]) == (
        "pose-folder-test",
        "toy</script>",
        20.0,
    )
    assert list(report["joints"]) == list(CROSS.points)
    assert report["both_sides"]["left / right"]["labelled"] == 6
    assert report["baseline"]["of"] == "pose-folder-test"
    text = (written / "report.md").read_text()
    assert "# toy</script> on pose-folder-test" in text and "mean pose" in text and "inverted" in text
    page = (written / "report.html").read_text()
    # nothing is fetched: no address but that of SVG's own namespace, which names it
    assert set(re.findall(r"https?://[^\s\"'<]+", page)) == {"http://www.w3.org/2000/svg"}
    assert not re.findall(r'(?:src|href)="(?!data:|#)', page)


def test_sheets_show_poses_beside_their_truth(written: Path) -> None:
    sheet = np.asarray(Image.open(written / "plots" / "worst_poses.png").convert("RGB")).astype(int)
    middle = sheet.shape[1] // 2
    orange = (np.abs(sheet - (255, 159, 28)).max(axis=2) < 30).nonzero()[1]
    # what is on the left in the truth is on the right in what was found
    assert (orange < middle).sum() > 50 and (orange > middle).sum() > 50
    red = (sheet[..., 0] > 200) & (sheet[..., 1] < 110) & (sheet[..., 2] < 110)
    assert red[:, middle:].sum() > 20 and not red[:, :middle].any()
    assert all((written / "plots" / f"{name}.png").is_file() for name in ("missed_people", "strays"))


@pytest.mark.parametrize(
    ("known", "is_drawn"),
    [
        pytest.param([1.0, 1.0, 1.0, 1.0], True, id="all are found"),
        pytest.param([1.0, 1.0, 0.0, 1.0], False, id="the left one is not"),
        pytest.param([0.0, 0.0, 0.0, 0.0], True, id="a program that gives no scores"),
    ],
)
def test_joints_that_were_not_found_are_not_drawn(known: list[float], is_drawn: bool) -> None:
    stray = replace(found((POINTS + 60, 0.75)), keypoint_scores=np.array([known]))
    sheet = stray_sheet(judged([[]], [stray]), read)
    assert sheet is not None
    assert (sheet == LEFT).all(axis=2).any() == is_drawn
    assert (sheet == RIGHT).all(axis=2).any()


def test_what_an_earlier_report_left_is_taken_away(written: Path, tmp_path: Path) -> None:
    (tmp_path / "plots").mkdir()
    for file in (written / "plots").iterdir():
        (tmp_path / "plots" / file.name).write_bytes(b"old")
    write_report(judged([[], []], [found(), found()]), tmp_path, read)
    assert list((tmp_path / "plots").iterdir()) == []
    assert "image/jpeg" not in (tmp_path / "report.html").read_text()
    assert json.loads((tmp_path / "report.json").read_text())["oks_ap"] is None


@pytest.mark.usefixtures("no_plots")
def test_without_its_pictures_the_report_says_so(tmp_path: Path) -> None:
    def gone(image: PosedImage) -> np.ndarray:
        raise DatasetError(f"{image.file}: no such file")

    report = write_report(judged(), tmp_path, gone)
    assert report["notes"] == ["without pictures of mistakes: picture-0.png: no such file"]
    assert not (tmp_path / "plots" / "worst_poses.png").exists()


@pytest.fixture
def no_plots(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take most of the time."""
    monkeypatch.setattr("saccade.evaluation.pose.report.plots.plots_of", lambda judged: ())


@pytest.mark.usefixtures("no_plots")
def test_where_people_were_given_nobody_is_a_stray(tmp_path: Path) -> None:
    data = dataset([[A, person(60, 60, hidden=range(4))]])
    mean = MeanPose.from_dataset(data)
    scores = judge(data, [found((WRONG, 0.9))], matching=Matching.GIVEN)
    write_report(Judged.of(data, "toy", scores, mean), tmp_path, read)
    assert [file.name for file in (tmp_path / "plots").iterdir()] == ["worst_poses.png"]


def test_what_has_no_meaning_is_a_dash() -> None:
    nothing = judged([[]], [found()])
    assert scores_table(nothing).rows[0][1:-2] == ("–",) * 9
    assert joint_table(nothing).rows[0] == ("middle", *("–",) * 6, "0")


def test_the_most_quoted_measure_comes_first() -> None:
    head = {name: scores_table(judged([[]], [found()], name=name)).head[1] for name in ("mpii", "lsp", "voc")}
    assert head == {"mpii": "PCKh@0.5", "lsp": "PCK@0.2", "voc": "OKS AP"}


def test_both_sides_of_a_body() -> None:
    from saccade.core import COCO_17

    kinds = both_sides(COCO_17)
    assert list(kinds)[:3] == ["nose", "eye", "ear"] and kinds["ankle"] == [15, 16]


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
    assert browser.run("document.querySelectorAll('#charts figure > svg').length") == 5
    # the model and the mean pose; precision at three similarities
    assert browser.run("document.querySelectorAll('#charts path.curve').length") == 5
    assert browser.run("document.querySelectorAll('#charts circle.dot').length") == 8
    assert browser.run("document.querySelectorAll('#tables table').length") == 4
    assert browser.run("document.querySelectorAll('.sheets img').length") == 3
    assert browser.run("document.querySelector('#leaderboard tbody tr').innerText").startswith("toy</script>")
    browser.run("document.querySelectorAll('#legend input')[1].click()")
    assert browser.run("document.querySelectorAll('#charts circle.dot').length") == 4
    # all that is hidden at first: each kind of joint
    browser.run("document.querySelectorAll('#legend input').forEach((box) => box.checked || box.click())")
    assert browser.run("document.querySelectorAll('#charts path.curve').length") == 8
    assert browser.complaints == []


@pytest.mark.usefixtures("no_plots")
def test_the_page_of_nothing(tmp_path: Path, browser: Browser) -> None:
    write_report(judged([[]], [found()], name="mpii"), tmp_path, read)
    browser.complaints.clear()
    browser.show(tmp_path / "report.html", 800)
    assert "none" in browser.run("document.querySelector('.sheets').innerText")
    assert browser.complaints == []
