"""`saccade eval` refuses what cannot be evaluated before it writes anything, and names what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from saccade.cli import main
from saccade.ops.masks import write_palette_png
from tests.unit.data.test_label_pictures import davis


def write_boxes(folder: Path, names: tuple[str, ...]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}.txt").write_text("1,2,3,4\n" * 3)
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four frames, and masks of 0 and 255, of which only the first is read to know that they are such."""
    return davis(tmp_path / "videos", dict.fromkeys(range(4), (255,)))


@pytest.mark.parametrize("size_wh", [(10, 5), None])
def test_a_truth_that_does_not_fit_its_frame_is_named_before_anything_runs(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], size_wh: tuple[int, int] | None
) -> None:
    (theirs,) = (root / "Annotations").iterdir()
    results = tmp_path / "theirs" / theirs.name
    results.mkdir(parents=True)
    for file in theirs.iterdir():
        (results / file.name).write_bytes(file.read_bytes())
    wrong = theirs / "00002.png"
    if size_wh is None:
        wrong.write_bytes(b"no picture")
    else:
        write_palette_png(wrong, np.ones(size_wh[::-1], dtype=np.uint8))
    words = ["eval", "--dataset", "folder", "--root", str(root), "--out", str(tmp_path / "out")]
    assert main([*words, "--also", f"them={results.parent}"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"saccade: {wrong}: ")
    assert "delete" not in said
    assert not (tmp_path / "out").exists()


def test_results_of_others_are_looked_at_before_anything_is_written(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, theirs = tmp_path / "out", write_boxes(tmp_path / "theirs", ("nobody",))
    words = ["eval", "still", "--dataset", "folder", "--root", str(root), "--out", str(out)]
    assert main([*words, "--protocol", "one-pass", "--also", f"them={theirs}"]) == 2
    assert "no result of" in capsys.readouterr().err
    assert not out.exists()
