"""A pytest plugin that runs the collected tests against every mutant of some modules.

A mutant costs no interpreter: all is imported and collected once, and each mutant lives in a fork of that
process. First the tests run by themselves, and what statements each of them reaches is noted; a mutant is
then tried by those that reach it, the fastest first, until one fails.
"""

import ast
import functools
import gc
import importlib
import os
import pickle
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.mutations import Mutant, mutants
from tests.mutants.swapping import functions_of, swap, swap_codes

BASELINE_LIMIT = 3600
"""seconds for the tests by themselves"""
SLACK = 5
"""seconds that the tests of a mutant may take in addition to five times what they take without it"""


@dataclass
class Seen:
    """What a test did when nothing was changed: whether it passed, how long it took, what it reached."""

    passed: bool
    seconds: float
    reached: set[tuple[str, int]]


@dataclass
class Verdicts:
    """What became of the mutants of a module.

    Attributes:
        found: how many there are.
        killed: how many of those that were tried a test fails with, or does not come to an end.
        unfit: how many cannot be put in the module's place while it runs.
        survivors: those that all tests pass with.
    """

    found: int
    killed: int = 0
    unfit: int = 0
    survivors: list[Mutant] = field(default_factory=list)


class Trial:
    """The plugin; its `verdicts` are complete when pytest is done.

    Args:
        modules: their names.
        sample: how many mutants of a module are tried at most, 0 for all.
        seed: of the sample.
        examples: of hypothesis for each property.
        say: takes what there is to be told while it runs.
    """

    def __init__(
        self, modules: list[str], *, sample: int, seed: int, examples: int, say: Callable[[str], None]
    ) -> None:
        self.modules, self.sample, self.seed, self.examples, self.say = modules, sample, seed, examples, say
        self.verdicts: dict[str, Verdicts] = {}
        self.answer = 0

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Takes the place of running the tests."""
        items = [item for item in session.items if isinstance(item, pytest.Function)]
        for item in items:
            _limit_examples(item, self.examples)
        modules = [importlib.import_module(name) for name in self.modules]
        seen = _in_fork(lambda _: _watch(items, modules), BASELINE_LIMIT)
        if not isinstance(seen, list):
            raise pytest.UsageError("the tests do not run to their end by themselves")
        failing = [item.nodeid for item, its in zip(items, seen, strict=True) if not its.passed]
        self.say(f"{len(items)} tests; left out, for they fail by themselves: {len(failing)} {failing}")
        tests = [(item, its) for item, its in zip(items, seen, strict=True) if its.passed]
        for module in modules:
            self.verdicts[module.__name__] = self._judge(module, tests)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """In a mutant the first failure is answer enough; how it reads does not matter."""
        if self.answer and call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            os.write(self.answer, pickle.dumps("killed"))
            os._exit(0)

    def _judge(self, module: ModuleType, tests: list[tuple[pytest.Function, Seen]]) -> Verdicts:
        found = list(mutants(Path(str(module.__file__)).read_text()))
        verdicts = Verdicts(len(found))
        if self.sample and len(found) > self.sample:
            found = sorted(random.Random(self.seed).sample(found, self.sample), key=lambda m: m.lines)
        functions = functions_of(module)
        for mutant in found:
            chosen = sorted(
                (each for each in tests if _concerns(*each, mutant, module)), key=lambda each: each[1].seconds
            )

            def live(answer: int, mutant: Mutant = mutant, chosen: list = chosen) -> str:
                try:
                    swap(module, functions, mutant)
                except LookupError:
                    return "unfit"
                self.answer = answer
                _run([item for item, _ in chosen])
                return "survived"

            outcome = _in_fork(live, SLACK + 5 * sum(its.seconds for _, its in chosen))
            if outcome == "survived":
                verdicts.survivors.append(mutant)
                self.say(described(module.__name__, mutant, len(chosen)))
            verdicts.unfit += outcome == "unfit"
            verdicts.killed += outcome in ("killed", None)
        return verdicts


def described(name: str, mutant: Mutant, tests: int) -> str:
    """The change of a mutant as a difference of texts."""
    before, after = (text.splitlines() for text in (mutant.before, mutant.after))
    title = f"{name}:{mutant.lines[0]} {mutant.where} ({tests} tests)"
    return "\n".join([title, *(f"  - {line}" for line in before), *(f"  + {line}" for line in after)])


def _concerns(item: pytest.Function, its: Seen, mutant: Mutant, module: ModuleType) -> bool:
    """Whether a test may tell a mutant: it reaches what is changed, or imports values of a changed module."""
    first, last = mutant.lines if mutant.where else (0, sys.maxsize)
    return any(name == module.__name__ and first <= line <= last for name, line in its.reached) or (
        not mutant.where
        and any(
            value is not None and module.__dict__.get(name) is value
            for name, value in item.module.__dict__.items()
            if not isinstance(value, ModuleType) and not name.startswith("__")
        )
    )


def _limit_examples(item: pytest.Function, most: int) -> None:
    import hypothesis  # pytest wants to see it first, to rewrite its asserts

    settings = getattr(item.function, "_hypothesis_internal_use_settings", None)
    if settings is not None:
        item.function._hypothesis_internal_use_settings = hypothesis.settings(
            settings,
            max_examples=min(most, settings.max_examples),
            database=None,
            phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        )


def _run(items: list[pytest.Function]) -> None:
    for item, following in zip(items, [*items[1:], None], strict=False):
        runtestprotocol(item, log=False, nextitem=following)


def _watch(items: list[pytest.Function], modules: list[ModuleType]) -> list[Seen]:
    """Runs tests one by one, in modules whose statements say that they are reached."""
    reached: set[tuple[str, int]] = set()
    for module in modules:
        module.__dict__["__reached__"] = reached
        swap_codes(module, functions_of(module), _marked(module))
    caches = [each for each in gc.get_objects() if type(each) is functools._lru_cache_wrapper]
    result = []
    for item, following in zip(items, [*items[1:], None], strict=True):
        reached.clear()
        # what an earlier test left behind would hide who makes it
        for cache in caches:
            if str(cache.__module__).startswith("saccade"):
                cache.cache_clear()
        start = time.perf_counter()
        reports = runtestprotocol(item, log=False, nextitem=following)
        passed = not any(report.failed for report in reports)
        result.append(Seen(passed, time.perf_counter() - start, set(reached)))
    return result


def _marked(module: ModuleType) -> ast.Module:
    """The module, in whose functions every statement first says that it is reached."""
    tree = ast.parse(Path(str(module.__file__)).read_text())
    for node in ast.walk(tree):
        for part in ("body", "orelse", "finalbody"):
            statements = getattr(node, part, None)
            if isinstance(statements, list) and not isinstance(node, ast.Module | ast.ClassDef):
                marked: list[ast.stmt] = []
                for each in statements:
                    mark = f"__reached__.add(({module.__name__!r}, {each.lineno}))"
                    marked += [*ast.parse(mark).body, each]
                setattr(node, part, marked)
    return tree


def _in_fork(work: Callable[[int], object], limit: float) -> object:
    """What some work says in a fork of this process; None where it breaks, or takes longer than the limit.

    Args:
        work: takes the file descriptor to which it may write its pickled answer itself.
    """
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.close(read)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        # rather than copy the memory of all objects, which it touches
        gc.disable()
        signal.alarm(int(limit) + 1)
        try:
            answer = pickle.dumps(work(write))
            with os.fdopen(write, "wb") as pipe:
                pipe.write(answer)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(answer) if answer else None
