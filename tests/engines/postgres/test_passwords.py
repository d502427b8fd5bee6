"""Passwords against verifiers that libpq makes."""

from __future__ import annotations

import base64

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.pq import PGconn

from dbaas.engines.postgres.passwords import (
    MOST_ITERATIONS,
    MOST_KNOWN,
    digest,
    fits,
    make_verifier,
    prepare,
    remember,
)

PASSWORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=30)


@pytest.fixture(scope="module")
def libpq() -> PGconn:
    """A connection that was never made is enough."""
    return PGconn.connect_start(b"host=")


def verifier_of(libpq: PGconn, password: str) -> str:
    return libpq.encrypt_password(password.encode(), b"app", b"scram-sha-256").decode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS)
@example("ß\u00ad\u1680x")
@example("Ⅸ")
@example("שלום")
@example("שלוםx")
@example("\u0221")
@example("tab\t")
def test_a_password_fits_the_verifier_that_libpq_makes_of_it(libpq: PGconn, password: str) -> None:
    assert fits(password, verifier_of(libpq, password))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=PASSWORDS)
@example("\u2168")
@example("\u05e9\u05dc\u05d5\u05dd")
def test_a_verifier_of_ours_is_the_one_that_libpq_makes_with_the_same_salt(libpq: PGconn, password: str) -> None:
    theirs = verifier_of(libpq, password)
    iterations, salt = theirs.split("$")[1].split(":")
    assert make_verifier(password, base64.b64decode(salt), int(iterations)) == theirs


def test_a_verifier_that_was_made_here_is_known_to_fit_its_password() -> None:
    verifier = make_verifier("open sesame", bytes(16), 2)
    assert verifier.startswith("SCRAM-SHA-256$2:AAAAAAAAAAAAAAAAAAAAAA==$")
    assert fits("open sesame", verifier) and not fits("close sesame", verifier)


def test_another_password_does_not_fit(libpq: PGconn) -> None:
    assert not fits("open sesame!", verifier_of(libpq, "open sesame"))


def test_what_is_known_need_not_be_found_out_again_and_is_forgotten_at_last(libpq: PGconn) -> None:
    remember("made", "of this")
    assert fits("made", "of this") and not fits("made", "of that") and not fits("of", "made this")
    for number in range(MOST_KNOWN):
        remember("other", str(number))
    assert not fits("made", "of this")


def test_spellings_that_mean_the_same_are_the_same(libpq: PGconn) -> None:
    assert fits("\u2168", verifier_of(libpq, "IX"))
    assert prepare("I\u00adX") == "IX"


@pytest.mark.parametrize(
    "verifier",
    ["", "plain", "md5" + "0" * 32, "SCRAM-SHA-256$4096:salt", "SCRAM-SHA-256$4096:%%%$AAAA:AAAA",
     "SCRAM-SHA-256$0:AAAA$AAAA:AAAA"],
)  # fmt: skip
def test_nothing_fits_another_form(verifier: str) -> None:
    assert not fits("", verifier)


def test_a_count_of_iterations_chosen_to_keep_us_busy_is_not_followed() -> None:
    assert not fits("x", f"SCRAM-SHA-256${MOST_ITERATIONS + 1}:AAAA$AAAA:AAAA")


def test_a_proof_changes_with_the_verifier_and_with_the_secret() -> None:
    proofs = {digest("a", "1"), digest("a", "2"), digest("b", "1")}
    assert len(proofs) == 3 and all(len(proof) == 64 for proof in proofs)
