"""What happens between the steps of a training: log, checkpoints, pictures, validation, a way to stop."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, runtime_checkable

from lightning.pytorch import Callback, Trainer
from torch.utils.data import DataLoader

from saccade.core import ConfigError
from saccade.training.batch import Batch
from saccade.training.checkpoints import BEST, LAST, keep_checkpoint, save_checkpoint
from saccade.training.export import export_weights
from saccade.training.feed import Feed
from saccade.training.journal import Journal
from saccade.training.module import TrainingModule
from saccade.training.pictures import save_picture
from saccade.training.stopped import spoiled
from saccade.training.validation import VALIDATION, measure

Judge = Callable[[Path, int], Mapping[str, float]]
"""tracks real sequences with the weights in a file, after an epoch; its scores by name, the one that decides
first: the higher the better"""
PICTURES = 2
"""how many of the first batches are drawn"""


@runtime_checkable
class Watch(Protocol):
    """Whoever wants to know how a training goes."""

    def begin(self, step: int, total: int) -> None:
        """It begins, or goes on, after so many of its steps."""
        ...

    def on_step(self, step: int, values: Mapping[str, float]) -> None:
        """A step is made."""
        ...

    def on_epoch(self, epoch: int, values: Mapping[str, float]) -> None:
        """An epoch is over."""
        ...

    def end(self, replaced: int) -> None:
        """It ends, or breaks off; so many samples could not be made, and others took their place."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """When things are done."""

    checkpoint_minutes: float = 10.0
    """between checkpoints inside of an epoch; there is one at the end of each"""
    checkpoint_steps: int | None = None
    """steps between them besides; None for none"""
    keep_every: int | None = None
    """epochs between checkpoints that are kept for good; None for none but the last and the best"""
    validate_every: int | None = None
    """epochs between validations, of which there is one at the end too; None for the recipe's"""
    patience: int | None = None
    """epochs without a better one after which it ends; None for as many as the recipe has"""


