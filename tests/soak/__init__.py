"""What short tests do a few times and `tools/soak.py` very often."""
