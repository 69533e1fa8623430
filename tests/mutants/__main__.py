"""Mutation tests: which changes to a module does no test notice?

    python -m tests.mutants [--part PART …] [--only MODULE …] [--sample N] [--seed S] [--examples N]

A part is a row of `PARTS`: modules, and the tests that should tell them from others. No file is changed. What
survives is printed with its difference as soon as it is known, and a table in the end.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.mutants.trial import Trial, Verdicts

EVALUATION = "tests/unit/evaluation"
METRICS = (
    "curves davis dialects got10k_scores groups metric_boxes mot one_pass oxuva regions statistics "
    "vot_anchors vot_curves vot_long_term vot_resets youtube_vos"
)
PARTS: dict[str, tuple[str, list[str]]] = {
    "metrics": (
        "saccade/evaluation/metrics",
        [f"{EVALUATION}/test_{name}.py" for name in METRICS.split()] + ["tests/property/test_metrics.py"],
    ),
    "detection": ("saccade/evaluation/detection", [f"{EVALUATION}/detection"]),
    "pose": ("saccade/evaluation/pose", [f"{EVALUATION}/pose"]),
    "ops": ("saccade/ops", ["tests/unit/ops", "tests/property/test_pose_laws.py"]),
    "solvers": (
        "saccade/solvers",
        ["tests/property/test_solvers.py", "tests/property/test_steepest_descent.py"],
    ),
}
"""the folder of the modules, and the tests"""


def main() -> None:
    """Tries the mutants of all parts that are named, each part in an interpreter of its own."""
    options = _options()
    if len(options.part) == 1:
        _try(options.part[0], options)
        return
    # pytest runs once in a process
    for part in options.part:
        subprocess.run([sys.executable, "-m", "tests.mutants", *sys.argv[1:], "--part", part], check=True)


def _try(part: str, options: argparse.Namespace) -> None:
    # what tests print is not wanted, what survives is
    console = Console(file=os.fdopen(os.dup(1), "w"), soft_wrap=True)
    folder, tests = PARTS[part]
    modules = [
        f"{folder.replace('/', '.')}.{path.stem}"
        for path in sorted(Path("src", folder).glob("*.py"))
        if path.stem != "__init__" and (not options.only or path.stem in options.only)
    ]
    trial = Trial(
        modules,
        sample=options.sample,
        seed=options.seed,
        examples=options.examples,
        say=lambda text: console.print(text, markup=False, highlight=False),
    )
    pytest.main(["-q", "-p", "no:cacheprovider", "-o", "timeout=0", *tests], plugins=[trial])
    console.print(_table(trial.verdicts))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutation tests.")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS), help="all by default")
    parser.add_argument("--only", nargs="+", default=(), help="modules of the parts, by their last names")
    parser.add_argument("--sample", type=int, default=0, help="mutants of a module at most; 0: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument("--examples", type=int, default=30, help="of each property")
    return parser.parse_args()


def _table(verdicts: dict[str, Verdicts]) -> Table:
    table = Table("module", "mutants", "killed", "survived", "unfit")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, its in verdicts.items():
        counts = (its.found, its.killed, len(its.survivors), its.unfit)
        table.add_row(name, *(str(count) for count in counts))
    return table


if __name__ == "__main__":
    main()
