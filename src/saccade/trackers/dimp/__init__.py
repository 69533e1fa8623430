"""DiMP, PrDiMP and SuperDiMP: a filter that a learned optimiser keeps up to date."""

from saccade.trackers.dimp.build import build, make_network
from saccade.trackers.dimp.config import (
    DIMP18,
    DIMP18_VOT18,
    DIMP50,
    DIMP50_VOT18,
    DIMP50_VOT19,
    PRDIMP18,
    PRDIMP50,
    PRDIMP50_VOT18,
    SUPER_DIMP,
    SUPER_DIMP_SIMPLE,
    DiMPConfig,
)
from saccade.trackers.dimp.network import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
    DiMPNet,
    DiMPNetConfig,
)

__all__ = [
    "DIMP18",
    "DIMP18_VOT18",
    "DIMP50",
    "DIMP50_VOT18",
    "DIMP50_VOT19",
    "DIMPNET18",
    "DIMPNET50",
    "PRDIMP18",
    "PRDIMP50",
    "PRDIMP50_VOT18",
    "PRDIMPNET18",
    "PRDIMPNET50",
    "SIMPLE_DIMPNET",
    "SUPER_DIMP",
    "SUPER_DIMPNET",
    "SUPER_DIMP_SIMPLE",
    "DiMPConfig",
    "DiMPNet",
    "DiMPNetConfig",
    "build",
    "make_network",
]
