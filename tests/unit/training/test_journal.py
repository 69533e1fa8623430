"""The log: tables that end where a checkpoint does, whatever was written behind it."""

import errno
from pathlib import Path
from typing import Any

import pytest

from saccade.core import OutputError
from saccade.training.journal import BOARD_EVERY, Journal


def written(folder: Path, steps: int, state: dict | None = None) -> Journal:
    journal = Journal(folder, state)
    for step in range(journal.step + 1, steps + 1):
        journal.add_step(step, {"Loss/total": 1 / step, "LearningRate/group0": 0.1})
    return journal


def test_what_was_written_behind_the_checkpoint_is_taken_away(tmp_path: Path) -> None:
    journal = written(tmp_path, 3)
    state = journal.state_dict()
    before = (tmp_path / "steps.csv").read_text()
    written(tmp_path, 7, state)
    # as a kill leaves it, in the middle of a row
    with (tmp_path / "steps.csv").open("a") as file:
        file.write("1")
    Journal(tmp_path, state)
    assert (tmp_path / "steps.csv").read_text() == before


def test_means_of_an_epoch_go_on_over_a_break(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", 4).end_epoch(1, {"AUC/real": 50.0})
    state = written(tmp_path / "broken", 3).state_dict()
    means = written(tmp_path / "broken", 4, state).end_epoch(1, {"AUC/real": 50.0})
    assert means == whole
    assert means["Loss/total"] == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4)
    assert means["LearningRate/group0"] == 0.1
    for table in ("steps.csv", "epochs.csv"):
        assert (tmp_path / "broken" / table).read_text() == (tmp_path / "whole" / table).read_text()


def test_without_checkpoint_it_begins_anew(tmp_path: Path) -> None:
    written(tmp_path, 3)
    Journal(tmp_path)
    assert (tmp_path / "steps.csv").read_text() == ""


def test_a_new_column_is_empty_in_the_rows_before(tmp_path: Path) -> None:
    journal = written(tmp_path, 1)
    journal.add_step(2, {"Loss/total": 0.25, "LearningRate/group0": 0.1, "Loss/late": 3.0})
    rows = (tmp_path / "steps.csv").read_text().splitlines()
    assert rows == ["step,Loss/total,LearningRate/group0,Loss/late", "1,1.0,0.1,", "2,0.25,0.1,3.0"]


def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    journal = written(tmp_path, 1)
    (tmp_path / "steps.csv").unlink()
    (tmp_path / "steps.csv").mkdir()
    with pytest.raises(OutputError, match=r"steps.csv: the log cannot be written .*same command goes on"):
        journal.add_step(2, {"Loss/total": 0.5, "LearningRate/group0": 0.1})


@pytest.mark.parametrize("refused", ["add_scalar", "flush"])
def test_a_full_disk_is_told_of_by_the_board_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal = written(tmp_path, 1)
    monkeypatch.setattr(f"saccade.training.journal.SummaryWriter.{refused}", full)
    with pytest.raises(OutputError, match=r"tensorboard: the log cannot be written \(No space left"):
        journal.add_step(BOARD_EVERY, {"Loss/total": 0.5, "LearningRate/group0": 0.1})
        journal.end_epoch(1, {})
    # what ends a training is not hidden by what cannot be written at its end
    monkeypatch.setattr("saccade.training.journal.SummaryWriter.close", full)
    journal.close()
