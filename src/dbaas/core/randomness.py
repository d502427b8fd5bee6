"""Chance as a parameter: the only module that draws random numbers, identifiers and tokens."""

from __future__ import annotations

import random
import secrets
import string
from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

T = TypeVar("T")
NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # no vowels: a generated name never spells a word (Kubernetes' choice)


class Randomness(Protocol):
    """Where a part gets chance from."""

    def uuid(self) -> str:
        """A version 4 UUID in its canonical form."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high], for jitter."""
        ...

    def choose(self, alphabet: Sequence[T], count: int) -> list[T]:
        """`count` independent draws; fit for passwords and tokens where the implementation is the system's."""
        ...


class SystemRandomness:
    """The operating system's source, fit for secrets."""

    def uuid(self) -> str:
        return str(UUID(bytes=secrets.token_bytes(16), version=4))

    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)

    def choose(self, alphabet: Sequence[T], count: int) -> list[T]:
        return [secrets.choice(alphabet) for _ in range(count)]


class SeededRandomness:
    """The same draws for the same seed: for simulations, never for secrets that leave one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        return str(UUID(bytes=self._random.randbytes(16), version=4))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def choose(self, alphabet: Sequence[T], count: int) -> list[T]:
        return [self._random.choice(alphabet) for _ in range(count)]


def name_suffix(randomness: Randomness, length: int = 5) -> str:
    """What `generateName` appends."""
    return "".join(randomness.choose(NAME_ALPHABET, length))


def token(randomness: Randomness, length: int = 43) -> str:
    """A bearer token of letters and digits; 43 of them hold more than 256 bits."""
    return "".join(randomness.choose(string.ascii_letters + string.digits, length))
