"""How many key points a weight file knows, and a network should."""

from torch import Tensor

from saccade.core import SKELETONS, Skeleton, WeightsError
from saccade.weights import Checkpoint


def check_joints(checkpoint: Checkpoint, found: int, skeleton: Skeleton) -> None:
    """Says it plainly where a file of the right network knows another number of key points.

    Args:
        found: how many the file knows.

    Raises:
        WeightsError: when it is not the skeleton's number.
    """
    if found == len(skeleton):
        return
    fitting = [name for name, known in SKELETONS.items() if len(known) == found]
    remedy = (
        f"say which they are with --weights {checkpoint.path} --set network.skeleton={' or '.join(fitting)}"
        if fitting
        else f"load it in Python with settings={{'network.skeleton': Skeleton(…)}}, one of {found} points"
    )
    raise WeightsError(
        f"{checkpoint.path}: knows {found} key points, where {skeleton.name} has {len(skeleton)}; {remedy}"
    )


def rows_of(tensors: dict[str, Tensor], name: str) -> int:
    """Rows of a tensor; zero where it is missing, or a single number."""
    value = tensors.get(name)
    return len(value) if value is not None and value.ndim else 0
