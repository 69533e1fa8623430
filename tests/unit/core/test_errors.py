"""The error tree: one root, and the built-in kinds that callers already catch."""

import pytest

from saccade import core
from saccade.core import InputError, MissingExtraError, OutputError, SaccadeError, SourceError
from saccade.core.errors import did_you_mean, reason_of

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


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FileNotFoundError(2, "No such file or directory", "/a/b.csv"), "there is no such file"),
        (IsADirectoryError(21, "Is a directory", "/a/b.csv"), "Is a directory"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "it is no text in UTF-8"),
        (ValueError("line 3 ends early"), "line 3 ends early"),
    ],
)
def test_why_a_file_cannot_be_read_is_said_without_numbers_and_paths(error: Exception, said: str) -> None:
    assert reason_of(error) == said


def test_names_that_are_many_are_not_all_said() -> None:
    known = [f"model{number}" for number in range(60)]
    assert did_you_mean("modl59", known, listed_by="list") == "did you mean 'model59'? (list shows all)"
    assert did_you_mean("zebra", known, listed_by="list") == "list shows all"
    assert did_you_mean("zebra", ["a", "b"]) == "there are: a, b"


def test_a_broken_source_knows_its_frame():
    assert SourceError("cut short", frame=12).frame == 12
    assert SourceError("no such file").frame is None


def test_a_missing_extra_names_its_install_line():
    assert "pip install 'saccade[mot]'" in str(MissingExtraError.of("trackers", "mot"))
