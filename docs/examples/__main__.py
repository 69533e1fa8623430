"""`python -m docs.examples [NAME …]` writes all notebooks, and runs the named examples for their pictures."""

import sys

from docs.examples import SCRIPTS, write_notebook, write_picture


def main() -> None:
    """Writes, and names what was written."""
    if unknown := [name for name in sys.argv[1:] if name not in SCRIPTS]:
        sys.exit(f"no example '{unknown[0]}'; there are {', '.join(SCRIPTS)}")
    for path in (*map(write_notebook, SCRIPTS), *map(write_picture, sys.argv[1:])):
        sys.stdout.write(f"{path.relative_to(path.parents[3])}: {path.stat().st_size / 1000:.0f} kB\n")


main()
