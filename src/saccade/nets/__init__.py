"""Backbones and heads that more than one method uses."""
