"""Configurations: frozen dataclasses, overridden by dotted names, kept as JSON."""

import dataclasses
import sys
import types
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from saccade.core.errors import ConfigError, did_you_mean
from saccade.core.numerals import decimal, whole
from saccade.core.skeleton import Skeleton
from saccade.core.skeletons import find_skeleton

C = TypeVar("C")


def override(config: C, changes: Mapping[str, Any]) -> C:
    """A copy of a configuration with some fields changed.

    Args:
        config: a frozen dataclass, whose fields may be dataclasses again.
        changes: dotted field name to value, e.g. `{"memory.size": 100}`; text is read as the field's type,
            as in `--set memory.size=100`, and for a skeleton as the name of one.

    Raises:
        ConfigError: for a field that does not exist (with the nearest name that does) or a value of the
            wrong kind.
    """
    for name, value in changes.items():
        config = _set(config, name.split("."), value, name)
    return config


def to_json(config: Any) -> Any:
    """A configuration as JSON values: dataclasses become dictionaries, tuples lists."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return {f.name: to_json(getattr(config, f.name)) for f in dataclasses.fields(config)}
    if isinstance(config, Enum):
        return config.value
    if isinstance(config, list | tuple):
        return [to_json(v) for v in config]
    if isinstance(config, Mapping):
        return {k: to_json(v) for k, v in config.items()}
    return config


def from_json(kind: type[C], values: Mapping[str, Any]) -> C:
    """The configuration that `to_json` wrote.

    Raises:
        ConfigError: for a field that `kind` does not have, or a value of the wrong kind.
    """
    return _read(kind, values, kind.__name__)


def _set(config: Any, path: list[str], value: Any, name: str) -> Any:
    head, *rest = path
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        if config is None:
            owner = name.removesuffix("." + ".".join(path))
            raise ConfigError(f"'{name}': '{owner}' is none here, so it has no '{head}' to set")
        raise ConfigError(
            f"'{name}': '{head}' is looked for in a {type(config).__name__}, which has no fields"
        )
    kind = _field_kind(type(config), head, name)
    new = _set(getattr(config, head), rest, value, name) if rest else _read(kind, value, name)
    return dataclasses.replace(config, **{head: new})


def _field_kind(kind: type, field: str, name: str) -> Any:
    names = [f.name for f in dataclasses.fields(kind)]
    if field not in names:
        raise ConfigError(f"no setting '{name}'; {did_you_mean(field, names)}")
    return get_type_hints(kind)[field]


def _read(kind: Any, value: Any, name: str) -> Any:
    """`value` as a `kind`: exactly, or from text or JSON."""
    if get_origin(kind) in (Union, types.UnionType):
        return _read_union(kind, value, name)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, kind):
            return value
        if kind is Skeleton and isinstance(value, str):
            return find_skeleton(value)
        if isinstance(value, Mapping):
            return kind(
                **{k: _read(_field_kind(kind, k, f"{name}.{k}"), v, f"{name}.{k}") for k, v in value.items()}
            )
    elif get_origin(kind) is tuple:
        return _read_tuple(kind, value, name)
    elif get_origin(kind) is not None:  # Literal
        if value in get_args(kind):
            return value
        raise _wrong(name, value, "one of " + ", ".join(map(repr, get_args(kind))))
    elif isinstance(kind, type):
        return _read_scalar(kind, value, name)
    raise _wrong(name, value, getattr(kind, "__name__", str(kind)))


def _read_union(kind: Any, value: Any, name: str) -> Any:
    options = [k for k in get_args(kind) if k is not type(None)]
    if type(None) in get_args(kind) and (value is None or value == "none"):
        return None
    for option in options:
        try:
            return _read(option, value, name)
        except ConfigError:
            continue
    raise _wrong(name, value, " or ".join(getattr(k, "__name__", str(k)) for k in options))


def _read_tuple(kind: Any, value: Any, name: str) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.strip("()[] ").split(",") if part.strip()]
    if not isinstance(value, list | tuple):
        raise _wrong(name, value, "values separated by commas")
    kinds = get_args(kind)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise _wrong(name, value, f"{len(kinds)} values")
    return tuple(_read(k, v, name) for k, v in zip(kinds, value, strict=True))


def _read_scalar(kind: type, value: Any, name: str) -> Any:
    if kind is bool:
        known = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in known:
            return known[value.lower()]
        raise _wrong(name, value, "true or false")
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    if isinstance(value, bool):
        raise _wrong(name, value, kind.__name__)
    if kind is float and isinstance(value, int) and abs(value) <= sys.float_info.max:
        return float(value)
    if isinstance(value, str) or issubclass(kind, Enum):
        try:
            return {int: whole, float: decimal}.get(kind, kind)(value)
        except ValueError:
            pass
    raise _wrong(name, value, kind.__name__)


def _wrong(name: str, value: Any, expected: str) -> ConfigError:
    return ConfigError(f"'{name}': expected {expected}, got {value!r}")
