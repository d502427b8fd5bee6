"""Whose data may be thrown away, and when it is there again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.contracts.reconcile import Refused
from dbaas.manifests.agreement import Agreement, Member
from dbaas.manifests.copying import explain_wait, is_copied

MAIN = Member("main", "main-0", "primary", timeline=3)
OTHER = Member("main-2", "main-2-0", "replica", is_streaming=True, timeline=3)
BOTH = Agreement({"main": MAIN, "main-2": OTHER}, "main")


@pytest.mark.parametrize(
    ("instance", "agreement", "reason"),
    [
        ("main", BOTH, "IsPrimary"),
        ("main", replace(BOTH, members={"main": replace(MAIN, role=""), "main-2": OTHER}), "IsPrimary"),
        ("main-3", BOTH, "UnknownInstance"),
    ],
)
def test_what_all_others_are_copied_from_is_never_thrown_away(instance: str, agreement: Agreement, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        explain_wait(agreement, instance)
    assert caught.value.reason == reason


def test_nothing_is_thrown_away_while_there_is_nobody_to_copy_from() -> None:
    assert explain_wait(BOTH, "main-2") == ""
    assert "no primary" in explain_wait(replace(BOTH, leader=""), "main-2")


@pytest.mark.parametrize("other", [replace(OTHER, is_streaming=False), replace(OTHER, timeline=2)])
def test_it_is_copied_when_it_follows_the_primary(other: Member) -> None:
    assert is_copied(BOTH, "main-2")
    assert not is_copied(replace(BOTH, members={"main": MAIN, "main-2": other}), "main-2")
    assert not is_copied(replace(BOTH, leader=""), "main-2")
