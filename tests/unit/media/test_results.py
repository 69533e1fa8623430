"""The files of a run: what they say, that they are whole, and that they read back."""

import errno
import json
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saccade.core import Instances, OutputError, SourceError
from saccade.core.instances import id_array
from saccade.media import RunWriter, read_boxes_csv
from saccade.media.files import LineFile
from saccade.ops.masks import davis_palette, read_palette_png


def found(
    frame: int, xywh: list[list[float]], ids: list[object] | None = None, **fields: object
) -> Instances:
    boxes = np.array(xywh, dtype=float).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Instances(
        boxes=boxes,
        scores=np.linspace(1, 0.5, len(boxes)),
        ids=None if ids is None else id_array(ids),
        status=np.array(["tracked", "uncertain", "lost"])[np.arange(len(boxes)) % 3],
        frame=frame,
        **fields,
    )


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_one_target(tmp_path: Path) -> None:
    with RunWriter(tmp_path / "runs" / "a") as run:
        run.write(found(0, [[10, 20, 30.5, 40]], ["car"]))
        run.write(found(1, [[-0.00001, 20.123456, 30, 40]], ["car"]))
    assert names(run.folder) == ["boxes.csv", "boxes.txt", "run.json"]
    assert (run.folder / "boxes.csv").read_text().splitlines() == [
        "frame,target,x,y,w,h,score,status",
        "0,car,10,20,30.5,40,1,tracked",
        "1,car,0,20.1235,30,40,1,tracked",
    ]
    assert (run.folder / "boxes.txt").read_text() == "10,20,30.5,40\n0,20.1235,30,40\n"


@pytest.mark.parametrize(
    "frames",
    [
        [found(0, [[1, 2, 3, 4], [5, 6, 7, 8]], [0, 1])],  # two at once
        [found(0, [[1, 2, 3, 4]], [0]), found(1, [[1, 2, 3, 4]], [1])],  # one after another
        [found(0, [[1, 2, 3, 4]], [0]), found(1, [], [])],  # gone
        [],
    ],
    ids=["two", "another", "none", "no frame"],
)
def test_boxes_txt_is_only_for_one_target_all_along(tmp_path: Path, frames: list[Instances]) -> None:
    with RunWriter(tmp_path) as run:
        for item in frames:
            run.write(item)
    assert names(tmp_path) == ["boxes.csv", "run.json"]


def test_lines_of_boxes_txt_stay_frames_where_some_were_left_out(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run:
        for frame in (5, 6, 9):
            run.write(found(frame, [[frame, 2, 3, 4]], [0]))
    nan = "nan,nan,nan,nan"
    assert (tmp_path / "boxes.txt").read_text().splitlines() == ["5,2,3,4", "6,2,3,4", nan, nan, "9,2,3,4"]


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    frames = [
        found(3, [[1, 2, 3, 4], [5.25, 6, 7, 8]], [0, 'a, "b"']),
        found(4, [], []),
        found(5, [[1e4, -2.5, 3, 4]], [-7]),
    ]
    with RunWriter(tmp_path) as run:
        for item in frames:
            run.write(item)
    back = list(read_boxes_csv(tmp_path / "boxes.csv"))
    assert [item.frame for item in back] == [3, 5]
    for item, original in zip(back, [frames[0], frames[2]], strict=True):
        assert np.array_equal(item.boxes, original.boxes) and np.array_equal(item.scores, original.scores)
        assert list(item.ids) == list(original.ids) and list(item.status) == list(original.status)


def test_fields_that_the_model_does_not_tell_are_empty(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run:
        run.write(Instances(boxes=np.ones((1, 4), np.float32), scores=np.ones(1, np.float32)))
    assert (tmp_path / "boxes.csv").read_text().splitlines()[1] == "0,,1,1,0,0,1,"
    (back,) = read_boxes_csv(tmp_path / "boxes.csv")
    assert back.ids is None and back.status is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1 is not 'frame,target"),
        ("x,y\n1,2\n", "line 1 is not 'frame,target"),
        ("{header}\n0,a,1,2,3,4,1,tracked\n0,a,1,2,3\n", "line 3: expected frame,target"),
        ("{header}\n0,a,1,2,three,4,1,tracked\n", "line 2: expected frame,target"),
        ("{header}\nfirst,a,1,2,3,4,1,tracked\n", "line 2: expected frame,target"),
    ],
)
def test_a_file_that_is_no_boxes_csv_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text.format(header="frame,target,x,y,w,h,score,status"))
    with pytest.raises(SourceError, match=message):
        list(read_boxes_csv(path))


