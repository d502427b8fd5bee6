"""The kinds of the group as their manual has them: fields, bounds, defaults, status."""
