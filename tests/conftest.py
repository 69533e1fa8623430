"""What every test may ask for: real data, golden numbers, a device, and the same seed each time."""

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import jaxtyping
import numpy as np
import pytest
import torch

hypothesis.settings.register_profile(
    "saccade", deadline=None, derandomize=True, print_blob=True, max_examples=60
)
hypothesis.settings.register_profile("fuzz", deadline=None, max_examples=5000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "saccade"))

REPOSITORY = Path(__file__).resolve().parents[1]


def _says_shapes(file: Path) -> bool:
    return "import jaxtyping" in (text := file.read_text()) or "from jaxtyping import" in text


# Where shapes stand in annotations they are checked at every call. Not in the command line: typer passes
# other classes than those that it wants as annotations.
jaxtyping.install_import_hook(
    [
        ".".join(file.relative_to(REPOSITORY / "src").with_suffix("").parts)
        for file in sorted((REPOSITORY / "src" / "saccade").rglob("*.py"))
        if file.stem != "__init__" and "cli" not in file.parts and _says_shapes(file)
    ],
    "beartype.beartype",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--device", default="cpu", help="device that the tests marked for a device run on")


def _folder(variable: str, default: str) -> Path:
    folder = Path(os.environ.get(variable, REPOSITORY / default)).resolve()
    if not folder.is_dir():
        pytest.skip(f"no folder {default}; name one with the environment variable {variable}")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real sequences, pictures and annotations; the test is skipped where they are absent."""
    return _folder("SACCADE_TEST_DATA", "../shared/data")


@pytest.fixture(scope="session")
def golden() -> Path:
    """Numbers of the original trackers; the test is skipped where they are absent."""
    return _folder("SACCADE_TEST_GOLDEN", "../shared/golden")


@pytest.fixture(scope="session")
def training_golden() -> Path:
    """Numbers of the original trainings; the test is skipped where they are absent."""
    return _folder("SACCADE_TEST_TRAINING_GOLDEN", "../shared/specs/training/golden")


@pytest.fixture(scope="session")
def golden_script(golden: Path) -> Callable[[str], ModuleType]:
    """Loads a script of the golden folder, which is no package, by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, golden / f"{name}.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def device(pytestconfig: pytest.Config) -> torch.device:
    """The device under test, `--device`."""
    return torch.device(pytestconfig.getoption("--device"))


@pytest.fixture
def unchecked_shapes() -> Iterator[None]:
    """The package as its users have it, without the type checks of tests, so that its own refusals speak."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(0)
    np.random.seed(0)


@pytest.fixture(autouse=True)
def _own_store(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see no weights but those that they import themselves, and leave the user's alone."""
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path_factory.getbasetemp() / "no-store"))
    monkeypatch.delenv("SACCADE_WEIGHTS_URL", raising=False)


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests talk to nobody but servers that they start themselves."""
    connect = socket.socket.connect

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise RuntimeError(f"a test wants to reach {address}; tests work offline")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_here)
