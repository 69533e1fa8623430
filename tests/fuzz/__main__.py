"""The fuzzer: every parser of foreign data against many cases, and a table of what became of them.

    python -m tests.fuzz [--cases N] [--workers N] [--seed S] [--only NAME …] [--case INDEX]

A case that breaks the law is named by target, seed and number, with which it runs again alone: `--only boxes
--seed 0 --case 123`. Workers do the parsing, so that a crash or an endless loop is found out as well; memory
beyond a limit is refused to them.
"""

import argparse
import multiprocessing
import sys
from collections import deque

from rich.console import Console
from rich.table import Table

from tests.fuzz.crew import PORTION, Score, run, scratch_folder
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

SHOWN = 3
"""failures of a target that are printed"""


def main() -> int:
    """Runs the cases, prints the table and what failed; 1 where something did."""
    options = _options()
    chosen = [target for target in TARGETS if not options.only or target.name in options.only]
    if options.case is not None:
        return _run_alone(chosen, options.seed, options.case)
    scores = {target.name: Score() for target in chosen}
    queue = deque(
        (target.name, start, min(start + PORTION, options.cases))
        for target in chosen
        for start in range(0, options.cases, PORTION)
    )
    console = Console(width=None if sys.stdout.isatty() else 110)

    def tell(name: str) -> None:
        # all of them take an hour: what is known is said
        score = scores[name]
        if score.outcomes.total() == options.cases:
            console.print(f"{name}: {score.outcomes['broken']:,} broken", style="dim", highlight=False)
            for failure in score.failures[:SHOWN]:
                console.print(failure, markup=False, soft_wrap=True)

    run(queue, scores, options.workers, options.seed, tell)
    _show(scores, console)
    return int(any(score.failures for score in scores.values()))


def _run_alone(chosen: list[Target], seed: int, index: int) -> int:
    """Shows one case, and lets whatever it raises escape."""
    for target in chosen:
        case = target.case(seed, index)
        Console().print(case.data, markup=False, soft_wrap=True)
        with scratch_folder() as folder:
            target.furnish(folder)
            Console().print(case.run(folder))
    return 0


def _show(scores: dict[str, Score], console: Console) -> None:
    table = Table("parser", "cases", "accepted", "refused", "broken", "seconds")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, score in scores.items():
        counts = [score.outcomes[key] for key in ("accepted", "refused", "broken")]
        table.add_row(name, *(f"{n:,}" for n in (score.outcomes.total(), *counts)), f"{score.seconds:.0f}")
    console.print(table)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=100_000, help="of each parser")
    parser.add_argument("--workers", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    names = [target.name for target in TARGETS]
    parser.add_argument("--only", nargs="*", choices=names, help="these parsers")
    parser.add_argument("--case", type=int, help="this one alone")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
