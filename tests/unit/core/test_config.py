"""Configurations: overridden by dotted names, kept as JSON, and never silently misread."""

import json
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core import COCO_17, MPII_16, SKELETONS, ConfigError, Skeleton
from saccade.core.config import from_json, override, to_json


class Kind(StrEnum):
    FAST = "fast"
    EXACT = "exact"


class Level(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    size: int = 50
    rates: tuple[float, ...] = (0.1, 0.2)
    shape: tuple[int, str] = (3, "x")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    memory: Memory = Memory()
    memories: tuple[Memory, ...] = ()
    threshold: float = 0.5
    displacement_scale: float = 1.0
    augment: bool = True
    kind: Kind = Kind.FAST
    level: Level = Level.LOW
    border: Literal["zero", "replicate"] = "zero"
    limit: int | None = None
    width: int | float = 3
    note: str = field(default="")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("memory.size", "100", 100),
        ("memory.size", 100, 100),
        ("memory.rates", "0.5, 1", (0.5, 1.0)),
        ("memory.rates", "(0.5,)", (0.5,)),
        ("memory.rates", [], ()),
        ("memory.shape", "4,y", (4, "y")),
        ("threshold", "1e-3", 1e-3),
        ("threshold", 1, 1.0),
        ("augment", "no", False),
        ("augment", "True", True),
        ("augment", False, False),
        ("kind", "exact", Kind.EXACT),
        ("kind", Kind.EXACT, Kind.EXACT),
        ("level", 2, Level.HIGH),
        ("border", "replicate", "replicate"),
        ("limit", "none", None),
        ("limit", None, None),
        ("limit", "7", 7),
        ("width", "2.5", 2.5),
        ("width", "2", 2),
        ("note", "none", "none"),
        ("memory", Memory(size=1), Memory(size=1)),
        ("memory", {"size": 1}, Memory(size=1)),
    ],
)
def test_values_are_read_as_their_fields_kind(name, text, value):
    config = override(Config(), {name: text})
    for part in name.split("."):
        config = getattr(config, part)
    assert config == value
    assert type(config) is type(value)


def test_the_rest_stays_and_so_does_the_original():
    config = Config(note="mine")
    changed = override(config, {"memory.size": 100, "threshold": 0.1})
    assert changed == Config(note="mine", memory=Memory(size=100), threshold=0.1)
    assert config == Config(note="mine")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "dispalcement_scale",
            1,
            "no setting 'dispalcement_scale'.*did you mean 'displacement_scale'?",
        ),
        ("memory.siez", 1, r"no setting 'memory.siez'; did you mean 'size'?"),
        ("memory.zzz", 1, "there are: rates, shape, size"),
        ("threshold.low", 1, "'threshold.low': 'low' is looked for in a float, which has no fields"),
        ("limit.low", 1, "'limit.low': 'limit' is none here, so it has no 'low' to set"),
        ("", 1, "no setting ''"),
        ("memory.size", "many", "'memory.size': expected int, got 'many'"),
        ("memory.size", 1.5, "expected int, got 1.5"),
        ("memory.size", "1.5", "expected int, got '1.5'"),
        ("memory.size", True, "expected int, got True"),
        ("memory", 3, "expected Memory, got 3"),
        ("memory", {"siez": 3}, "did you mean 'size'?"),
        ("memory.rates", "0.1,high", "expected float, got 'high'"),
        ("memory.rates", 0.1, "expected values separated by commas, got 0.1"),
        ("memory.shape", "1", "expected 2 values"),
        ("threshold", None, "expected float, got None"),
        ("threshold", True, "expected float, got True"),
        ("augment", "maybe", "expected true or false, got 'maybe'"),
        ("augment", 1, "expected true or false, got 1"),
        ("kind", "slow", "expected Kind, got 'slow'"),
        ("border", "mirror", "expected one of 'zero', 'replicate', got 'mirror'"),
        ("limit", "few", "expected int, got 'few'"),
        ("width", "wide", "expected int or float, got 'wide'"),
        ("note", 3, "expected str, got 3"),
    ],
)
def test_what_does_not_fit_is_refused(name, value, message):
    with pytest.raises(ConfigError, match=message):
        override(Config(), {name: value})


def test_a_file_with_an_unknown_field_is_refused():
    with pytest.raises(ConfigError, match=r"no setting 'Config.treshold'; did you mean 'threshold'?"):
        from_json(Config, {"treshold": 1})


def test_only_json_values_are_written():
    assert to_json(Config(memories=(Memory(),), kind=Kind.EXACT, level=Level.HIGH)) == {
        "memory": {"size": 50, "rates": [0.1, 0.2], "shape": [3, "x"]},
        "memories": [{"size": 50, "rates": [0.1, 0.2], "shape": [3, "x"]}],
        "threshold": 0.5,
        "displacement_scale": 1.0,
        "augment": True,
        "kind": "exact",
        "level": 2,
        "border": "zero",
        "limit": None,
        "width": 3,
        "note": "",
    }
    assert to_json({"a": (Kind.FAST,)}) == {"a": ["fast"]}


numbers = st.floats(allow_nan=False)
memories = st.builds(
    Memory, size=st.integers(), rates=st.lists(numbers).map(tuple), shape=st.tuples(st.integers(), st.text())
)
configs = st.builds(
    Config,
    memory=memories,
    memories=st.lists(memories, max_size=3).map(tuple),
    threshold=numbers,
    augment=st.booleans(),
    kind=st.sampled_from(Kind),
    level=st.sampled_from(Level),
    border=st.sampled_from(["zero", "replicate"]),
    limit=st.none() | st.integers(),
    width=st.integers() | numbers,
    note=st.text(),
)


@given(config=configs)
def test_there_and_back_through_json(config):
    assert from_json(Config, json.loads(json.dumps(to_json(config)))) == config


@given(
    name=st.sampled_from(
        ["memory", "memories", "threshold", "augment", "kind", "level", "limit", "width", "x"]
    )
    | st.text(),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_anything_is_read_or_refused(name, value):
    try:
        config = from_json(Config, {name: value})
    except ConfigError:
        return
    assert isinstance(config, Config)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    skeleton: Skeleton = COCO_17


def test_skeletons_have_names() -> None:
    assert override(Posed(), {"skeleton": "mpii16"}) == Posed(skeleton=MPII_16)
    with pytest.raises(ConfigError, match="no skeleton 'mpii17'; did you mean 'mpii16'"):
        override(Posed(), {"skeleton": "mpii17"})


@pytest.mark.parametrize("skeleton", SKELETONS.values(), ids=SKELETONS)
def test_skeletons_survive_json(skeleton: Skeleton) -> None:
    config = Posed(skeleton=skeleton)
    assert from_json(Posed, json.loads(json.dumps(to_json(config)))) == config
