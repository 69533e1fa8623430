"""Trackers, one folder a method."""
