"""Which class of a model is which of a data set: by their names."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from saccade.core import DatasetError, Instances

NAMED = 6
"""how many classes of one side alone are named"""
_SYNONYMS = {
    "airplane": "aeroplane",
    "couch": "sofa",
    "motorcycle": "motorbike",
    "tv": "tvmonitor",
}
"""COCO's names to VOC's, of the same things"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correspondence:
    """How labels of a model become those of a data set.

    Attributes:
        labels: the data set's label of each of the model's; -1 where it knows no such class.
        renamed: names of the model and of the data set that differ, but mean the same.
        only_model: classes that the data set does not know; what is found of them is left out.
        only_dataset: classes that the model does not know, so that it misses all of them.
    """

    labels: tuple[int, ...]
    renamed: tuple[tuple[str, str], ...]
    only_model: tuple[str, ...]
    only_dataset: tuple[str, ...]

    @classmethod
    def of(cls, model: Sequence[str], dataset: Sequence[str], name: str) -> "Correspondence":
        """Matches names: as they stand, else by letters and digits alone, else as COCO and VOC call it.

        Args:
            name: of the model.

        Raises:
            DatasetError: when no class of the model is one of the data set.
        """
        labels = [_find(each, model, dataset) for each in model]
        if dataset and not any(label >= 0 for label in labels):
            raise DatasetError(
                f"'{name}' knows none of the classes of this data set: it finds {_some(model)}, and "
                f"annotated are {_some(dataset)}; train it on them with saccade train, or rename them"
            )
        return cls(
            labels=tuple(labels),
            renamed=tuple(
                (one, dataset[label])
                for one, label in zip(model, labels, strict=True)
                if label >= 0 and one != dataset[label]
            ),
            only_model=tuple(one for one, label in zip(model, labels, strict=True) if label < 0),
            only_dataset=tuple(one for label, one in enumerate(dataset) if label not in labels),
        )

    def relabel(self, found: Instances) -> Instances:
        """What was found, with labels of the data set, without what it knows no class for.

        Raises:
            ValueError: when boxes have no labels.
        """
        if not len(found):
            return found
        if found.labels is None:
            raise ValueError(f"{len(found)} boxes without labels; a detector says what each is")
        labels = np.array(self.labels, np.int64)[found.labels]
        return replace(found, labels=labels, names=None)[labels >= 0]

    @property
    def notes(self) -> list[str]:
        """What a reader of the scores should know."""
        notes = []
        if self.renamed:
            pairs = ", ".join(f"{one} is {other}" for one, other in self.renamed)
            notes.append(f"classes of other names in model and data set: {pairs}")
        if self.only_dataset:
            notes.append(
                f"the model does not know {_some(self.only_dataset)}: it misses all of them, and they "
                f"count as 0 in the means"
            )
        if self.only_model:
            notes.append(
                f"the data set does not know {_some(self.only_model)}: what the model finds of them is left "
                f"out"
            )
        return notes


def _find(name: str, model: Sequence[str], dataset: Sequence[str]) -> int:
    """The label of a name in a data set; -1 where there is none. No two names of the model get the same."""
    if name in dataset:
        return list(dataset).index(name)
    for simplify in (_plain, _meaning):
        for label, other in enumerate(dataset):
            rivals = [one for one in model if one == other or simplify(one) == simplify(other)]
            if rivals[:1] == [name] and other not in model:
                return label
    return -1


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _meaning(name: str) -> str:
    return _SYNONYMS.get(_plain(name), _plain(name))


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
