"""Tokens that are derived from another."""

from __future__ import annotations

import pytest

from dbaas.core.limited_tokens import Realm, derive_token, read_realm
from dbaas.core.secrets import Secret

HOME = Secret("the home's own")
REALM = Realm("shop", "main")


def test_what_it_is_for_can_be_read_by_whoever_has_the_token_that_it_is_made_from() -> None:
    derived = derive_token(HOME, REALM)
    assert read_realm(HOME, derived.reveal().encode()) == REALM
    assert derive_token(HOME, REALM) == derived != derive_token(HOME, Realm("shop", "other"))
    assert HOME.reveal() not in derived.reveal()


def test_it_ends_with_the_token_that_it_is_made_from() -> None:
    assert read_realm(Secret("another"), derive_token(HOME, REALM).reveal().encode()) is None


@pytest.mark.parametrize("given", [b"", b"cluster.", b"cluster..", b"the home's own", b"cluster.c2hvcC9tYWlu."])
def test_nothing_else_is_one(given: bytes) -> None:
    assert read_realm(HOME, given) is None


def test_its_claims_cannot_be_exchanged() -> None:
    _, _, signature = derive_token(HOME, REALM).reveal().rpartition(".")
    claims = derive_token(HOME, Realm("shop", "other")).reveal().rpartition(".")[0]
    assert read_realm(HOME, f"{claims}.{signature}".encode()) is None
