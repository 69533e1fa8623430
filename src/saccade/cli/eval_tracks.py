"""Detectors in `saccade eval --associate`: what they find gets identities, and is scored as tracks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from math import isfinite, nan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.eval_pictures import check_ability
from saccade.cli.options import parse_settings
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.deploy.over_sequences import OverSequences
    from saccade.evaluation import Contender, Protocol

Associate = Annotated[
    str | None,
    typer.Option(
        "--associate",
        metavar="NAME",
        help="Say who is who of all that a detector finds, and score tracks: bytetrack, ocsort, sort or "
        "botsort.",
    ),
]
_GROUP = "associate."
"""with which the settings of an association begin"""


@dataclass(frozen=True, slots=True)
class Association:
    """What says who is who.

    Attributes:
        method: its name.
        settings: what `TrackingByDetection.of` takes besides.
    """

    method: str
    settings: Mapping[str, Any]

    @classmethod
    def of(
        cls, method: str | None, texts: list[str] | None, *, is_given: bool = False
    ) -> "tuple[Association | None, list[str]]":
        """The association that options ask for, if any, and the settings that are the detectors'.

        Args:
            texts: all settings; those of the association begin with `associate.`, among them `threshold`,
                from which on something may begin a track.
            is_given: whether detections come from a file, where scores may be of any scale.

        Raises:
            ConfigError: for an unknown name or setting, or a setting where none is wished for.
            MissingExtraError: when the package `trackers` is not installed.
        """
        theirs = [text for text in texts or () if text.startswith(_GROUP)]
        others = [text for text in texts or () if text not in theirs]
        if method is None:
            if theirs:
                raise ConfigError(f"--set {theirs[0]}: there is no --associate that it could be for")
            return None, others
        from saccade.association import Associator

        settings: dict[str, Any] = parse_settings([text.removeprefix(_GROUP) for text in theirs])
        sure = None if "threshold" not in settings else _threshold(settings.pop("threshold"), is_given)
        least = Associator.of(method, sure=sure, **settings).least
        # a detector that is judged must not keep to itself what there is a use for
        return cls(method, settings | {"threshold": sure}), [f"threshold={least!r}", *others]

    def check(self, models: Iterable[str], protocol: "Protocol", dataset: "Dataset") -> None:
        """Refuses data sets without tracks, and models that find nothing.

        Raises:
            ConfigError: for a data set.
            ModelError: for a model.
        """
        if protocol.kind != "tracks":
            raise ConfigError(
                f"--associate: on {dataset.label}, protocol {protocol.name} scores no tracks of all that is "
                f"there; take a data set such as mot, or leave it out"
            )
        for name in models:
            check_ability(name, "detect")

    def after(self, detector: "Contender") -> "Contender":
        """A detector whose finds get identities; whatever is wrong with it is found out here.

        Raises:
            ConfigError: when it finds no people.
        """
        made = self.over(detector.load(device="cpu"))
        return replace(
            detector,
            name=f"{detector.name}+{self.method}",
            load=partial(_load, self, detector.load, None),
            settings={**detector.settings, **_facts(made)},
        )

    def of_file(self, file: Path, datasets: "Iterable[Dataset]") -> "Contender":
        """The detections that files say are in the sequences of some data sets.

        Raises:
            DatasetError: when one is missing.
        """
        from saccade.deploy.over_sequences import detection_file
        from saccade.evaluation import Contender

        # other processes may have another working folder
        file = file.resolve() if file.is_dir() else file
        digest = sha256()
        for sequence in (sequence for dataset in datasets for sequence in dataset.sequences):
            digest.update(detection_file(sequence, file).read_bytes())
        facts = {"detections": digest.hexdigest(), **_facts(self.over(None, file))}
        return Contender(f"{file.stem}+{self.method}", partial(_load, self, None, file), facts)

    def over(self, detector: Any, file: Path | None = None) -> "OverSequences":
        """The model that goes over sequences; see `OverSequences.of`."""
        from saccade.deploy.over_sequences import OverSequences

        return OverSequences.of(detector, self.method, self.settings, file)


def _threshold(text: str, is_given: bool) -> float:
    try:
        score = float(text)
    except ValueError:
        score = nan
    if not (isfinite(score) if is_given else 0 <= score <= 1):
        expected = "a score of the detections" if is_given else "a score from 0 to 1"
        raise ConfigError(f"--set associate.threshold={text}: expected {expected}, e.g. 0.4")
    return score


def check_detections(file: Path | None, models: list[str], association: Association | None) -> None:
    """Refuses a model beside detections that are given, and such that nobody is to associate.

    Raises:
        ConfigError: when there is no association.
        ModelError: when there are both.
    """
    if file is not None and association is None:
        raise ConfigError(f"--detections {file}: to be scored as tracks, they need --associate bytetrack")
    if file is not None and models:
        raise ModelError(f"--detections {file} says what is there, and so does {models[0]}; leave one out")


def _load(
    association: Association, load: Callable[..., Any] | None, file: Path | None, *, device: str
) -> "OverSequences":
    return association.over(None if load is None else load(device=device), file)


def _facts(model: "OverSequences") -> dict[str, Any]:
    from saccade.core.config import to_json

    return {"association": to_json(model.config.association)}
