"""Solvers as values: a problem and a state, no tracker in sight."""
