"""What a cluster's own authority signs, and what clients must believe meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaas.controllers.cluster.authority import AUTHORITY_LIFE, CERTIFICATE_LIFE, Authority, renew
from dbaas.core.certificates import find_due, is_due, is_over, issue_certificate, make_authority, serves
from dbaas.core.clock import EPOCH
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret

NAMES = ["main-rw.shop.svc.cluster.local", "127.0.0.1"]
NONSENSE = KeyPair("nothing", Secret("nothing"))


def after(part: float, life: timedelta) -> datetime:
    return EPOCH + life * part


def test_at_first_there_is_an_authority_and_what_it_has_signed() -> None:
    made = renew(None, None, "main", NAMES, EPOCH)
    assert made.authority.believed == (made.authority.pair.certificate,)
    assert serves(made.shown, made.authority.bundle, NAMES)
    assert renew(made.authority, made.shown, "main", NAMES, EPOCH) == made


def test_a_certificate_is_made_anew_before_its_end_and_for_other_names_by_the_same_authority() -> None:
    made = renew(None, None, "main", NAMES, EPOCH)
    assert renew(made.authority, made.shown, "main", NAMES, after(0.6, CERTIFICATE_LIFE)) == made
    for names, now in ((NAMES, after(0.7, CERTIFICATE_LIFE)), ([*NAMES, "db.test"], EPOCH)):
        later = renew(made.authority, made.shown, "main", names, now)
        assert later.authority == made.authority
        assert later.shown != made.shown
        assert serves(later.shown, made.authority.bundle, names)


def test_a_new_authority_signs_nothing_before_everybody_had_time_to_learn_of_it() -> None:
    first = renew(None, None, "main", NAMES, EPOCH)
    now = after(0.7, AUTHORITY_LIFE)
    second = renew(first.authority, first.shown, "main", NAMES, now)
    new, old = second.authority.believed
    assert old == first.authority.pair.certificate
    assert new == second.authority.pair.certificate != old
    assert serves(second.shown, old, NAMES)
    third = renew(second.authority, second.shown, "main", NAMES, now + CERTIFICATE_LIFE * 0.7)
    assert third.authority == second.authority
    assert serves(third.shown, new, NAMES)


def test_that_time_is_as_long_where_the_certificate_was_to_be_made_anew_anyway() -> None:
    first = renew(None, None, "main", NAMES, EPOCH)
    comes = find_due(first.authority.pair.certificate)
    soon_due = issue_certificate(first.authority.pair, NAMES, comes - timedelta(days=59), CERTIFICATE_LIFE)
    second = renew(first.authority, soon_due, "main", NAMES, comes)
    assert second.authority != first.authority
    for days in (0, 2, 59):
        later = renew(second.authority, second.shown, "main", NAMES, comes + timedelta(days=days))
        assert serves(later.shown, first.authority.bundle, NAMES)


@pytest.mark.parametrize("shown", [None, NONSENSE], ids=["gone", "spoiled"])
def test_a_certificate_that_is_lost_is_made_anew_by_the_authority_that_clients_know(shown: KeyPair | None) -> None:
    made = renew(None, None, "main", NAMES, EPOCH)
    later = renew(made.authority, shown, "main", NAMES, EPOCH)
    assert later.authority == made.authority
    assert serves(later.shown, made.authority.bundle, NAMES)


def test_an_authority_that_somebody_has_spoiled_or_that_is_over_is_begun_anew() -> None:
    made = renew(None, None, "main", NAMES, EPOCH)
    good, other = made.authority.pair, make_authority("main", EPOCH, AUTHORITY_LIFE)
    swapped = Authority(KeyPair(good.certificate, other.private_key), (good.certificate,))
    for held, now in (
        (Authority(NONSENSE, (NONSENSE.certificate,)), EPOCH),
        (Authority(good, (good.certificate, "nothing")), EPOCH),
        (swapped, EPOCH),
        (made.authority, after(1.1, AUTHORITY_LIFE)),
    ):
        later = renew(held, made.shown, "main", NAMES, now)
        assert later.authority.believed == (later.authority.pair.certificate,)
        assert serves(later.shown, later.authority.bundle, NAMES)


def test_what_somebody_else_has_signed_is_not_shown() -> None:
    made = renew(None, None, "main", NAMES, EPOCH)
    foreign = issue_certificate(make_authority("main", EPOCH, AUTHORITY_LIFE), NAMES, EPOCH, CERTIFICATE_LIFE)
    assert serves(renew(made.authority, foreign, "main", NAMES, EPOCH).shown, made.authority.bundle, NAMES)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(min_value=0.1, max_value=59), min_size=1, max_size=40))
def test_whoever_learns_what_to_believe_within_a_month_is_never_shown_anything_else(steps: list[float]) -> None:
    """Looked at as often as a controller does; the client's copy is that of the look before."""
    now, held = EPOCH, renew(None, None, "main", NAMES, EPOCH)
    for step in steps:
        now = min(now + timedelta(days=step * 10), held.due + timedelta(seconds=1))
        known = held.authority.believed
        held = renew(held.authority, held.shown, "main", NAMES, now)
        assert not is_due(held.shown.certificate, now)
        assert any(serves(held.shown, each, NAMES) for each in known if not is_over(each, now))
        assert held.due > now
