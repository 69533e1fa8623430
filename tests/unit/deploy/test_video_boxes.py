"""Tables of targets in several videos: what they say, and what is wrong with them."""

from pathlib import Path

import pytest

from saccade.core import SourceError, TargetError
from saccade.deploy.video_boxes import VideoBoxes, read_video_boxes

A, B = Path("/clips/one/a.mp4"), Path("/clips/two/a.mp4")


def test_each_video_has_its_targets_and_the_frame_they_are_meant_in(tmp_path: Path) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(
        "h,w,y,x,frame,video\n4,3,2,1,,one/a.mp4\n8,7,6,5.5,9,two/a.mp4\n4,4,4,4,9,/clips/two/a.mp4\n"
    )
    assert read_video_boxes(table, [A, B]) == {
        A: VideoBoxes(None, [(1, 2, 3, 4)]),
        B: VideoBoxes(9, [(5.5, 6, 7, 8), (4, 4, 4, 4)]),
    }


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        pytest.param("video,x,y,w\n", SourceError, "line 1 has no column 'h'; give a table", id="lacks"),
        pytest.param(
            "video,x,y,w,h,target\none/a.mp4,1,2,3,4,5\n", SourceError, "unknown column 'target'", id="more"
        ),
        pytest.param("video,x,y,w,h\none/a.mp4,1,2,3,four\n", SourceError, "line 2: expected", id="word"),
        pytest.param("video,x,y,w,h\none/a.mp4,1,2\n", SourceError, "line 2: expected", id="short"),
        pytest.param("video,x,y,w,h\none/a.mp4,1,2,0,4\n", TargetError, "line 2", id="no area"),
        pytest.param("video,x,y,w,h\na.mp4,1,2,3,4\n", SourceError, "'a.mp4' may be /clips/one", id="both"),
        pytest.param("video,x,y,w,h\nb.mp4,1,2,3,4\n", SourceError, "'b.mp4' is none of", id="unknown"),
        pytest.param("video,x,y,w,h\none/a.mp4,1,2,3,4\n", SourceError, "has no line for a.mp4", id="none"),
        pytest.param(
            "video,x,y,w,h,frame\none/a.mp4,1,2,3,4,-1\n", SourceError, "frames count from 0", id="before"
        ),
        pytest.param(
            "video,x,y,w,h,frame\none/a.mp4,1,2,3,4,\none/a.mp4,1,2,3,4,5\n",
            SourceError,
            "line 3: other targets of one/a.mp4 begin in",
            id="two frames",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, lines: str, error: type[Exception], message: str) -> None:
    table = tmp_path / "boxes.csv"
    table.write_text(lines)
    with pytest.raises(error, match=message):
        read_video_boxes(table, [A, B])
    with pytest.raises(SourceError, match="cannot be read"):
        read_video_boxes(tmp_path / "none.csv", [A])
