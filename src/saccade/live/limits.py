"""How much a visitor may ask of the server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is refused beyond these, so that one visitor does not disturb another."""

    sessions: int = 4
    """visitors at a time; each has a model's run of their own"""
    idle_seconds: float = 900.0
    """after which a page from which nothing comes is let go"""
    cut_seconds: float = 60.0
    """that a session waits for a page whose line was cut"""
    frame_bytes: int = 8 << 20
    """of one picture of a visitor's camera"""
    frame_side: int = 4096
    """pixels along a side of one"""
    message_bytes: int = 64 << 10
    """of one message"""
    upload_bytes: int = 512 << 20
    """of an uploaded clip"""
    waiting: int = 200
    """commands that have not been obeyed yet"""
    targets: int = 32
    """that one visitor follows"""
    in_flight: int = 2
    """pictures that the page has not shown yet"""
    kept_frames: int = 300
    """newest frames of a live source that can be seen again"""
    recorded_frames: int = 9000
    """that a recording of one may have; five minutes at 30 a second"""
    kept_results: int = 50_000
    """frames whose results are remembered"""
    state_bytes: int = 256 << 20
    """of the states that a run can be taken back to"""
