"""The video that a run leaves behind: whole, playable, and kept whatever happens."""

import errno
import resource
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest

from saccade.core import FrameError, OutputError, SaccadeWarning
from saccade.media import VideoSink, open_source
from saccade.media.files import part_of
from tests.unit.media.clips import number_in, picture


def read(path: Path) -> list[np.ndarray]:
    with open_source(path) as frames:
        return [frame.image for frame in frames]


def box_types(path: Path) -> list[str]:
    """The top-level boxes of an MP4 file."""
    data, place, types = path.read_bytes(), 0, []
    while place < len(data):
        types.append(data[place + 4 : place + 8].decode())
        place += int.from_bytes(data[place : place + 4])
    return types


@pytest.mark.parametrize("num_frames", [1, 2, 59, 61, 130])
def test_what_was_written_is_what_is_read(tmp_path: Path, num_frames: int) -> None:
    path = tmp_path / "new" / "folder" / "video.mp4"
    with VideoSink(path, 30) as sink:
        for number in range(num_frames):
            sink.write(picture(number))
        assert sink.num_frames == num_frames and not path.exists()
    assert [number_in(image) for image in read(path)] == list(range(num_frames))
    assert [entry.name for entry in path.parent.iterdir()] == ["video.mp4"]


def test_the_file_is_what_browsers_play(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "video.mp4", 29.97) as sink:
        for number in range(90):
            sink.write(picture(number))
    with av.open(str(sink.path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert float(stream.average_rate) == pytest.approx(30000 / 1001, rel=1e-4)
        assert stream.frames == 90 and stream.start_time == 0
        assert (
            stream.codec_context.colorspace == 1 and stream.codec_context.color_range == 1
        )  # BT.709, limited
    boxes = box_types(sink.path)
    assert boxes.index("moov") < boxes.index("mdat") and "moof" not in boxes


def test_colours_survive(tmp_path: Path) -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    image[:32, :32], image[:32, 32:], image[32:, :32] = (220, 30, 30), (30, 200, 40), (20, 40, 210)
    with VideoSink(tmp_path / "video.mp4") as sink:
        sink.write(image)
    (shown,) = read(sink.path)
    for y, x in [(16, 16), (16, 48), (48, 16), (48, 48)]:
        assert np.abs(shown[y, x].astype(int) - image[y, x]).max() < 12


@pytest.mark.parametrize("size_wh", [(1, 1), (33, 24), (32, 25), (31, 1), (640, 360)])
def test_odd_sides_are_made_even_by_repeating_the_border(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    width, height = size_wh
    image = np.full((height, width, 3), 200, np.uint8)
    with VideoSink(tmp_path / "video.mp4") as sink:
        sink.write(image)
    (shown,) = read(sink.path)
    assert shown.shape == (height + height % 2, width + width % 2, 3)
    assert np.abs(shown.astype(int) - 200).max() < 6


def test_frames_of_another_size_are_fitted_into_the_first(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "video.mp4") as sink:
        for size_wh in [(64, 48), (128, 48), (16, 48)]:
            sink.write(np.full((size_wh[1], size_wh[0], 3), 220, np.uint8))
    _, wide, tall = read(sink.path)
    assert wide.shape == (48, 64, 3)
    assert wide[24].min() > 200 and wide[:10].max() < 20 and wide[-10:].max() < 20
    assert tall[:, 32].min() > 200 and tall[:, :22].max() < 20 and tall[:, -22:].max() < 20


def test_whatever_a_frame_takes_is_written_and_the_rest_refused(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "video.mp4") as sink:
        sink.write(picture(3)[..., 0])
        sink.write(picture(4)[:, ::-1][:, ::-1])
        with pytest.raises(FrameError, match="frame 2: got dtype float64"):
            sink.write(picture(5) / 255)
    assert [number_in(image) for image in read(sink.path)] == [3, 4]


def test_time_stamps_are_kept_from_the_first_on(tmp_path: Path) -> None:
    times = [4.0, 4.04, 4.05, 4.5, 6.0]
    with VideoSink(tmp_path / "video.mp4", 25) as sink:
        for number, time in enumerate(times):
            sink.write(picture(number), time)
    with open_source(sink.path) as frames:
        assert [frame.time for frame in frames] == pytest.approx([t - 4 for t in times], abs=1e-4)


def test_time_that_stands_still_or_runs_backwards_loses_no_frame(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "video.mp4", 25) as sink:
        for number, time in enumerate([0.0, 0.04, 0.04, 0.02, None, 0.2]):
            sink.write(picture(number), time)
    assert [number_in(image) for image in read(sink.path)] == list(range(6))


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    with VideoSink(tmp_path / "video.mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_keeps_what_was_written(tmp_path: Path, interruption: type[BaseException]) -> None:
    path = tmp_path / "video.mp4"
    with pytest.raises(interruption), VideoSink(path) as sink:
        for number in range(70):
            sink.write(picture(number))
        raise interruption
    assert [number_in(image) for image in read(path)] == list(range(70))
    assert [entry.name for entry in tmp_path.iterdir()] == ["video.mp4"]
    with pytest.raises(ValueError, match="closed"):
        sink.write(picture(0))


def test_a_killed_process_leaves_a_part_that_can_be_played(tmp_path: Path) -> None:
    script = (
        "import os, sys, numpy as np\n"
        "from saccade.media import VideoSink\n"
        "sink = VideoSink(sys.argv[1])\n"
        "for i in range(200):\n"
        "    sink.write(np.random.default_rng(i).integers(0, 255, (120, 160, 3), np.uint8))\n"
        "os._exit(9)\n"
    )
    path = tmp_path / "video.mp4"
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    assert not path.exists()
    playable = part_of(path).rename(tmp_path / "playable.mp4")
    with open_source(playable, on_bad_frame="skip") as frames, warnings.catch_warnings():
        warnings.simplefilter("ignore", SaccadeWarning)  # its last fragment is cut
        assert len(list(frames)) >= 60


class FullDisk:
    """Stands before a container whose disk is full for a while."""

    def __init__(self, container: av.container.OutputContainer, writes: int) -> None:
        self.container, self.writes = container, writes

    def mux(self, packets: object) -> None:
        self.writes -= 1
        if self.writes < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.container.mux(packets)

    def __getattr__(self, name: str) -> object:
        return getattr(self.container, name)


def test_a_full_disk_keeps_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = VideoSink._open

    def on_a_full_disk(sink: VideoSink, size_wh: tuple[int, int]) -> object:
        container, stream = genuine(sink, size_wh)
        return FullDisk(container, 130), stream

    monkeypatch.setattr(VideoSink, "_open", on_a_full_disk)
    message = r"video\.mp4: cannot be written \(No space left on device\); free some space"
    with pytest.raises(OutputError, match=message) as caught, VideoSink(tmp_path / "video.mp4") as sink:
        for number in range(256):
            sink.write(picture(number))
    assert isinstance(caught.value, OSError) and sink.num_frames >= 130
    shown = [number_in(image) for image in read(tmp_path / "video.mp4")]
    # of 130 the encoder had still held some back
    assert shown == list(range(len(shown))) and len(shown) >= 100
    assert [entry.name for entry in tmp_path.iterdir()] == ["video.mp4"]


@contextmanager
def files_limited_to(num_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond a size: the closest to a full disk that needs no disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_really_full_keeps_whole_fragments(
    tmp_path: Path, make_noise: Callable[[int], np.ndarray]
) -> None:
    with (
        pytest.raises(OutputError, match=r"video\.mp4: cannot be written \(File too large\)"),
        files_limited_to(600_000),
        VideoSink(tmp_path / "video.mp4") as sink,
    ):
        for number in range(400):
            sink.write(make_noise(number))
    with files_limited_to(600_000):
        num_read = len(read(tmp_path / "video.mp4"))
    assert 60 <= num_read < 400
    assert [entry.name for entry in tmp_path.iterdir()] == ["video.mp4"]


def test_no_room_for_the_finished_file_keeps_the_fragments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("saccade.media.sink._make_progressive", full)
    with pytest.raises(OutputError, match="No space left"), VideoSink(tmp_path / "video.mp4") as sink:
        for number in range(70):
            sink.write(picture(number))
    assert len(read(tmp_path / "video.mp4")) == 70


def test_a_disk_that_is_full_only_at_the_very_end_says_so(
    tmp_path: Path, make_noise: Callable[[int], np.ndarray]
) -> None:
    with VideoSink(tmp_path / "first.mp4") as sink:
        for number in range(80):
            sink.write(make_noise(number))
        one_fragment = part_of(sink.path).stat().st_size
    with (
        pytest.raises(OutputError, match=r"video\.mp4: cannot be written"),
        files_limited_to(one_fragment + 20_000),
        VideoSink(tmp_path / "video.mp4") as sink,
    ):
        for number in range(100):
            sink.write(make_noise(number))
        assert sink.num_frames == 100
    assert len(read(tmp_path / "video.mp4")) == 60


def test_a_disk_that_takes_no_frame_leaves_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match=r"video\.mp4: cannot be written"),
        files_limited_to(500),
        VideoSink(tmp_path / "video.mp4") as sink,
    ):
        sink.write(picture(0))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def make_noise() -> Callable[[int], np.ndarray]:
    """Pictures that no codec makes small."""
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
    return lambda number: np.roll(noise, 7 * number, axis=1)


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="a file is in the way"):
        VideoSink(tmp_path / "file" / "video.mp4")
    (tmp_path / "taken.mp4").mkdir()
    with (
        pytest.raises(OutputError, match=r"taken\.mp4: cannot be written"),
        VideoSink(tmp_path / "taken.mp4") as sink,
    ):
        sink.write(picture(0))
    (tmp_path / "video.mp4.part").mkdir()
    with (
        pytest.raises(OutputError, match=r"video\.mp4: cannot be written"),
        VideoSink(tmp_path / "video.mp4") as sink,
    ):
        sink.write(picture(0))
