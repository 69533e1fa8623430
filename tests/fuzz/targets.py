"""All that is fuzzed: every parser of data that others have written."""

from tests.fuzz import annotations, pictured, results, spoken, stored
from tests.fuzz.target import Target

TARGETS: tuple[Target, ...] = (
    *annotations.TARGETS,
    *pictured.TARGETS,
    *results.TARGETS,
    *stored.TARGETS,
    *spoken.TARGETS,
)
