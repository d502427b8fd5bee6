"""The composition root: the only place that picks implementations and hands each part the others that it needs."""
