"""What the recipes of trackers have in common: the data sets of the field, and how they are mixed."""

from saccade.training.recipe import Part

LASOT = Part(dataset="lasot", split="train")
GOT10K = Part(dataset="got10k", split="vot_train")
"""without the videos that VOT tests on"""
GOT10K_VALIDATION = Part(dataset="got10k", split="vot_val")
COCO = Part(dataset="coco2014", split="train")
"""still pictures, each a video of its own"""


def trackingnet(*chunks: int, weight: float = 1.0) -> tuple[Part, ...]:
    """Chunks of TrackingNet's training videos, which are equally large, as if they were one data set."""
    return tuple(
        Part(dataset="trackingnet", split=f"train_{chunk}", weight=weight / len(chunks)) for chunk in chunks
    )


def every(period: int, epochs: int) -> tuple[int, ...]:
    """The epochs behind which something happens once in a period, but for the last."""
    return tuple(range(period, epochs, period))