def test_a_missing_boxes_csv_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        list(read_boxes_csv(tmp_path / "boxes.csv"))


def test_masks_are_palette_pictures_of_ids(tmp_path: Path) -> None:
    masks = np.zeros((3, 8, 10), bool)
    masks[0, :4], masks[1, 2:6, 5:], masks[2, 7] = True, True, True
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[0, 0, 1, 1]] * 3, [1, 5, "car"], masks=masks))
        run.write(found(12, [[0, 0, 1, 1]], ["car"], masks=masks[:1]))
    assert names(tmp_path / "masks") == ["00000.png", "00012.png"]
    expected = np.zeros((8, 10), np.uint8)
    expected[:4], expected[2:6, 5:], expected[7] = 1, 5, 2
    assert np.array_equal(read_palette_png(tmp_path / "masks" / "00000.png"), expected)
    assert set(np.unique(read_palette_png(tmp_path / "masks" / "00012.png"))) == {0, 2}
    with Image.open(tmp_path / "masks" / "00000.png") as picture:
        assert picture.mode == "P"
        assert picture.getpalette()[:768] == davis_palette().ravel().tolist()
    assert json.loads((tmp_path / "run.json").read_text())["mask_values"] == {"1": 1, "5": 5, "car": 2}


def test_ids_from_0_become_pixel_values_from_1(tmp_path: Path) -> None:
    masks = np.eye(3, dtype=bool)[:, None]
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[0, 0, 1, 1]] * 3, [0, 1, 2], masks=masks))
    assert read_palette_png(tmp_path / "masks" / "00000.png").tolist() == [[1, 2, 3]]


def test_more_masks_than_a_palette_holds_are_refused(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run:
        for i in range(254):
            run.write(found(i, [[0, 0, 1, 1]], [f"t{i}"], masks=np.ones((1, 2, 2), bool)))
        with pytest.raises(OutputError, match="more than 254 targets"):
            run.write(found(254, [[0, 0, 1, 1]], ["t254"], masks=np.ones((1, 2, 2), bool)))


def test_no_target_is_painted_with_what_davis_does_not_score(tmp_path: Path) -> None:
    masks = np.eye(3, dtype=bool)[:, None]
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[0, 0, 1, 1]] * 3, [255, 254, 300], masks=masks))
    assert read_palette_png(tmp_path / "masks" / "00000.png").tolist() == [[1, 254, 2]]


def test_a_target_that_disappears_has_its_value_again_when_it_returns(tmp_path: Path) -> None:
    seen, gone = np.eye(2, dtype=bool)[:, None], np.zeros((1, 1, 2), dtype=bool)
    with RunWriter(tmp_path) as run:
        for frame, first in enumerate((seen[:1], gone, gone, seen[:1])):
            run.write(found(frame, [[0, 0, 1, 1]] * 2, [7, "car"], masks=np.concatenate([first, seen[1:]])))
    files = sorted((tmp_path / "masks").iterdir())
    assert [read_palette_png(file).tolist() for file in files] == [[[7, 1]], [[0, 1]], [[0, 1]], [[7, 1]]]
    lines = (tmp_path / "boxes.csv").read_text().splitlines()
    assert len(lines) == 1 + 4 * 2


@dataclass(frozen=True)
class Config:
    size: int = 3


