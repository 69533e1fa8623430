"""Video files, whole and broken."""

import math
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from saccade.core import SaccadeWarning, SourceError
from saccade.media import open_source
from tests.unit.media.clips import SIZE_WH, number_in, picture

FORMATS = [
    ("clip.mp4", "libx264"),
    ("clip.mkv", "libx264"),
    ("clip.avi", "mjpeg"),
    ("clip.ts", "libx264"),
    ("clip.h264", "libx264"),  # knows neither times nor how many frames it has
    ("clip.webm", "libvpx-vp9"),
]


@pytest.mark.parametrize(("name", "codec"), FORMATS)
def test_every_frame_comes_once_with_its_index_and_time(
    make_video: Callable[..., Path], name: str, codec: str
) -> None:
    path = make_video(name, 30, codec=codec)
    with open_source(path) as frames:
        assert (frames.name, frames.num_frames, frames.size_wh) == (str(path), 30, SIZE_WH)
        assert frames.fps == pytest.approx(25)
        read = list(frames)
    assert [(frame.index, number_in(frame.image)) for frame in read] == [(i, i) for i in range(30)]
    if name != "clip.h264":
        assert [frame.time for frame in read] == pytest.approx([i / 25 for i in range(30)], abs=2e-3)


@pytest.mark.parametrize(("name", "codec"), FORMATS)
@pytest.mark.parametrize(("start", "end"), [(1, 3), (12, 20), (29, None), (25, 99)])
def test_start_is_exact_wherever_it_lies(
    make_video: Callable[..., Path], name: str, codec: str, start: int, end: int | None
) -> None:
    path = make_video(name, 30, codec=codec)
    expected = range(start, min(end or 30, 30))
    with open_source(str(path), start=start, end=end) as frames:
        assert frames.num_frames == len(expected)
        assert [(frame.index, number_in(frame.image)) for frame in frames] == [(i, i) for i in expected]


def test_a_variable_frame_rate_keeps_its_times(make_video: Callable[..., Path]) -> None:
    ticks = [0, 40, 50, 90, 400, 410, 1000]
    with open_source(make_video(ticks=ticks)) as frames:
        assert [frame.time for frame in frames] == pytest.approx([t / 1000 for t in ticks], abs=1e-3)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_is_applied_as_opencv_does(make_video: Callable[..., Path], rotation: int) -> None:
    path = make_video("phone.mp4", 5, rotation=rotation)
    with open_source(path) as frames:
        assert frames.size_wh == (SIZE_WH if rotation == 180 else SIZE_WH[::-1])
        first = next(frames)
    ok, expected = cv2.VideoCapture(str(path)).read()
    assert ok and first.size_wh == (expected.shape[1], expected.shape[0])
    assert np.abs(first.image.astype(int) - expected[..., ::-1]).mean() < 4
    assert np.array_equal(first.image, np.ascontiguousarray(first.image))


def test_colours_are_those_of_the_picture(make_video: Callable[..., Path]) -> None:
    with open_source(make_video()) as frames:
        shown = next(frames).image
    assert np.abs(shown[36:, :24].astype(int) - picture(0)[36:, :24]).max() < 8


