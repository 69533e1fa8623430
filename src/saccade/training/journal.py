"""The log of a training: a table of its steps, a table of its epochs, and the same for TensorBoard.

Tables end where the checkpoint does that a training goes on from: what a killed one wrote beyond it is taken
away, and comes again, the same.
"""

import csv
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch.utils.tensorboard import SummaryWriter

from saccade.core import OutputError

STEPS, EPOCHS, BOARD = "steps.csv", "epochs.csv", "tensorboard"
BOARD_EVERY = 10
"""steps between points in TensorBoard"""
Values = Mapping[str, float]


class Journal:
    """Writes down what happens, and forgets what is to happen again.

    Attributes:
        step: steps that are written down.
        epoch: epochs that are.
    """

    def __init__(self, folder: Path, state: Mapping[str, Any] | None = None) -> None:
        """Opens the log of a training.

        Args:
            state: what `state_dict` said when the checkpoint was made; None at the beginning.

        Raises:
            OutputError: when it cannot be written.
        """
        state = state or {"step": 0, "epoch": 0, "sums": {}, "count": 0}
        self._folder = folder
        self.step, self.epoch = int(state["step"]), int(state["epoch"])
        self._sums: dict[str, float] = dict(state["sums"])
        self._count = int(state["count"])
        self._steps = _Table(folder / STEPS, "step", self.step)
        self._epochs = _Table(folder / EPOCHS, "epoch", self.epoch)
        purge = {"steps": self.step + 1, "train": self.epoch + 1, "val": self.epoch + 1}
        try:
            self._board = {
                name: SummaryWriter(str(folder / BOARD / name), purge_step=first)
                for name, first in purge.items()
            }
        except OSError as error:
            raise _unwritable(folder / BOARD, error) from None

    @property
    def has_open_epoch(self) -> bool:
        """Whether steps are written down that belong to no epoch yet."""
        return self._count > 0

    def add_step(self, step: int, values: Values) -> None:
        """Writes down a step.

        Args:
            step: its number, counted from 1.
            values: what to log, by name; names that begin with `LearningRate/` are not averaged.

        Raises:
            OutputError: when it cannot be written.
        """
        self.step = step
        self._steps.add({"step": step, **values})
        for name, value in values.items():
            self._sums[name] = value if _is_rate(name) else self._sums.get(name, 0.0) + value
        self._count += 1
        if step % BOARD_EVERY == 0:
            self._draw("steps", step, values)

    def end_epoch(self, epoch: int, scores: Values) -> Values:
        """Writes down an epoch: the mean of its steps, and what was measured at its end.

        Args:
            epoch: its number, counted from 1.
            scores: what was measured, by name.

        Returns:
            the means.

        Raises:
            OutputError: when it cannot be written.
        """
        means = {name: v if _is_rate(name) else v / self._count for name, v in self._sums.items()}
        self._epochs.add({"epoch": epoch, "step": self.step, **means, **scores})
        self._draw("train", epoch, means)
        # the same names as in training, so that the curves lie over each other
        self._draw("val", epoch, {name.removeprefix("Validation/"): v for name, v in scores.items()})
        self._flush()
        self.epoch, self._sums, self._count = epoch, {}, 0
        return means

    def state_dict(self) -> dict[str, Any]:
        """Where the log stands, as plain values."""
        return {"step": self.step, "epoch": self.epoch, "sums": dict(self._sums), "count": self._count}

    def close(self) -> None:
        """Writes what is left to be written, as far as it can be; the tables have all of it."""
        for board in self._board.values():
            # a full disk has been told of, and this must not hide it
            with suppress(OSError):
                board.close()

    def _draw(self, board: str, at: int, values: Values) -> None:
        try:
            for name, value in values.items():
                self._board[board].add_scalar(name, value, at)
        except OSError as error:
            raise _unwritable(self._folder / BOARD, error) from None

    def _flush(self) -> None:
        try:
            for board in self._board.values():
                board.flush()
        except OSError as error:
            raise _unwritable(self._folder / BOARD, error) from None


def _is_rate(name: str) -> bool:
    return name.startswith("LearningRate/")


class _Table:
    """A CSV file that grows by rows, and by columns where a row has more than those before."""

    def __init__(self, path: Path, key: str, last: int) -> None:
        """Opens it, without the rows behind the one of the last number; a kill may have cut the very last."""
        self._path, self._fields = path, list[str]()
        rows: list[dict[str, Any]] = []
        try:
            if last and path.is_file():
                with path.open(newline="", encoding="utf-8") as file:
                    for row in csv.DictReader(file):
                        rows.append(row)
                        if row[key] == str(last):
                            break
            self._fields = list(rows[0]) if rows else []
            self._write(rows)
        except OSError as error:
            raise _unwritable(path, error) from None

    def add(self, row: Mapping[str, Any]) -> None:
        """One more row."""
        try:
            if any(name not in self._fields for name in row):
                with self._path.open(newline="", encoding="utf-8") as file:
                    rows: list[Mapping[str, Any]] = list(csv.DictReader(file))
                self._fields += [name for name in row if name not in self._fields]
                self._write([*rows, row])
                return
            with self._path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, self._fields, restval="", lineterminator="\n").writerow(row)
        except OSError as error:
            raise _unwritable(self._path, error) from None

    def _write(self, rows: list[Any]) -> None:
        part = self._path.with_name(f"{self._path.name}.part")
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, self._fields, restval="", lineterminator="\n")
            if self._fields:
                table.writeheader()
            table.writerows(rows)
        part.replace(self._path)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path}: the log cannot be written ({error.strerror or error}); free space, and the same command "
        f"goes on from the last checkpoint"
    )
