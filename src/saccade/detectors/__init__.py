"""Detectors, one folder a method."""
