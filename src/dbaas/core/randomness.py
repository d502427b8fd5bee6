"""Chance as a parameter: the only module that draws random numbers, identifiers and tokens."""

from __future__ import annotations

import random
import secrets
import string
from collections.abc import Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
BYTE_VALUES = 256
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
        return _format_uuid(secrets.token_bytes(16))

    def uniform(self, low: float, high: float) -> float:
        return random.uniform(low, high)

    def choose(self, alphabet: Sequence[T], count: int) -> list[T]:
        """As `secrets.choice` again and again, with one question to the system instead of one for each draw."""
        size = len(alphabet)
        if not 0 < size <= BYTE_VALUES:
            return [secrets.choice(alphabet) for _ in range(count)]
        even = BYTE_VALUES - BYTE_VALUES % size  # greater bytes would favour the first of the alphabet
        drawn: list[T] = []
        while len(drawn) < count:
            drawn += [alphabet[byte % size] for byte in secrets.token_bytes(count) if byte < even]
        return drawn[:count]


class SeededRandomness:
    """The same draws for the same seed: for simulations, never for secrets that leave one."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        return _format_uuid(self._random.randbytes(16))

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)

    def choose(self, alphabet: Sequence[T], count: int) -> list[T]:
        return [self._random.choice(alphabet) for _ in range(count)]


def _format_uuid(drawn: bytes) -> str:
    """As `uuid.UUID(bytes=drawn, version=4)` reads, in a quarter of its time: each object that is made gets one."""
    digits = drawn.hex()
    variant = "89ab"[drawn[8] >> 4 & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def name_suffix(randomness: Randomness, length: int = 5) -> str:
    """What `generateName` appends."""
    return "".join(randomness.choose(NAME_ALPHABET, length))


def token(randomness: Randomness, length: int = 43) -> str:
    """A bearer token of letters and digits; 43 of them hold more than 256 bits."""
    return "".join(randomness.choose(string.ascii_letters + string.digits, length))
