"""Makes a page of an example: its prose and its code, and the picture that it leaves."""

from pathlib import Path

import jupytext


def example_page(script: Path) -> str:
    """The Markdown of an example; links are relative to the script.

    Args:
        script: in which cells begin with `# %%`.
    """
    title, _, rest = jupytext.writes(jupytext.read(script), fmt="md").partition("\n")
    folder, name = "../docs/examples", script.stem
    links = f"`python examples/{name}.py`, or as a [notebook]({folder}/notebooks/{name}.ipynb)."
    picture = f"![{title.removeprefix('# ')}]({folder}/pictures/{name}.webp)"
    return f"{title}\n\n{links}\n{rest}\n\n{picture}\n"
