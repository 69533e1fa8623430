"""What can be wrong in one place of a module: its mutants, each a changed syntax tree."""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

SWAPPED_OPERATORS: dict[type, tuple[type, ...]] = {
    # the boundary, and the other way round
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
SWAPPED_NAMES = {
    one: other
    for pair in (
        "min max",
        "minimum maximum",
        "argmin argmax",
        "amin amax",
        "any all",
        "floor ceil",
        "zeros ones",
        "zeros_like ones_like",
        "sum mean",
        "cumsum cumprod",
        "sin cos",
        "left right",
        "union intersection",
        "append extend",
    )
    for one, other in (pair.split(), pair.split()[::-1])
}
Edit = Callable[[ast.AST], None]
Path = list[tuple[str, int | None]]
"""the way from a module to a node: names of fields, and numbers in those that are lists"""

# nobody tests types, decorators or how messages read
_SILENT: dict[type, tuple[str, ...]] = {
    ast.AnnAssign: ("annotation",),
    ast.arg: ("annotation",),
    ast.FunctionDef: ("decorator_list", "returns"),
    ast.ClassDef: ("decorator_list", "bases", "keywords"),
    ast.Raise: ("exc", "cause"),
    ast.Assert: ("test", "msg"),
    ast.Import: ("names",),
    ast.ImportFrom: ("names", "level"),
    ast.JoinedStr: ("values",),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to a module.

    Attributes:
        tree: of the changed module.
        top: number of the statement of the module in which the change is.
        where: qualified name of the function, empty at the module's level.
        lines: first and last line of the changed statement; of a block, those of its head.
        before: the statement as it was.
        after: the statement as it is.
    """

    tree: ast.Module
    top: int
    where: str
    lines: tuple[int, int]
    before: str
    after: str


def mutants(source: str) -> Iterator[Mutant]:
    """All mutants of a module that differ from it, in the order of its lines."""
    tree = ast.parse(source)
    for top, statement in enumerate(tree.body):
        for path, where, edits in _sites(statement, [("body", top)], ""):
            for edit in edits:
                yield from _changed(tree, top, where, path, edit)


def _sites(node: ast.AST, path: Path, where: str) -> Iterator[tuple[Path, str, list[Edit]]]:
    """Every node that can be changed, by its path from the module, with its changes."""
    # what stands in a function within a function is in the outer one
    if isinstance(node, ast.FunctionDef | ast.ClassDef) and not where.endswith("()"):
        where = f"{where}.{node.name}".lstrip(".") + "()" * isinstance(node, ast.FunctionDef)
    if edits := list(_edits(node)):
        yield path, where.removesuffix("()"), edits
    if isinstance(node, ast.keyword) and node.arg == "strict":
        # of zip: says what must not happen
        return
    for field, value in ast.iter_fields(node):
        if field in _SILENT.get(type(node), ()):
            continue
        several = value if isinstance(value, list) else [value]
        for number, child in enumerate(several):
            if isinstance(child, ast.AST) and not _is_docstring(child):
                step = (field, number if isinstance(value, list) else None)
                yield from _sites(child, [*path, step], where)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _changed(tree: ast.Module, top: int, where: str, path: Path, edit: Edit) -> Iterator[Mutant]:
    changed = copy.copy(tree)
    changed.body = [*tree.body[:top], copy.deepcopy(tree.body[top]), *tree.body[top + 1 :]]
    statement, was = changed.body[top], tree.body[top]
    old: Any = tree
    node: Any = changed
    for field, number in path:
        node, old = getattr(node, field), getattr(old, field)
        if number is not None:
            node, old = node[number], old[number]
        if isinstance(node, ast.stmt):
            statement, was = node, old
    before = _text(was)
    edit(node)
    ast.fix_missing_locations(changed)
    if (after := _text(statement)) != before:
        yield Mutant(changed, top, where, _lines(was), before, after)


def _text(statement: ast.AST) -> str:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.If | ast.For | ast.While | ast.With):
        statement = copy.copy(statement)
        statement.body = [ast.Pass()]  # type: ignore[attr-defined]
        if hasattr(statement, "orelse"):
            statement.orelse = []
    return ast.unparse(statement)


def _lines(statement: Any) -> tuple[int, int]:
    if isinstance(statement, ast.FunctionDef):
        # defaults are known by whoever calls: the body's lines
        return statement.lineno, statement.end_lineno or statement.lineno
    if body := getattr(statement, "body", None):
        return statement.lineno, max(statement.lineno, body[0].lineno - 1)
    return statement.lineno, statement.end_lineno


def _edits(node: ast.AST) -> Iterator[Edit]:
    """The changes that a node allows."""
    match node:
        case ast.Compare(ops=ops):
            for number, operator in enumerate(ops):
                for other in SWAPPED_OPERATORS[type(operator)]:
                    yield partial(_set_item, "ops", number, other())
        case ast.BoolOp(op=op) | ast.BinOp(op=op) | ast.AugAssign(op=op):
            for other in SWAPPED_OPERATORS.get(type(op), ()):
                yield partial(_set, "op", other())
        case ast.Constant(value=bool(value)):
            yield partial(_set, "value", not value)
        case ast.Constant(value=int(value)):
            yield partial(_set, "value", value + 1)
            yield partial(_set, "value", value - 1)
        case ast.Constant(value=float(value)):
            yield partial(_set, "value", value + 1)
            if value:
                yield partial(_set, "value", value * 0.9)
        case ast.Constant(value=str(value)) if value in SWAPPED_NAMES:
            yield partial(_set, "value", SWAPPED_NAMES[value])
        case ast.Name(id=name) if name in SWAPPED_NAMES:
            yield partial(_set, "id", SWAPPED_NAMES[name])
        case ast.Attribute(attr=name) if name in SWAPPED_NAMES:
            yield partial(_set, "attr", SWAPPED_NAMES[name])
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
            yield _drop_operator
        case ast.IfExp() | ast.If() | ast.While():
            yield _negate
        case ast.Call(keywords=keywords):
            for number, keyword in enumerate(keywords):
                if keyword.arg not in (None, "strict"):
                    yield partial(_delete, "keywords", number)
        case ast.comprehension(ifs=ifs):
            for number in range(len(ifs)):
                yield partial(_delete, "ifs", number)
    if _can_go(node):
        yield _become_pass
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield partial(_set, "value", ast.Constant(None))


def _can_go(node: ast.AST) -> bool:
    """Statements without which the rest still runs."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return False
        case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Break() | ast.Continue():
            return True
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute()]):
            return True
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            # a name that is made out of itself
            return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(value))
    return False


def _set(field: str, value: Any, node: ast.AST) -> None:
    setattr(node, field, value)


def _set_item(field: str, number: int, value: Any, node: ast.AST) -> None:
    getattr(node, field)[number] = value


def _delete(field: str, number: int, node: ast.AST) -> None:
    del getattr(node, field)[number]


def _negate(node: Any) -> None:
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _become(node: ast.AST, other: ast.AST) -> None:
    """The node is another from now on, wherever it hangs."""
    node.__class__ = type(other)
    for field in other._fields:
        setattr(node, field, getattr(other, field))


def _drop_operator(node: Any) -> None:
    _become(node, node.operand)


def _become_pass(node: ast.AST) -> None:
    _become(node, ast.Pass())
