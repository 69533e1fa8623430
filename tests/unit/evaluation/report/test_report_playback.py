"""What the page plays: frames thinned, pictures that fit their budget, answers where they belong."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.data import Dataset, open_dataset
from saccade.evaluation import Board, board_of
from saccade.evaluation.protocols import ONE_PASS
from saccade.evaluation.report.parts import Performance
from saccade.evaluation.report.playback import (
    A_STRIP,
    BUDGET,
    FEWEST,
    FRAMES,
    MOST,
    POINTS,
    Limits,
    Playback,
    record,
)
from tests.unit.evaluation.conftest import follows
from tests.unit.evaluation.report.conftest import evaluate, stays


def playback_of(board: Board, number: int = 0) -> Playback:
    found = board.sequences[number].playback
    assert found is not None
    return found


def test_boxes_and_overlaps_of_every_frame(board: Callable[..., Board]) -> None:
    found = playback_of(board({"perfect": follows, "stays": stays}))
    assert (found.frames, found.size_wh) == ([0, 1, 2, 3], (64, 48))
    assert found.truth == [[[10.0 + 2 * i, 12.0, 16.0, 16.0]] for i in range(4)]
    assert found.models["perfect"] == found.truth
    assert found.models["stays"] == [[[10.0, 12.0, 16.0, 16.0]]] * 4
    assert found.at == [0, 1, 2, 3]
    np.testing.assert_allclose(found.scores["stays"], [1, 14 / 18, 12 / 20, 10 / 22])


def test_pictures_are_those_of_the_frames(board: Callable[..., Board]) -> None:
    found = playback_of(board({"stays": stays}))
    (strip,) = (cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in found.strips)
    width, height = found.cell_wh
    assert strip.shape == (4 * height, width, 3)
    x = width / 64
    for index in range(4):
        row = strip[height * index + height // 2]
        # the target is blue, the first of the channels, and its left side moves 2 pixels a frame
        (inside,) = np.nonzero(row[:, 0] > 120)
        assert inside[0] == pytest.approx(x * (10 + 2 * index), abs=x)


@pytest.mark.parametrize(("wish", "shown", "strips"), [(2, 2, 1), (None, 30, 3), (0, 30, 0), (99, 30, 3)])
def test_long_sequences_are_thinned(tmp_path: Path, wish: int | None, shown: int, strips: int) -> None:
    dataset = long_dataset(tmp_path, 30)
    results = evaluate({"stays": stays}, dataset, tmp_path / "out")
    found = playback_of(board_of(dataset, results, dialect="pytracking", frames=wish))
    assert (len(found.frames), len(found.strips)) == (shown, strips)
    assert (found.frames[0], found.frames[-1]) == (0, 29)
    assert len(found.truth) == len(found.models["stays"]) == shown


def test_scores_over_time_are_means_of_neighbours(tmp_path: Path) -> None:
    dataset = long_dataset(tmp_path, 2 * POINTS + 1)
    results = evaluate({"stays": stays}, dataset, tmp_path / "out")
    found = playback_of(board_of(dataset, results, dialect="pytracking", frames=0))
    # three frames a point
    assert len(found.at) == len(found.scores["stays"]) == (2 * POINTS + 3) // 3
    assert found.at[:2] == [1, 4]
    assert found.scores["stays"][0] == pytest.approx((1 + 15 / 17 + 14 / 18) / 3)


def test_limits_keep_a_report_of_any_size_small() -> None:
    for sequences in (1, 9, 100, 280, 2000):
        limits = Limits.of(None, sequences)
        assert FEWEST <= limits.frames <= FRAMES
        assert sequences * limits.num_bytes <= BUDGET or limits.num_bytes == MOST
    assert Limits.of(None, 9).frames == FRAMES
    assert Limits.of(12, 9).frames == 12
    assert Limits.of(0, 9).num_bytes == 0


@pytest.mark.parametrize("size", [(1920, 1080), (240, 320), (16, 16), (4000, 100)])
def test_pictures_are_of_whole_blocks_and_of_the_shape_of_the_frame(size: tuple[int, int]) -> None:
    width, height = Limits.of(None, 100).cell_wh(size, 40)
    assert width % 16 == height % 16 == 0
    assert min(width, height) >= 16
    assert max(width, height) <= 480


def test_quality_falls_until_pictures_fit(tmp_path: Path) -> None:
    """Noise takes many times the bytes of what cameras see."""
    sizes = {}
    for noise in (False, True):
        dataset = long_dataset(tmp_path / str(noise), A_STRIP + 1, size_wh=(320, 192), noise=noise)
        results = evaluate({"stays": stays}, dataset, tmp_path / str(noise) / "out")
        performance = Performance(results.of("stays"), tuple(ONE_PASS.jobs(dataset.sequences[0])))
        for num_bytes in (MOST, MOST // 4):
            found = record({"stays": performance}, "boxes", Limits(A_STRIP + 1, num_bytes))
            assert found.cell_wh == (320, 192)
            sizes[noise, num_bytes] = sum(map(len, found.strips))
    assert sizes[True, MOST // 4] < MOST // 4 < sizes[True, MOST] < MOST
    assert sizes[False, MOST] == sizes[False, MOST // 4]


def long_dataset(
    tmp_path: Path, frames: int, size_wh: tuple[int, int] = (64, 48), *, noise: bool = False
) -> Dataset:
    """One sequence, whose target moves a pixel a frame."""
    folder = tmp_path / "sequences" / "long"
    (folder / "img").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(frames):
        shape = (size_wh[1], size_wh[0], 3)
        image = rng.integers(0, 256, shape, dtype=np.uint8) if noise else np.full(shape, 90, dtype=np.uint8)
        cv2.imwrite(str(folder / "img" / f"{index:04d}.jpg"), image)
    boxes = "".join(f"{10 + index},12,16,16\n" for index in range(frames))
    (folder / "groundtruth_rect.txt").write_text(boxes)
    return open_dataset("folder", tmp_path / "sequences")
