"""Values that must not be shown, and how passwords are made."""

from __future__ import annotations

import string
from dataclasses import dataclass, field

from dbaas.core.randomness import Randomness

MASK = "********"
SPECIAL_CHARACTERS = "!#%*+-.:=?@^_~"  # none that a shell, a URI's authority parser or a config file trips over


@dataclass(frozen=True)
class Secret:
    """A string that shows as `********` wherever it is printed, logged or formatted; `reveal` gives it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


@dataclass(frozen=True)
class PasswordRules:
    """`length` characters from letters and digits, and special ones if wanted, none of `exclude`."""

    length: int = 32
    special: bool = True
    exclude: str = ""


def generate_password(randomness: Randomness, rules: PasswordRules | None = None) -> Secret:
    """At least one character of each wanted class. Raises ValueError where `exclude` leaves a class empty."""
    rules = rules or PasswordRules()
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits]
    if rules.special:
        classes.append(SPECIAL_CHARACTERS)
    allowed = ["".join(c for c in cls if c not in rules.exclude) for cls in classes]
    if not all(allowed):
        raise ValueError("the excluded characters leave none of a wanted class")
    alphabet = "".join(allowed)
    while True:
        drawn = randomness.choose(alphabet, rules.length)
        if all(any(c in cls for c in drawn) for cls in allowed):
            return Secret("".join(drawn))
