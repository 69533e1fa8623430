"""What a configuration says about itself: every setting with its value and the string written under it."""

import ast
import dataclasses
import inspect
import textwrap
import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from saccade.core.skeleton import Skeleton


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a configuration, as `--set name=value` takes it.

    Attributes:
        name: dotted name.
        kind: its type in short, e.g. "float", "float | none", "(float, float), …".
        default: its value in this configuration.
        text: what it means, with its unit.
    """

    name: str
    kind: str
    default: Any
    text: str

    @property
    def typed(self) -> str:
        """The default as it is typed behind `name=`."""
        return _typed(self.default) or "()"


def settings(config: Any) -> list[Setting]:
    """The settings of a configuration in the order of its fields; those of groups have dotted names.

    A skeleton is one setting, by its name.
    """
    rows: list[Setting] = []
    texts, kinds = _field_texts(type(config)), get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if isinstance(value, Skeleton):
            rows.append(Setting(field.name, "skeleton", value.name, texts.get(field.name, "")))
        elif dataclasses.is_dataclass(value):
            rows += [dataclasses.replace(row, name=f"{field.name}.{row.name}") for row in settings(value)]
        else:
            rows.append(Setting(field.name, _kind(kinds[field.name]), value, texts.get(field.name, "")))
    return rows


def _typed(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(f"({_typed(part)})" if isinstance(part, tuple) else _typed(part) for part in value)
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _field_texts(kind: type) -> dict[str, str]:
    """The string literal that stands under each field of a dataclass, bases first."""
    texts: dict[str, str] = {}
    for base in reversed([k for k in kind.__mro__ if dataclasses.is_dataclass(k)]):
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
                and isinstance(below.value.value, str)
            ):
                texts[field.target.id] = " ".join(below.value.value.split())
    return texts


def _kind(annotation: Any) -> str:
    parts = get_args(annotation)
    if get_origin(annotation) is Literal:
        return " | ".join(map(str, parts))
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(map(_kind, parts))
    if get_origin(annotation) is tuple:
        kinds = map(_kind, parts)
        return ", ".join(f"({kind})" if "," in kind or "|" in kind else kind for kind in kinds)
    return {types.NoneType: "none", Ellipsis: "…"}.get(annotation) or str(annotation.__name__)
