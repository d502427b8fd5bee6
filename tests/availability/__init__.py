"""A replicated cluster under load while something dies: what short tests do once and `tools/soak.py` very often."""
