"""What is to be released, where `SACCADE_TEST_DIST` names its folder: complete, small, and nothing else."""

import email
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
DIST = Path(os.environ.get("SACCADE_TEST_DIST", "nowhere"))
WHEELS = sorted(DIST.glob("saccade-*.whl"))
LARGEST_WHEEL = 25_000_000
"""bytes"""
NEEDED = (
    "py.typed",
    "data/splits",
    "deploy/demo.html",
    "evaluation/report/page",
    "live/page/index.html",
    "live/page/page.js",
    "zoo/shipped/dimp_nano.safetensors",
)
"""what is no code, and what it would not do without"""

pytestmark = pytest.mark.skipif(not WHEELS, reason="nothing to release; make dist makes it and tests it")


@pytest.fixture(scope="module")
def wheel():
    (path,) = WHEELS
    with zipfile.ZipFile(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def source() -> list[str]:
    (path,) = DIST.glob("saccade-*.tar.gz")
    with tarfile.open(path) as opened:
        return [name.partition("/")[2] for name in opened.getnames()]


def files_of(folder: str) -> set[str]:
    paths = (path for path in (REPOSITORY / folder).rglob("*") if path.is_file())
    return {p.relative_to(REPOSITORY).as_posix() for p in paths if "__pycache__" not in p.parts}


def test_the_wheel_is_small():
    assert WHEELS[0].stat().st_size < LARGEST_WHEEL


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == {name.removeprefix("src/") for name in files_of("src/saccade")}


@pytest.mark.parametrize("name", NEEDED)
def test_what_is_no_code_is_there(wheel, name):
    found = [item for item in wheel.infolist() if item.filename.startswith(f"saccade/{name}")]
    assert found
    assert name == "py.typed" or all(item.file_size for item in found)


def test_the_wheel_says_what_it_is(wheel):
    (path,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    about = email.message_from_bytes(wheel.read(path))
    assert about["Name"] == "saccade"
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Version"] == WHEELS[0].name.split("-")[1] != "0.0.0"
    assert {"mot", "train", "live", "export", "cluster", "all"} <= set(about.get_all("Provides-Extra"))
    assert any(name.endswith("licenses/LICENSE") for name in wheel.namelist())


def test_the_source_can_be_tested_and_documented(source):
    assert {"Makefile", "pyproject.toml", "mkdocs.yml", "api.txt", "CITATION.cff", "LICENSE"} <= set(source)
    for folder in ("src", "tests", "docs", "examples"):
        assert files_of(folder) <= set(source)
    assert not [name for name in source if name.startswith((".venv", "runs", "site", "dist"))]
