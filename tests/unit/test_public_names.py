"""The public face: names cannot vanish unnoticed, and importing them costs nothing."""

import json
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from pathlib import Path

import pytest

import saccade
from tests.api import public_names

REPOSITORY = Path(__file__).resolve().parents[2]
NUMERIC = ("core", "ops", "solvers", "nets", "online", "trackers", "segmenters")
HEAVY = {
    "av",
    "cv2",
    "lightning",
    "matplotlib",
    "numpy",
    "rich",
    "supervision",
    "torch",
    "torchvision",
    "typer",
}


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_public_names_are_those_of_the_snapshot():
    assert public_names() == (REPOSITORY / "api.txt").read_text().split(), (
        "public names have changed; if that is meant, say so in CHANGELOG.md and run: make api"
    )


def test_every_public_name_is_there():
    for name in public_names():
        module, _, attribute = name.rpartition(".")
        assert hasattr(import_module(module), attribute), name


def test_the_public_names_are_sorted():
    assert sorted(saccade.__all__) == saccade.__all__
    assert dir(saccade) == saccade.__all__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'saccade' has no attribute 'trak'"):
        _ = saccade.trak


def test_the_version_is_that_of_what_is_installed():
    assert saccade.__version__ == metadata.version("saccade")


def test_a_tree_that_nobody_has_installed_says_so():
    """As the build does of a tree without git, so that both have one name for it."""
    source = REPOSITORY / "src"
    said = subprocess.run(
        [sys.executable, "-S", "-c", "import saccade; print(saccade.__version__)"],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    assert said == settings["tool"]["hatch"]["version"]["fallback-version"]


def test_import_loads_nothing_heavy():
    loaded = set(json.loads(python("import json, sys, saccade; print(json.dumps(list(sys.modules)))")))
    assert "saccade" in loaded
    assert not loaded & HEAVY


BLOCK = """
import sys
import tomllib
from importlib import import_module

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"av", "matplotlib", "rich", "supervision", "typer"}:
            raise ModuleNotFoundError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
for name in sys.argv[1:]:
    import_module(name)
"""


def test_tracking_needs_nothing_beyond_torch_numpy_and_opencv():
    sources = REPOSITORY / "src"
    files = [file for folder in NUMERIC for file in (sources / "saccade" / folder).rglob("*.py")]
    modules = {
        ".".join(file.relative_to(sources).with_suffix("").parts).removesuffix(".__init__") for file in files
    }
    assert {"saccade.core", "saccade.online.run", "saccade.trackers.still"} <= modules
    python(BLOCK, *sorted(modules))


def test_the_block_blocks():
    with pytest.raises(AssertionError, match="av is blocked"):
        python(BLOCK, "av")