class Loop(Callback):
    """Counts steps, and does what is due after each."""

    def __init__(
        self,
        *,
        out: Path,
        about: Mapping[str, Any],
        state: Mapping[str, Any] | None,
        feed: Feed,
        validation: Callable[[Trainer], DataLoader[Any] | None],
        rhythm: Rhythm,
        watch: Watch,
        judge: Judge | None,
    ) -> None:
        """Prepares for a training.

        Args:
            about: what checkpoints say of it.
            state: what the checkpoint holds that it goes on from.
            feed: where batches come from.
            validation: the batches that are measured on.
        """
        super().__init__()
        self.is_stopped = False
        self._out, self._about, self._feed, self._state = out, about, feed, state or {}
        self._validation, self._rhythm, self._watch, self._judge = validation, rhythm, watch, judge
        self._journal: Journal | None = None
        self._best: float | None = self._state.get("best")
        self._best_at: int = self._state.get("best_at", 0)
        self._measured_at: int = self._state.get("measured_at", 0)
        self._saved_at = time.monotonic()
        self._drawn = 0 if state is None else PICTURES
        self._scores: dict[str, float] = dict(self._state.get("scores", {}))

    @property
    def has_had_enough(self) -> bool:
        """Whether nothing has become better for as many epochs as the patience lasts."""
        patience = self._rhythm.patience
        return patience is not None and self._measured_at - self._best_at >= patience

    @property
    def scores(self) -> Mapping[str, float]:
        """What was measured last."""
        return self._scores

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        """Opens the log; ends the epoch that was broken off between its last step and its end."""
        if trainer.strategy.broadcast(pl_module.step) != pl_module.step:
            raise ConfigError(
                f"--out {self._out}: process {trainer.global_rank} sees another checkpoint there than the "
                f"first one; put it on a file system that all nodes share"
            )
        if trainer.is_global_zero:
            # a kill may have come between a checkpoint and its copies
            self._keep(self._state.get("kept_as", ()))
            self._journal = Journal(self._out, self._state.get("journal"))
            self._watch.begin(pl_module.step, pl_module.total_steps)
        if self._state.get("journal", {}).get("count") and pl_module.step % pl_module.epoch_steps == 0:
            self._end_epoch(trainer, pl_module)

    def on_train_batch_start(self, trainer: Trainer, pl_module: Any, batch: Batch, batch_idx: int) -> None:
        """Draws the first batches."""
        if self._drawn < PICTURES and trainer.is_global_zero:
            save_picture(self._feed.draw(batch), self._out / "pictures" / f"batch-{self._drawn + 1}.png")
        self._drawn += 1

    def on_train_batch_end(self, trainer: Trainer, pl_module: Any, *_: Any) -> None:
        """Counts a step once all of its pieces are made."""
        if (trainer.fit_loop.batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        values = pl_module.end_step()
        if self._journal is not None:
            self._journal.add_step(pl_module.step, values)
            self._watch.on_step(pl_module.step, values)
        if pl_module.step % pl_module.epoch_steps == 0:
            self._save(pl_module)
            self._end_epoch(trainer, pl_module)
        elif self.is_stopped or self._is_due(pl_module.step):
            self._save(pl_module)
        if self.is_stopped:
            trainer.should_stop = True

    def on_exception(self, trainer: Trainer, pl_module: Any, exception: BaseException) -> None:
        """Closes the log."""
        self._close()

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Writes the weights of a training that is over; closes the log."""
        if self._journal is not None and (pl_module.step == pl_module.total_steps or self.has_had_enough):
            # not before: their label has the checksum of the checkpoint, which now stays as it is
            self._export(pl_module)
        self._close()

    @contextmanager
    def heeding_interrupts(self, *, alone: bool) -> Iterator[None]:
        """Lets Ctrl-C, or a cluster's wish, end the training after its step and a checkpoint; twice, at once.

        Args:
            alone: whether no other process takes part; several would end after different steps.
        """
        if not alone or threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: FrameType | None) -> None:
            self.is_stopped = True
            signal.signal(number, before[signal.Signals(number)])

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _is_due(self, step: int) -> bool:
        steps, minutes = self._rhythm.checkpoint_steps, self._rhythm.checkpoint_minutes
        return (steps is not None and step % steps == 0) or time.monotonic() - self._saved_at > 60 * minutes

    def _save(self, module: TrainingModule, kept_as: Sequence[str] = ()) -> None:
        """Writes a checkpoint, also under other names, in the process that writes."""
        if self._journal is None:
            return
        if not module.is_finite:
            raise spoiled(self._out, module.step)
        content = {
            "about": self._about,
            "best": self._best,
            "best_at": self._best_at,
            "measured_at": self._measured_at,
            "scores": self._scores,
            "journal": self._journal.state_dict(),
            "kept_as": list(kept_as),
        }
        save_checkpoint(self._out / LAST, content | module.training_state())
        self._keep(kept_as)
        self._saved_at = time.monotonic()

    def _keep(self, names: Sequence[str]) -> None:
        for name in names:
            keep_checkpoint(self._out / LAST, name)

    def _export(self, module: TrainingModule) -> Path:
        preprocessing = self._feed.preprocessing
        return export_weights(module.result, self._about, module.step, self._out / LAST, preprocessing)

    def _end_epoch(self, trainer: Trainer, module: TrainingModule) -> None:
        """Measures what is due, writes it down, keeps what is to be kept; a checkpoint is there already."""
        epoch, epochs = module.step // module.epoch_steps, module.recipe.epochs
        scores: dict[str, float] = {}
        is_due = (
            epoch % (self._rhythm.validate_every or module.recipe.validation_every) == 0 or epoch == epochs
        )
        if is_due:
            loader = self._validation(trainer)
            if loader is not None:
                scores |= measure(trainer, module, loader)
        if self._journal is not None:
            if is_due and self._judge is not None:
                scores |= self._judge(self._export(module), epoch)
            self._write_epoch(module, epoch, scores)
        trainer.strategy.barrier("epoch")
        if self._rhythm.patience is not None and trainer.strategy.broadcast(self.has_had_enough):
            trainer.should_stop = True

    def _write_epoch(self, module: TrainingModule, epoch: int, scores: Mapping[str, float]) -> None:
        """Writes down what was measured, and keeps what is to be kept."""
        assert self._journal is not None
        self._scores = dict(scores) or self._scores
        means = self._journal.end_epoch(epoch, scores)
        names = [BEST] if self._is_best(scores) else []
        self._best_at = epoch if names else self._best_at
        self._measured_at = epoch if scores else self._measured_at
        if self._rhythm.keep_every and epoch % self._rhythm.keep_every == 0:
            names.append(f"epoch-{epoch:04d}.ckpt")
        self._save(module, names)
        self._watch.on_epoch(epoch, {**means, **scores})

    def _is_best(self, scores: Mapping[str, float]) -> bool:
        """Whether an epoch is better than all before: in tracking if that is measured, else in its loss."""
        judged = [value for name, value in scores.items() if not name.startswith(VALIDATION)]
        loss = scores.get(f"{VALIDATION}Loss/total")
        value = judged[0] if judged else None if loss is None or self._judge is not None else -loss
        if value is None or math.isnan(value) or (self._best is not None and value <= self._best):
            return False
        self._best = value
        return True

    def _close(self) -> None:
        if self._journal is not None:
            self._journal.close()
