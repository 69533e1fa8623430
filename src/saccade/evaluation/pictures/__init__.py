"""Models over annotated pictures, whatever they look for: what their evaluations have in common."""
