"""What must not be shown is not shown, and passwords hold what their rules ask for."""

from __future__ import annotations

import string
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.core.randomness import SeededRandomness
from dbaas.core.secrets import SPECIAL_CHARACTERS, PasswordRules, Secret, generate_password

HIDDEN = Secret("open sesame")


@dataclass(frozen=True)
class Login:
    """Something that holds a secret."""

    password: Secret


@pytest.mark.parametrize("shown", [str(HIDDEN), repr(HIDDEN), f"{HIDDEN}", f"{HIDDEN!r:>30}", repr(Login(HIDDEN))])
def test_a_secret_masks_itself_however_it_is_shown(shown: str) -> None:
    assert "sesame" not in shown
    assert "********" in shown


def test_a_secret_is_revealed_on_request_only() -> None:
    assert HIDDEN.reveal() == "open sesame"


def test_equal_secrets_are_equal_without_showing_them() -> None:
    assert Secret("a") == Secret("a") != Secret("b")


@given(seed=st.integers(), length=st.integers(min_value=8, max_value=128), special=st.booleans())
def test_a_password_has_its_length_and_every_wanted_class(seed: int, length: int, special: bool) -> None:
    password = generate_password(SeededRandomness(seed), PasswordRules(length, special)).reveal()
    assert len(password) == length
    for wanted in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        assert set(password) & set(wanted)
    assert bool(set(password) & set(SPECIAL_CHARACTERS)) is special


def test_excluded_characters_are_never_drawn() -> None:
    rules = PasswordRules(128, True, "abcXYZ019!#")
    assert not set(generate_password(SeededRandomness(1), rules).reveal()) & set(rules.exclude)


def test_rules_that_leave_a_class_empty_are_refused() -> None:
    with pytest.raises(ValueError, match="none of a wanted class"):
        generate_password(SeededRandomness(1), PasswordRules(exclude=string.digits))


def test_special_characters_need_no_quoting_in_shells_and_uris() -> None:
    assert not set(SPECIAL_CHARACTERS) & set("'\"\\`$ /&|;<>(){}[],")
