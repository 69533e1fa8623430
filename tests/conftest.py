"""What every test may ask for: real data, golden numbers, a device, and the same seed each time."""

import os
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import torch

hypothesis.settings.register_profile("saccade", deadline=None, derandomize=True, print_blob=True)
hypothesis.settings.load_profile("saccade")

REPOSITORY = Path(__file__).resolve().parents[1]


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
def device(pytestconfig: pytest.Config) -> torch.device:
    """The device under test, `--device`."""
    return torch.device(pytestconfig.getoption("--device"))


@pytest.fixture(autouse=True)
def _same_start() -> None:
    torch.manual_seed(0)
    np.random.seed(0)
