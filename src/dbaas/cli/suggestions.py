"""What was probably meant by a word that is not known."""

from __future__ import annotations

from collections.abc import Iterable

LIKENESS = 0.6  # of 1: one letter in four may be wrong
SHORTEST_END = 3  # letters


def find_alike(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like it, if one is like it at all; else the shortest one that ends with it."""
    from difflib import get_close_matches  # most commands never need it, and all would wait for it

    words = list(known)
    alike = get_close_matches(word, words, 1, LIKENESS)
    if alike or len(word) < SHORTEST_END:
        return alike[0] if alike else None
    ends = [each for each in words if each.lower().endswith(word.lower())]
    return min(ends, key=len, default=None)


def suggest(word: str, known: Iterable[str]) -> str:
    """`did you mean 'shop'?`, or nothing where no known word is like it."""
    alike = find_alike(word, known)
    return f"did you mean {alike!r}?" if alike is not None else ""