def cut(path: Path, share: float) -> Path:
    """Keeps only the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: math.floor(len(data) * share)])
    return path


def test_a_video_cut_in_the_middle_of_its_data_stops_there(make_video: Callable[..., Path]) -> None:
    path = cut(make_video(num_frames=60), 0.7)
    delivered = []
    with open_source(path) as frames:
        assert frames.num_frames == 60
        with pytest.raises(SourceError, match="to 59 of 60 cannot be decoded, the file is cut off") as caught:
            delivered.extend((frame.index, number_in(frame.image)) for frame in frames)
    assert delivered == [(i, i) for i in range(len(delivered))]
    assert 20 <= len(delivered) < 59
    assert caught.value.frame == len(delivered)

    with open_source(path, on_bad_frame="skip") as frames, pytest.warns(SaccadeWarning, match="cut off"):
        assert len(list(frames)) == len(delivered)
    assert len(frames.skipped) == 1
    for start, remedy in ((0, f"stop before with --end {len(delivered)}, or leave"), (59, "again, or leave")):
        with open_source(path, start=start) as frames, pytest.raises(SourceError, match=remedy):
            list(frames)


def test_the_whole_part_of_a_cut_video_can_be_read(make_video: Callable[..., Path]) -> None:
    with open_source(cut(make_video(num_frames=60), 0.7), start=5, end=15) as frames:
        assert [number_in(frame.image) for frame in frames] == list(range(5, 15))


def packets(path: Path) -> list[tuple[int, int]]:
    """Place and size of every packet of a video, in order of decoding."""
    with av.open(str(path)) as container:
        return [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]


def test_a_video_cut_between_two_frames_is_noticed_too(make_video: Callable[..., Path]) -> None:
    path = make_video(num_frames=60)
    path.write_bytes(path.read_bytes()[: packets(path)[40][0]])
    delivered = []
    with open_source(path) as frames, pytest.raises(SourceError, match=r"frames 40 to 59 of 60.*cut off"):
        delivered.extend((frame.index, number_in(frame.image)) for frame in frames)
    assert delivered == [(i, i) for i in range(40)]


def damage(path: Path, number: int) -> Path:
    """Overwrites what is in a packet of a video, the first bytes apart, which say what it is."""
    data = bytearray(path.read_bytes())
    place, size = packets(path)[number]
    data[place + 12 : place + size] = bytes(size - 12)
    path.write_bytes(data)
    return path


# the order of decoding in a group here is 30 33 31 32 35 34 38 36 37 39, and 40 is the next key frame
DAMAGES = [
    ("a.mp4", "libx264", 30, range(30, 40)),  # the key frame: the whole group leans on it
    ("a.mp4", "libx264", 31, range(31, 40)),  # frame 33, on which 31 and 32 lean as well
    ("a.mp4", "libx264", 33, range(31, 40)),  # frame 32, on which 31 may lean too
    ("a.mp4", "libx264", 39, range(39, 40)),
    ("a.mkv", "libx264", 31, range(31, 40)),
    ("a.avi", "mjpeg", 31, range(31, 32)),  # each frame stands for itself
]


@pytest.mark.parametrize(("name", "codec", "damaged", "missing"), DAMAGES)
def test_what_leans_on_damaged_data_is_left_out(
    make_video: Callable[..., Path], name: str, codec: str, damaged: int, missing: range
) -> None:
    path = damage(make_video(name, 60, codec=codec), damaged)
    delivered = []
    with open_source(path) as frames, pytest.raises(SourceError, match="the data is damaged") as caught:
        delivered.extend((frame.index, number_in(frame.image)) for frame in frames)
    assert delivered == [(i, i) for i in range(missing[0])] and caught.value.frame == missing[0]

    with open_source(path, on_bad_frame="skip") as frames, pytest.warns(SaccadeWarning, match="damaged"):
        read = [(frame.index, number_in(frame.image)) for frame in frames]
    assert read == [(i, i) for i in range(60) if i not in missing]
    assert len(frames.skipped) == 1


def test_what_leans_on_a_lost_last_picture_is_left_out(make_video: Callable[..., Path]) -> None:
    path = make_video(num_frames=59)
    data = bytearray(path.read_bytes())
    place, size = packets(path)[57]  # frame 58, followed by 57, which leans on it
    data[place : place + size] = b"\xff" * size
    path.write_bytes(data)
    delivered = []
    with open_source(path) as frames, pytest.raises(SourceError, match="frames 57 to 58 of 59"):
        delivered.extend((frame.index, number_in(frame.image)) for frame in frames)
    assert delivered == [(i, i) for i in range(57)]


def test_a_cut_file_whose_index_is_gone_ends_with_an_error(make_video: Callable[..., Path]) -> None:
    path = cut(make_video("a.avi", 60, codec="mjpeg"), 0.5)
    delivered = []
    with open_source(path) as frames, pytest.raises(SourceError, match="the file is cut off") as caught:
        delivered.extend((frame.index, number_in(frame.image)) for frame in frames)
    assert 20 < len(delivered) < 40 and caught.value.frame == len(delivered)
    assert delivered == [(i, i) for i in range(len(delivered))]


def test_damage_is_counted_where_there_are_no_times(make_video: Callable[..., Path]) -> None:
    path = damage(make_video("a.h264", 60), 33)
    with (
        open_source(path, on_bad_frame="skip") as frames,
        pytest.warns(SaccadeWarning, match=r"frame 3\d of 60"),
    ):
        read = [(frame.index, number_in(frame.image)) for frame in frames]
    assert read == [(i, i) for i in range(60) if i not in range(31, 40)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.mp4", b"this is no video\n" * 40, "cannot be opened as a video"),
        ("empty.mp4", b"", "cannot be opened as a video"),
        ("noise.avi", bytes(range(256)) * 8, "cannot be opened as a video"),
    ],
)
def test_what_is_no_video_is_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        open_source(tmp_path / name)
    assert name in str(caught.value) and caught.value.frame is None


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_a_recording_without_its_index_is_refused(make_video: Callable[..., Path], share: float) -> None:
    # a recorder writes the index (moov) last
    with pytest.raises(SourceError, match=r"recording\.mp4: .*cut off.*record it again"):
        open_source(cut(make_video("recording.mp4", options={}), share))


@pytest.mark.parametrize(
    ("options", "message"),
    # what a recorder leaves that was stopped at once: an index of nothing, or an announcement
    [({}, "holds no video"), ({"movflags": "frag_keyframe+empty_moov"}, "has no frame")],
)
def test_a_video_without_frames_is_refused(
    make_video: Callable[..., Path], options: dict[str, str], message: str
) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(make_video("clip.mp4", 0, options=options))


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="holds no video"):
        open_source(tmp_path / "sound.wav")


def test_start_beyond_the_end_is_refused(make_video: Callable[..., Path]) -> None:
    with pytest.raises(SourceError, match="starts at frame 30, but has only 30"):
        open_source(make_video(num_frames=30), start=30)


@pytest.mark.parametrize(
    ("name", "num_frames", "size_wh", "fps"),
    [
        ("cutie_example.mp4", 117, (640, 480), 25),
        ("intel_car-detection.mp4", 377, (768, 432), 12.5),
        ("mmtracking_demo.mp4", 8, (1920, 1080), 3),
    ],
)
def test_real_clips(
    shared_data: Path, name: str, num_frames: int, size_wh: tuple[int, int], fps: float
) -> None:
    path = shared_data / "video" / name
    with open_source(path) as frames:
        assert (frames.num_frames, frames.size_wh, frames.fps) == (num_frames, size_wh, fps)
        count, late = 0, None
        for frame in frames:
            assert frame.index == count and frame.time == pytest.approx(count / fps, abs=1e-3)
            count += 1
            late = frame.image if count == num_frames - 3 else late
    assert count == num_frames
    # the same picture, sought
    with open_source(path, start=num_frames - 4) as frames:
        assert np.array_equal(next(frames).image, late)
