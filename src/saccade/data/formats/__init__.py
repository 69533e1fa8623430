"""Readers and writers of the file formats that data sets and results come in."""

from saccade.data.formats.boxes import read_boxes, read_numbers

__all__ = ["read_boxes", "read_numbers"]
