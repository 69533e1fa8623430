"""What the constructors of the original trackers, and the values that they are given, mean here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from saccade.core.config import override
from saccade.core.errors import ConfigError, WeightsError, did_you_mean
from saccade.weights.checkpoint import Constructor, PlainValue

C = TypeVar("C")
Limits = tuple[int | float, int | float]
"""least and greatest value"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker(Generic[C]):
    """A constructor of the original: what it makes by default, and which of its values change what.

    Attributes:
        released: the configuration of the network that it made for the published weights.
        fields: dotted names of that configuration's fields, by the names of the values that set them.
        fixed: what every network of this maker has in common; there is no other here.
        training_only: values without any influence on a trained network.
        ranges: limits of numbers; beyond them they would make no network, fill the memory, or have NaN for
            scores.
        zeros: values that may be 0 although their limits leave it out.
        words: the original's words for what has another name here.
    """

    released: C
    fields: Mapping[str, str]
    fixed: Mapping[str, Any]
    training_only: Collection[str]
    ranges: Mapping[str, Limits]
    zeros: Collection[str] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def configuration(self, constructor: Constructor) -> C:
        """What a constructor makes; values that it is not given are those of the released network.

        Raises:
            WeightsError: for a value that no network here has.
        """
        config = self.released
        for name, value in constructor.kwargs.items():
            said = f"{constructor.name}({name}={value!r})"
            if name in self.fields and value is not None:
                self._check_range(said, name, value)
                config = self._changed(config, said, name, value)
            elif name in self.fixed and value not in (self.fixed[name], (self.fixed[name],)):
                raise WeightsError(
                    f"{said}: saccade knows such networks with {name}={self.fixed[name]!r} only"
                )
            elif name not in self.fields and name not in self.fixed and name not in self.training_only:
                known = [*self.fields, *self.fixed, *self.training_only]
                raise WeightsError(f"{said}: no value that saccade knows; {did_you_mean(name, known)}")
        return config

    def _check_range(self, said: str, name: str, value: PlainValue) -> None:
        if name not in self.ranges or (value == 0 and name in self.zeros):
            return
        low, high = self.ranges[name]
        for number in value if isinstance(value, tuple) else (value,):
            if not (isinstance(number, int | float) and low <= number <= high):  # as NaN is not
                raise WeightsError(f"{said}: expected a number from {low} to {high}")

    def _changed(self, config: C, said: str, name: str, value: PlainValue) -> C:
        own = self.words.get(value, value) if isinstance(value, str) else value
        try:
            return override(config, {self.fields[name]: own})
        except ConfigError as error:
            raise WeightsError(f"{said}: {error}") from None
