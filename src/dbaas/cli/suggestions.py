"""What was probably meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable

LIKENESS = 0.6  # of 1: one letter in four may be wrong


def find_alike(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like it, if one is like it at all."""
    from difflib import get_close_matches  # most commands never need it, and all would wait for it

    return next(iter(get_close_matches(word, list(known), 1, LIKENESS)), None)


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'shop'?`, or nothing where no known word is like it."""
    alike = find_alike(word, known)
    return f"did you mean {alike!r}?" if alike is not None else ""
