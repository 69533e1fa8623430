"""`python -m docs.how.drawing [PAGE …]` draws the pictures of these pages, or of all."""

import sys

import torch

from docs.how.drawing import PICTURES, draw


def main() -> None:
    """Draws, and names what was drawn."""
    torch.set_num_threads(1)
    pages = sys.argv[1:] or list(PICTURES)
    if unknown := [page for page in pages if page not in PICTURES]:
        sys.exit(f"no page '{unknown[0]}'; there are {', '.join(PICTURES)}")
    for page in pages:
        for path in draw(page):
            sys.stdout.write(f"{path.relative_to(path.parents[3])}: {path.stat().st_size / 1000:.0f} kB\n")


main()
