"""A batch of videos: who works in its folder, which results count, what is tried again."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from saccade.core import ConfigError
from saccade.core.tasks import OnProgress
from saccade.deploy.many import Attempt, Batch, Blame, State, VideoRun, run_batch


def batch_of(tmp_path: Path, count: int = 3) -> Batch:
    runs = []
    for number in range(count):
        video = tmp_path / f"{number}.mp4"
        video.write_bytes(b"")
        runs.append(VideoRun(video, tmp_path / "out" / str(number), ("detect", str(video), "--model", "m")))
    return Batch(tmp_path / "out", "saccade detect", {"verb": "detect"}, runs)


def leave(words: Sequence[str], **said: object) -> None:
    """What a verb leaves behind."""
    out = Path(words[-1])
    out.mkdir(parents=True, exist_ok=True)
    command = {"command": shlex.join(["saccade", *words]), "frames": 5, "finished": True}
    (out / "run.json").write_text(json.dumps(command | said))


def works(words: Sequence[str], on_progress: OnProgress) -> Attempt:
    on_progress(5)
    leave(words)
    return Attempt()


def says_so(words: Sequence[str], on_progress: OnProgress) -> Attempt:
    """Of a machine that does not see the same disk."""
    return Attempt()


class Fails:
    """For a reason, so many times in all."""

    def __init__(self, blame: Blame, times: int) -> None:
        self.blame, self.times = blame, times

    def __call__(self, words: Sequence[str], on_progress: OnProgress) -> Attempt:
        self.times -= 1
        return Attempt(failure="no", blame=self.blame) if self.times >= 0 else works(words, on_progress)


def run(batch: Batch, command: object) -> list[tuple[str, str, int]]:
    with batch.at_work():
        return [
            (each.out.name, each.state.value, each.tries)
            for each in run_batch(batch, command, devices=("cpu",))
        ]


@pytest.mark.parametrize(
    ("said", "state"),
    [
        pytest.param({}, State.KEPT, id="the very same"),
        pytest.param({"finished": False}, State.WAITING, id="broken off"),
        pytest.param({"command": "saccade detect other.mp4 --model m"}, State.WAITING, id="another command"),
        pytest.param({"command": None}, State.WAITING, id="no command"),
    ],
)
def test_a_result_counts_when_it_is_whole_and_of_this_command(
    tmp_path: Path, said: dict[str, object], state: State
) -> None:
    batch = batch_of(tmp_path, 1)
    leave([*batch.runs[0].words, "--device", "cuda:3", "--out", str(batch.runs[0].out)], **said)
    with batch.at_work():
        assert batch.runs[0].state is state
    assert batch.to_json()["finished"] == (state is State.KEPT)


@pytest.mark.parametrize(
    ("blame", "times", "expected"),
    [
        (Blame.VIDEO, 1, [("0", "failed", 1), ("1", "finished", 1), ("2", "finished", 1)]),
        (
            Blame.CHANCE,
            1,
            [("0", "failed", 1), ("1", "finished", 1), ("2", "finished", 1), ("0", "finished", 2)],
        ),
    ],
)
def test_what_may_go_well_another_time_is_tried_again_at_the_end(
    tmp_path: Path, blame: Blame, times: int, expected: list[tuple[str, str, int]]
) -> None:
    assert run(batch_of(tmp_path), Fails(blame, times)) == expected


def test_what_is_wrong_with_the_command_ends_it_at_once(tmp_path: Path) -> None:
    batch = batch_of(tmp_path)
    with pytest.raises(ConfigError, match="no"):
        run(batch, Fails(Blame.COMMAND, 1))
    assert [each.tries for each in batch.runs] == [1, 0, 0]
    # whoever mends it may use the folder
    batch.settings = {"verb": "pose"}
    assert len(run(batch, works)) == 2


def test_only_what_lies_on_the_disk_counts(tmp_path: Path) -> None:
    batch = batch_of(tmp_path, 1)
    assert run(batch, says_so) == [("0", "failed", 1), ("0", "failed", 2)]
    assert "whoever runs videos must write to the same disk" in batch.to_json()["runs"][0]["failure"]


def test_two_at_work_in_one_folder_are_one_too_many(tmp_path: Path) -> None:
    with (
        batch_of(tmp_path).at_work(),
        pytest.raises(ConfigError, match="another saccade is at work"),
        batch_of(tmp_path).at_work(),
    ):
        pass
    assert not list(tmp_path.glob("out/*.lock"))
