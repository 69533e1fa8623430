"""A configuration's own account of itself."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from saccade.core import COCO_17, MPII_16, Skeleton
from saccade.core.config import override
from saccade.core.settings import settings
from saccade.zoo import CATALOG
from saccade.zoo.card import card


@dataclass(frozen=True, kw_only=True)
class Group:
    rate: float = 0.5
    """share of the newest, in [0, 1]"""
    plain: tuple[int, ...] = (1, 2)


@dataclass(frozen=True, kw_only=True)
class Base:
    first: int = 1
    """of the base"""


@dataclass(frozen=True, kw_only=True)
class Config(Base):
    group: Group = field(default_factory=Group)
    choice: str | None = None
    """a text
    over two lines"""


def test_every_field_with_its_text_groups_dotted():
    rows = {row.name: row for row in settings(Config(group=Group(rate=0.25)))}
    assert list(rows) == ["first", "group.rate", "group.plain", "choice"]
    assert rows["first"].text == "of the base"
    assert (rows["group.rate"].default, rows["group.rate"].kind) == (0.25, "float")
    assert rows["group.rate"].text == "share of the newest, in [0, 1]"
    assert (rows["group.plain"].kind, rows["group.plain"].text) == ("int, …", "")
    assert (rows["choice"].kind, rows["choice"].text) == ("str | none", "a text over two lines")


@dataclass(frozen=True, kw_only=True)
class Kinds:
    shifts: tuple[tuple[float, float], ...] = ((1.0, 2.0), (0.5, 0.0))
    order: tuple[Literal["first", "second"], ...] = ("second", "first")
    mode: Literal["sharp", "soft"] = "soft"
    flips: bool = True
    limit: float | None = None
    none: tuple[int, ...] = ()


def test_types_are_short_and_values_as_they_are_typed():
    assert {row.name: (row.kind, row.typed) for row in settings(Kinds())} == {
        "shifts": ("(float, float), …", "(1.0,2.0),(0.5,0.0)"),
        "order": ("(first | second), …", "second,first"),
        "mode": ("sharp | soft", "soft"),
        "flips": ("bool", "true"),
        "limit": ("float | none", "none"),
        "none": ("int, …", "()"),
    }
    flat = {row.name: row.typed for row in settings(Kinds()) if row.name != "shifts"}
    assert override(Kinds(mode="sharp", flips=False, limit=1.0, none=(1,)), flat) == Kinds()


@pytest.mark.parametrize("name", CATALOG)
def test_every_setting_of_every_model_is_documented_and_can_be_set(name):
    config = None
    for setting in card(name).settings:
        assert setting.text, f"{name}: {setting.name} has no string under it"
    from importlib import import_module

    row = CATALOG[name]
    config = getattr(import_module(row.method), row.preset)
    assert override(config, {s.name: s.default for s in card(name).settings}) == config


@dataclass(frozen=True, kw_only=True)
class Posed:
    skeleton: Skeleton = MPII_16
    """the key points"""


def test_a_skeleton_is_one_setting():
    (row,) = settings(Posed())
    assert (row.name, row.kind, row.default, row.typed) == ("skeleton", "skeleton", "mpii16", "mpii16")
    assert override(Posed(skeleton=COCO_17), {row.name: row.typed}) == Posed()
