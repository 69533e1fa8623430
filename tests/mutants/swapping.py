"""Puts a mutant in the place of a module that is imported already, wherever it was imported to."""

import ast
import gc
import sys
import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from tests.mutants.mutations import Mutant

Functions = dict[str, list[types.FunctionType]]
"""the functions of a module by their qualified names, also those that decorators have wrapped"""


def functions_of(module: types.ModuleType) -> Functions:
    """All functions of a module that are alive."""
    found: Functions = defaultdict(list)
    for each in gc.get_objects():
        # lazy objects of third parties warn when `isinstance` asks for their class
        if type(each) is types.FunctionType and each.__code__.co_filename == module.__file__:
            found[each.__code__.co_qualname].append(each)
    return found


def swap(module: types.ModuleType, functions: Functions, mutant: Mutant) -> None:
    """Makes a module the mutant: a function gets another code, what stands outside of them is made again.

    Raises:
        LookupError: when no such function is alive, or the change is in the body of a class.
    """
    if not mutant.where:
        _swap_values(module, functions, mutant)
        return
    node = _definition(mutant)
    swap_codes(module, functions, mutant.tree, only=mutant.where)
    for function in functions[mutant.where]:
        _renew_defaults(function, node.args, _literal)


def swap_codes(module: types.ModuleType, functions: Functions, tree: ast.Module, only: str = "") -> None:
    """Gives functions of a module the code that a changed tree has for them.

    Raises:
        LookupError: when the only function to be changed is not alive.
    """
    if only and only not in functions:
        raise LookupError(only)
    for code in _codes(compile(tree, str(module.__file__), "exec")):
        if not only or code.co_qualname == only:
            for function in functions.get(code.co_qualname, ()):
                function.__code__ = code


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    """The codes of functions within a code, but not of those within functions."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if "<" not in constant.co_qualname:
                yield constant
            yield from _codes(constant)


def _definition(mutant: Mutant) -> ast.FunctionDef:
    node: ast.AST = mutant.tree
    for name in mutant.where.split("."):
        node = next(each for each in node.body if getattr(each, "name", None) == name)  # type: ignore[attr-defined]
    if not isinstance(node, ast.FunctionDef):
        raise LookupError(f"{mutant.where} is no function")
    return node


def _literal(default: ast.AST, was: object) -> object:
    """The value of a default, which stays what it was where that is no plain value."""
    try:
        return ast.literal_eval(default)
    except ValueError:
        return was


def _renew_defaults(
    function: types.FunctionType, arguments: ast.arguments, renewed: Callable[[Any, object], object]
) -> None:
    if function.__defaults__:
        pairs = zip(arguments.defaults, function.__defaults__, strict=True)
        function.__defaults__ = tuple(renewed(default, was) for default, was in pairs)
    if function.__kwdefaults__:
        written = dict(zip((a.arg for a in arguments.kwonlyargs), arguments.kw_defaults, strict=True))
        function.__kwdefaults__ = {n: renewed(written[n], was) for n, was in function.__kwdefaults__.items()}


def _swap_values(module: types.ModuleType, functions: Functions, mutant: Mutant) -> None:
    values = dict(module.__dict__)
    for statement in mutant.tree.body[mutant.top :]:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), values)
    for name, new in values.items():
        old = module.__dict__.get(name)
        if new is not old:
            for other in list(sys.modules.values()):
                if getattr(other, "__dict__", {}).get(name) is old:
                    other.__dict__[name] = new
    for node in mutant.tree.body:
        if isinstance(node, ast.FunctionDef):
            for function in functions.get(node.name, ()):
                _renew_defaults(
                    function, node.args, lambda default, was: values.get(getattr(default, "id", ""), was)
                )
