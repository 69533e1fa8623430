"""Protocols: how models are run over the sequences of a benchmark."""

from collections.abc import Mapping

from saccade.core import ConfigError
from saccade.core.errors import did_you_mean
from saccade.data import Dataset, LabelAnnotation, Tracks
from saccade.evaluation.metrics import DIALECTS
from saccade.evaluation.protocols.finding import Finding, from_one
from saccade.evaluation.protocols.job import Job, Kind, OnFrame, Protocol, jobs_of
from saccade.evaluation.protocols.overlap import anchor_run, region_overlap, reset_run
from saccade.evaluation.protocols.passes import ONE_PASS, PASSES
from saccade.evaluation.protocols.resets import Resets
from saccade.evaluation.protocols.segmentation import FirstMask, answered_labels, true_labels

__all__ = [
    "ONE_PASS",
    "PROTOCOLS",
    "Job",
    "Kind",
    "OnFrame",
    "Protocol",
    "anchor_run",
    "answered_labels",
    "choose_protocol",
    "find_protocol",
    "from_one",
    "jobs_of",
    "region_overlap",
    "reset_run",
    "true_labels",
]

PROTOCOLS: Mapping[str, Protocol] = {
    protocol.name: protocol for protocol in (*PASSES, Resets(), FirstMask(), Finding())
}
"""every way to run models over sequences, by name"""

DEFAULT_DIALECT = "pytracking"
"""in which one-pass results are scored when nobody says otherwise"""

_OF_DATASETS = {f"vot{year}": "resets" for year in range(2016, 2020)} | {
    f"vot{year}": "anchors" for year in range(2020, 2023)
}


def choose_protocol(name: str | None, dataset: Dataset) -> tuple[Protocol, str]:
    """How models are run, and the dialect in which their results are scored.

    Args:
        name: a protocol; or a dialect, which goes with one pass; None for what the benchmark is known by.

    Raises:
        ConfigError: when there is none of that name, with the nearest that exists.
    """
    name = _usual(dataset) if name is None else name
    protocol = find_protocol(name)
    if name in DIALECTS:
        return protocol, name
    # the robustness protocols are OTB's, and so are their scores
    return protocol, "otb" if name.startswith(("tre", "sre")) else DEFAULT_DIALECT


def find_protocol(name: str) -> Protocol:
    """The protocol of a name, or that which goes with a dialect.

    Raises:
        ConfigError: when there is neither, with the nearest that exists.
    """
    if name in DIALECTS:
        return ONE_PASS
    if name not in PROTOCOLS:
        raise ConfigError(f"no protocol '{name}'; {did_you_mean(name, (*PROTOCOLS, *DIALECTS))}")
    return PROTOCOLS[name]


def _usual(dataset: Dataset) -> str:
    """The protocol that belongs to a data set: VOT has its own, the others follow from their truth."""
    annotation = dataset.sequences[0].annotation
    if isinstance(annotation, Tracks):
        return Finding.name
    if isinstance(annotation, LabelAnnotation):
        return FirstMask.name
    return _OF_DATASETS.get(dataset.name, ONE_PASS.name)
