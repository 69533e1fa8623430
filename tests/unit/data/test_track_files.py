"""MOTChallenge files: ground truth, detections and results, and lines that cannot be."""

from pathlib import Path

import numpy as np
import pytest

from saccade.core import DatasetError
from saccade.data import Presence, open_dataset
from saccade.data.formats.tracks import read_tracks


def written(tmp_path: Path, content: str) -> Path:
    file = tmp_path / "gt.txt"
    file.write_text(content)
    return file


def test_rows_are_sorted_and_counted_from_zero(tmp_path: Path) -> None:
    tracks = read_tracks(written(tmp_path, "3,1,1,2,3,4\n1,9,5,6,7,8\n1,2,1,1,1,1\n"), 5)
    assert tracks.frames.tolist() == [0, 0, 2]
    assert tracks.ids.tolist() == [2, 9, 1]
    assert tracks.boxes[1].tolist() == [5, 6, 7, 8]
    assert len(tracks) == 5
    assert tracks.ids[tracks.at(0)].tolist() == [2, 9]
    assert tracks.ids[tracks.at(1)].tolist() == []
    assert list(tracks.starts.items()) == [(2, 0), (9, 0), (1, 2)]


@pytest.mark.parametrize(
    ("row", "confidence", "category", "visibility"),
    [
        pytest.param("1,1,1,2,3,4", 1, -1, np.nan, id="boxes alone"),
        pytest.param("1,1,1,2,3,4,0.5", 0.5, -1, np.nan, id="with confidence"),
        pytest.param("1,1,1,2,3,4,0,7,0.25", 0, 7, 0.25, id="MOT16"),
        pytest.param("1,1,1,2,3,4,1,1", 1, 1, np.nan, id="no visibility"),
        pytest.param("1,1,1,2,3,4,1,8.5,3.5,0", 1, -1, np.nan, id="MOT15, in the world"),
        pytest.param("1,-1,1,2,3,4,0.9,-1,-1,-1", 0.9, -1, np.nan, id="detection"),
    ],
)
def test_columns(tmp_path: Path, row: str, confidence: float, category: int, visibility: float) -> None:
    tracks = read_tracks(written(tmp_path, row + "\n"))
    assert tracks.confidence.tolist() == [confidence]
    assert tracks.categories.tolist() == [category]
    np.testing.assert_array_equal(tracks.visibility, [visibility])
    assert len(tracks) == 1


def test_an_empty_file_has_no_tracks(tmp_path: Path) -> None:
    tracks = read_tracks(written(tmp_path, ""), 3)
    assert (len(tracks), len(tracks.ids), dict(tracks.starts)) == (3, 0, {})


def test_a_part_begins_at_zero_again(tmp_path: Path) -> None:
    part = read_tracks(written(tmp_path, "1,1,1,2,3,4\n3,1,1,2,3,4\n4,2,1,2,3,4\n")).cut(2, 4)
    assert (len(part), part.frames.tolist(), part.ids.tolist()) == (2, [0, 1], [1, 2])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("1,1,1,2,3\n", "line 1: got 5 numbers; expected at least 6", id="too few numbers"),
        pytest.param("1,1,1,2,3,4\n1,2,1,2,3,4,1\n", "line 2: got 7 numbers", id="ragged"),
        pytest.param("1;1;1;2;3;4\n", "line 1: .* is not all numbers", id="semicolons"),
        pytest.param("0,1,1,2,3,4\n", "line 1: frame and id must be whole", id="frame 0"),
        pytest.param("1,1,1,2,3,4\n1,2.5,1,2,3,4\n", "line 2: frame and id must be whole", id="half an id"),
        pytest.param("1,1e30,1,2,3,4\n", "line 1: frame and id must be whole", id="an id beyond counting"),
        pytest.param("1,1,1,2,3,4\n1,-2,1,2,3,4\n", "line 2: .* ids from 0, or -1", id="a negative id"),
        pytest.param("1e30,1,1,2,3,4\n", "line 1: frame and id must be", id="a frame beyond counting"),
        pytest.param("nan,1,1,2,3,4\n", "line 1: frame and id must be", id="frame NaN"),
        pytest.param("1,1,1,2,3,4,nan\n", "line 1: the confidence is NaN", id="confidence NaN"),
        pytest.param("1,1,1,2,3,4,1,nan,1\n", "line 1: the class must be", id="class NaN"),
        pytest.param(
            "1,1,1,2,3,4\n4,1,1,2,3,4\n", "line 2: the video has only 3 frames", id="beyond the end"
        ),
        pytest.param("1,1,1,2,-3,4\n", "line 1: the box has negative width", id="negative width"),
        pytest.param("1,1,1,NaN,3,4\n", "line 1: the box has negative width or height, or NaN", id="NaN"),
        pytest.param("2,1,1,2,3,4\n1,1,1,2,3,4\n2,1,9,9,3,4\n", "line 3: the id occurs twice", id="twice"),
    ],
)
def test_names_file_line_and_remedy(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DatasetError, match=rf"gt.txt, {message}.*"):
        read_tracks(written(tmp_path, content), 3)


def test_detections_of_one_frame_share_an_id(tmp_path: Path) -> None:
    assert len(read_tracks(written(tmp_path, "1,-1,1,2,3,4,1\n1,-1,5,2,3,4,1\n")).ids) == 2


def test_reads_the_real_sequence(shared_data: Path) -> None:
    (sequence,) = open_dataset("folder", shared_data / "mot" / "TUD-Campus").sequences
    assert (sequence.name, len(sequence), len(sequence.starts)) == ("TUD-Campus", 71, 8)
    assert sequence[70].size_wh == (640, 480)
    truth = sequence.objects[8]
    assert truth.start == 46
    assert truth.presence[45] == Presence.ABSENT


def test_reads_the_real_truth_of_mot17(shared_data: Path) -> None:
    tracks = read_tracks(shared_data / "mot" / "MOT17-09-SDP" / "gt" / "gt.txt", 525)
    walking = tracks.counts & (tracks.categories == 1)
    assert len(np.unique(tracks.ids[walking])) == 26
    assert walking.sum() == 5325
