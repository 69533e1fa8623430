"""Which sequences each data set and split consists of, as its authors published them."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any


def read_text_list(name: str) -> tuple[str, ...]:
    """The names in `<name>.txt`, one a line."""
    return tuple(_text(f"{name}.txt").split())


@cache
def read_table(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of `<name>.tsv` by the names in its heading; a cell that holds `-` is empty."""
    head, *lines = (line.split("\t") for line in _text(f"{name}.tsv").splitlines())
    return tuple(
        {key: "" if cell == "-" else cell for key, cell in zip(head, cells, strict=True)} for cells in lines
    )


@cache
def read_json_list(name: str) -> Any:
    """What stands in `<name>.json`; it is shared, and not to be changed."""
    return json.loads(_text(f"{name}.json"))


def attribute_names(name: str) -> Mapping[str, str]:
    """What the attributes of a data set's sequences mean, by their letters."""
    names: Mapping[str, str] = read_json_list("attributes")[name]
    return names


def words(cell: str) -> tuple[str, ...]:
    """The words of a cell, which are separated by commas."""
    return tuple(cell.split(",")) if cell else ()


def _text(file: str) -> str:
    return files(__name__).joinpath(file).read_text(encoding="utf-8")
