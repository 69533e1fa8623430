"""What the network in training makes of samples that it does not learn from."""

from typing import Any

import torch
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader

from saccade.training.module import TrainingModule
from saccade.training.processes import mean_over_processes

VALIDATION = "Validation/"
"""how the names begin that are measured on them"""


def measure(trainer: Trainer, module: TrainingModule, loader: DataLoader[Any]) -> dict[str, float]:
    """The mean loss, and its parts, over all batches and processes; the averaged network's, if there is one.

    Nothing of it can be felt in the training.
    """
    task, trained = module.task, module.task.network
    sums: dict[str, torch.Tensor] = {}
    task.network = module.result
    task.eval()
    try:
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            for number, batch in enumerate(loader):
                torch.manual_seed(number)  # tasks may draw
                parts = task(trainer.strategy.batch_to_device(batch))
                named = {"Loss/total": parts["loss"], **{k: v for k, v in parts.items() if k != "loss"}}
                for name, part in named.items():
                    sums[name] = sums.get(name, torch.zeros((), device=part.device)) + part.detach().float()
    finally:
        task.network = trained
        module.train()
    count = len(loader)
    return {f"{VALIDATION}{name}": float(mean_over_processes(value)) / count for name, value in sums.items()}
