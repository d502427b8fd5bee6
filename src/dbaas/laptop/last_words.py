"""What a program that failed has said of the reason, found in what it printed."""

from __future__ import annotations

# How servers and their tools mark what they end of; what follows is only that they end.
GRAVE = ("FATAL:", "PANIC:", ": error:")


def find_last_words(text: str) -> str:
    """The last line that says why it ended, with its detail; else the last line; nothing where there is none."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    grave = max((number for number, line in enumerate(lines) if any(mark in line for mark in GRAVE)), default=-1)
    if grave == -1:
        return lines[-1] if lines else ""
    return "; ".join([lines[grave], *(line for line in lines[grave + 1 : grave + 2] if "DETAIL:" in line)])