def test_run_json_holds_what_it_is_given(tmp_path: Path) -> None:
    with RunWriter(tmp_path, {"model": "still", "configuration": Config()}) as run:
        begun = json.loads((tmp_path / "run.json").read_text())
        run.run["out"] = tmp_path
        for frame in range(2):
            run.write(found(frame, [[1, 2, 3, 4]], [0], timings={"track": 2.0 + frame}))
    assert (begun["model"], begun["finished"], begun["frames"]) == ("still", False, 0)
    assert json.loads((tmp_path / "run.json").read_text()) == {
        "model": "still",
        "configuration": {"size": 3},
        "out": str(tmp_path),
        "frames": 2,
        "finished": True,
        "ms_per_frame": {"track": 2.5},
    }


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_leaves_whole_files(tmp_path: Path, interruption: type[BaseException]) -> None:
    with pytest.raises(interruption), RunWriter(tmp_path) as run:
        run.write(found(0, [[1, 2, 3, 4]], [0]))
        raise interruption
    assert names(tmp_path) == ["boxes.csv", "boxes.txt", "run.json"]
    assert len(list(read_boxes_csv(tmp_path / "boxes.csv"))) == 1
    assert json.loads((tmp_path / "run.json").read_text())["finished"] is False
    run.close()


class FullDisk:
    """Stands before a file whose disk takes a few bytes more, and then none."""

    def __init__(self, file: object, room: int) -> None:
        self.file, self.room = file, room

    def write(self, data: bytes) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(data[: self.room])
        self.room -= written
        return written

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    message = r"boxes\.csv: cannot be written \(No space left on device\); free some space.*is kept"
    with pytest.raises(OutputError, match=message), RunWriter(tmp_path) as run:
        run.write(found(0, [[1, 2, 3, 4]], [0]))
        table = run._files._csv
        table._file = FullDisk(table._file, 15)
        run.write(found(1, [[1, 2, 3, 4]], [0]))
    assert names(tmp_path) == ["boxes.csv", "boxes.txt", "run.json"]
    assert [item.frame for item in read_boxes_csv(tmp_path / "boxes.csv")] == [0]


def test_a_full_disk_leaves_no_half_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("saccade.media.results.write_palette_png", full)
    with (
        pytest.raises(OutputError, match=r"00000\.png: cannot be written \(No space"),
        RunWriter(tmp_path) as run,
    ):
        run.write(found(0, [[1, 2, 3, 4]], [0], masks=np.ones((1, 2, 2), bool)))
    assert names(tmp_path) == ["boxes.csv", "boxes.txt", "run.json"]


def test_a_new_run_replaces_an_old_one_whole(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[1, 2, 3, 4]], [0], masks=np.ones((1, 2, 2), bool)))
        run.write(found(1, [[1, 2, 3, 4]], [0], masks=np.ones((1, 2, 2), bool)))
    (tmp_path / "masks" / "notes.txt").write_text("the user's")
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[1, 2, 3, 4]] * 2, [0, 1]))
    assert names(tmp_path) == ["boxes.csv", "masks/notes.txt", "run.json"]


def test_masks_that_no_run_left_are_not_removed(tmp_path: Path) -> None:
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "00007.png").write_text("the user's")
    with RunWriter(tmp_path):
        pass
    assert "masks/00007.png" in names(tmp_path)


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="a file is in the way"):
        RunWriter(tmp_path / "file")


def test_a_line_file_appears_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    file = LineFile(path)
    file.append("one\n")
    assert not path.exists()
    file.close()
    file.close()
    assert path.read_text() == "one\n" and names(tmp_path) == ["lines.txt"]


def test_memory_is_flat(tmp_path: Path) -> None:
    with RunWriter(tmp_path) as run:
        run.write(found(0, [[1, 2, 3, 4]], [0]))
        tracemalloc.start()
        for frame in range(1, 500):
            run.write(found(frame, [[1, 2, 3, 4]], [0]))
        grown = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    assert grown < 10_000
