"""A caller's own frames: lists, arrays, generators, and what is no frame among them."""

import inspect
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from saccade.core import ConfigError, Frame, FrameError, SaccadeWarning, SourceError
from saccade.media import open_source

CLIP = np.arange(5 * 4 * 6 * 3, dtype=np.uint8).reshape(5, 4, 6, 3)


@pytest.mark.parametrize("source", [CLIP, list(CLIP), tuple(CLIP)], ids=["array", "list", "tuple"])
def test_a_sequence_of_arrays(source: object) -> None:
    with open_source(source, start=1, end=4) as frames:
        assert (frames.num_frames, frames.live, frames.fps, frames.size_wh) == (3, False, None, None)
        read = list(frames)
    assert [frame.index for frame in read] == [1, 2, 3]
    assert np.array_equal(read[0].image, CLIP[1])


def test_a_generator_is_read_in_the_callers_thread() -> None:
    threads = []

    def generate() -> Iterator[np.ndarray]:
        for image in CLIP:
            threads.append(threading.current_thread())
            yield image

    with open_source(generate()) as frames:
        assert frames.num_frames is None
        assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert set(threads) == {threading.current_thread()}


def test_channel_order_and_strides_are_the_callers() -> None:
    with open_source([CLIP[0, :, ::-1]], color="bgr") as frames:
        (frame,) = frames
    assert np.array_equal(frame.image, CLIP[0, :, ::-1, ::-1]) and frame.image.flags.c_contiguous


def test_frames_keep_their_own_index() -> None:
    with open_source([Frame(CLIP[0], index=7, time=0.5)]) as frames:
        (frame,) = frames
    assert (frame.index, frame.time) == (7, 0.5)


def test_what_is_no_picture_stops_or_is_left_out() -> None:
    source = [CLIP[0], CLIP[1].astype(np.float32), CLIP[2]]
    with open_source(source) as frames, pytest.raises(FrameError, match="frame 1: got dtype float32"):
        list(frames)
    with open_source(source, on_bad_frame="skip") as frames, pytest.warns(SaccadeWarning, match="frame 1"):
        assert [frame.index for frame in frames] == [0, 2]
    assert len(frames.skipped) == 1


def test_nothing_to_read_is_refused() -> None:
    with pytest.raises(SourceError, match="has no frame"):
        open_source([])
    with pytest.raises(SourceError, match="there is no frame 0"), open_source(iter([])) as frames:
        next(frames)
    with pytest.raises(SourceError, match="there is no frame 9"), open_source(iter(CLIP), start=9) as frames:
        next(frames)
    with pytest.raises(SourceError, match="has only 5"):
        open_source(CLIP, start=5)


def test_another_word_for_bad_frames_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected 'stop' or 'skip', got 'ignore'"):
        # without the type check of the tests, as a user meets it
        inspect.unwrap(open_source)(CLIP, on_bad_frame="ignore")
