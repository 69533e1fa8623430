"""What the processes of one training tell each other, so that they learn what one with all samples would.

After each step the gradients of the processes are averaged. A loss that is a mean over samples needs nothing
else; one that is divided by a count, or that pools all pixels, needs the others' count or pixels.
"""

import os
import threading
import time

import torch
import torch.distributed as dist
from jaxtyping import Shaped
from torch import Tensor

_PAUSE = 1.0
"""seconds between two looks at who started this process"""


def end_with_starter() -> None:
    """Ends this process once the one that started it is gone, also where that was killed.

    It would wait for the other for hours, and hold its device all the while. Windows never tells.
    """
    starter = os.getppid()

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(_PAUSE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="end with starter").start()


def num_processes() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def mean_over_processes(number: Shaped[Tensor, "*any"]) -> Shaped[Tensor, "*any"]:
    """The mean of what each process has, without gradient."""
    number = number.detach().clone()
    if num_processes() > 1:
        dist.all_reduce(number)
        number /= num_processes()
    return number


def gathered(x: Shaped[Tensor, "n *any"]) -> Shaped[Tensor, "m *any"]:
    """What all processes have, one behind the other; each must have as much.

    Gradients reach what is this process's own, as many times as there are processes: a loss of all of it,
    computed by each, then has its true gradient once these are averaged.
    """
    count = num_processes()
    if count == 1:
        return x
    parts = [torch.empty_like(x) for _ in range(count)]
    dist.all_gather(parts, x.detach().contiguous())
    if x.requires_grad:
        parts[dist.get_rank()] = x.detach() + count * (x - x.detach())
    return torch.cat(parts)
