"""Chance from the system, and chance that can be repeated."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable
from uuid import UUID

import pytest

from dbaas.core.randomness import NAME_ALPHABET, Randomness, SeededRandomness, SystemRandomness, name_suffix, token

SOURCES = [SystemRandomness, lambda: SeededRandomness(1)]


@pytest.mark.parametrize("make", SOURCES)
def test_identifiers_are_version_4_and_differ(make: Callable[[], Randomness]) -> None:
    source = make()
    drawn = [UUID(source.uuid()) for _ in range(50)]
    assert {each.version for each in drawn} == {4}
    assert len(set(drawn)) == 50


def test_identifiers_read_as_the_standard_library_writes_them() -> None:
    drawn, source = random.Random(7), SeededRandomness(7)
    for _ in range(100):
        assert source.uuid() == str(UUID(bytes=drawn.randbytes(16), version=4))


@pytest.mark.parametrize("make", SOURCES)
def test_jitter_stays_between_its_bounds(make: Callable[[], Randomness]) -> None:
    source = make()
    assert all(2.0 <= source.uniform(2.0, 3.0) <= 3.0 for _ in range(100))


@pytest.mark.parametrize("make", SOURCES)
def test_choices_come_from_the_alphabet(make: Callable[[], Randomness]) -> None:
    drawn = make().choose("abc", 200)
    assert len(drawn) == 200
    assert set(drawn) == set("abc")


@pytest.mark.parametrize("size", [1, 3, 200, 256, 300])
def test_each_of_an_alphabet_is_as_likely_as_the_others(size: int) -> None:
    counts = Counter(SystemRandomness().choose(range(size), 400 * size))
    assert sum(counts.values()) == 400 * size and len(counts) == size
    assert all(250 < count < 550 for count in counts.values())  # seven times the usual deviation of 20


def test_an_empty_alphabet_is_refused() -> None:
    with pytest.raises(IndexError):
        SystemRandomness().choose("", 1)


def test_the_same_seed_draws_the_same() -> None:
    def draw(seed: int) -> tuple[str, float, list[str]]:
        source = SeededRandomness(seed)
        return source.uuid(), source.uniform(0, 1), source.choose(string.ascii_letters, 20)

    assert draw(3) == draw(3)
    assert draw(3) != draw(4)


def test_a_name_suffix_spells_no_word() -> None:
    suffix = name_suffix(SeededRandomness(1))
    assert len(suffix) == 5
    assert not set(suffix) - set(NAME_ALPHABET)
    assert not set(NAME_ALPHABET) & set("aeiou013")


def test_a_token_has_more_than_256_bits() -> None:
    drawn = token(SystemRandomness())
    assert drawn.isalnum()
    assert 62 ** len(drawn) > 2**256
