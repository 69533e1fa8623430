"""The error tree: one root, and the built-in kinds that callers already catch."""

import pytest

from saccade import core
from saccade.core import InputError, MissingExtraError, OutputError, SaccadeError, SourceError

ERRORS = [getattr(core, name) for name in core.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_has_one_root(error):
    assert issubclass(error, SaccadeError)


def test_errors_are_of_the_built_in_kinds():
    inputs = {error for error in ERRORS if issubclass(error, InputError)}
    others = {"SaccadeError", "ExportError", "OutputError", "TrainingError", "MissingExtraError"}
    assert {e.__name__ for e in set(ERRORS) - inputs} == others
    assert all(issubclass(error, ValueError) for error in inputs)
    assert issubclass(OutputError, OSError)
    assert issubclass(MissingExtraError, ImportError)


def test_a_broken_source_knows_its_frame():
    assert SourceError("cut short", frame=12).frame == 12
    assert SourceError("no such file").frame is None


def test_a_missing_extra_names_its_install_line():
    assert "pip install 'saccade[mot]'" in str(MissingExtraError.of("trackers", "mot"))
