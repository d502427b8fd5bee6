"""Outcomes and tokens."""

from __future__ import annotations

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.contracts.reconcile import Conflict, Refused, Waiting, token_of


def test_a_token_is_the_full_name_of_an_object() -> None:
    assert token_of(DATABASE, Key("n", "shop")) == "databases.dbaas.io:n/shop"


def test_waiting_says_why_and_how_long() -> None:
    waiting = Waiting("InstanceNotReady", "server 'main' is not ready", requeue_after=5)
    assert (waiting.reason, str(waiting), waiting.requeue_after) == (
        "InstanceNotReady", "server 'main' is not ready", 5,
    )  # fmt: skip
    assert (waiting.status, waiting.phase) == (None, "")


def test_a_refusal_and_a_conflict_carry_their_reasons() -> None:
    assert Refused("Unsupported", "cannot do that").reason == "Unsupported"
    assert Conflict("moved on").reason == "Conflict"
