"""The notebooks and pictures of these pages, made from `examples/*.py`: `python -m docs.examples`.

A script is the source: its cells begin with `# %%`, those of prose with `# %% [markdown]`. A notebook has the
same cells, without outputs, so that it is as small as the script and changes only with it.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import jupytext
import nbformat
from PIL import Image

PAGES = Path(__file__).parent
SCRIPTS = {path.stem: path for path in sorted((PAGES.parents[1] / "examples").glob("*.py"))}
"""by name"""
_WIDTH = 960
"""of a picture in pixels, at most"""
_KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def notebook(name: str) -> str:
    """The notebook of an example, as the JSON that belongs into its file."""
    made = jupytext.read(SCRIPTS[name])
    made.metadata = _KERNEL
    for number, cell in enumerate(made.cells):
        # else they are drawn anew each time
        cell.id = f"cell-{number}"
    return f"{nbformat.writes(made)}\n"


def write_notebook(name: str, folder: Path = PAGES / "notebooks") -> Path:
    """Writes the notebook of an example, and says where it is."""
    path = folder / f"{name}.ipynb"
    path.write_text(notebook(name), encoding="utf-8")
    return path


def write_picture(name: str, folder: Path = PAGES / "pictures") -> Path:
    """Runs an example in a folder of its own, keeps the one picture that it leaves, and says where it is."""
    with TemporaryDirectory() as desk:
        subprocess.run(
            [sys.executable, SCRIPTS[name]], cwd=desk, env=os.environ | {"MPLBACKEND": "agg"}, check=True
        )
        (left,) = Path(desk, "runs", "examples", name).glob("*.png")
        with Image.open(left) as picture:
            picture.thumbnail((_WIDTH, _WIDTH), Image.Resampling.LANCZOS)
            path = folder / f"{name}.webp"
            picture.convert("RGB").save(path, quality=80, method=6)
    return path
