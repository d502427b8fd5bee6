"""Memberships: plans from values alone, and what real servers of all sorts make of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from dbaas.contracts.engine import Denied, EngineError, Item, PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.memberships import (
    DesiredMemberships,
    Held,
    Membership,
    Memberships,
    ObservedMemberships,
)
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import VERSIONS, TestServer, log_in

SUPERUSER = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
CREATEROLE = PlanRules(ServerFacts("18.4", 180004, "1", "admin", frozenset({"createrole"})))
OLD = PlanRules(ServerFacts("15.6", 150006, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
OURS = Held("staff", "postgres", True, False)
THEIRS = Held("staff", "somebody", False, False)


def want(*memberships: Membership) -> DesiredMemberships:
    return DesiredMemberships("app", memberships)


def plan(
    desired: DesiredMemberships | None, *held: Held, owned: frozenset[str] = NOTHING, claims: frozenset[str] = NOTHING,
    rules: PlanRules = SUPERUSER,
) -> Plan:  # fmt: skip
    observed = ObservedMemberships("app", held) if held else None
    return Memberships().plan(desired, observed, owned, claims, rules)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def keys(*memberships: Membership) -> frozenset[str]:
    return Memberships().keys(want(*memberships))


def test_a_new_membership_is_given_with_the_options_that_are_said() -> None:
    wanted = want(Membership("staff"), Membership("boss", admin=True, inherit=False, set=True))
    assert shown(plan(wanted)) == [
        'GRANT "staff" TO "app"',
        'GRANT "boss" TO "app" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE',
    ]
    assert shown(plan(want(Membership("boss", admin=True)), rules=OLD)) == ['GRANT "boss" TO "app" WITH ADMIN OPTION']


def test_what_is_there_is_not_given_again_whoever_gave_it() -> None:
    assert not plan(want(Membership("staff")), OURS)
    assert not plan(want(Membership("staff")), THEIRS)


def test_one_option_is_changed_alone() -> None:
    assert shown(plan(want(Membership("staff", inherit=False)), OURS)) == ['GRANT "staff" TO "app" WITH INHERIT FALSE']
    assert shown(plan(want(Membership("staff", admin=True)), OURS)) == ['GRANT "staff" TO "app" WITH ADMIN TRUE']


def test_an_option_that_another_grantor_gave_is_reported_and_not_touched() -> None:
    (change,) = plan(want(Membership("staff", set=False)), OURS, THEIRS).changes
    assert (change.field, change.immutable, change.statements) == ("memberships[staff].set", True, ())


def test_what_nobody_stated_stays() -> None:
    assert not plan(want(), OURS)
    assert not plan(want(Membership("staff")), replace(OURS, admin=True, inherit=False, set=False))


def test_what_leaves_the_list_is_taken_away_unless_others_want_it() -> None:
    owned = keys(Membership("staff"))
    assert shown(plan(None, OURS, owned=owned)) == ['REVOKE "staff" FROM "app"']
    assert plan(None, OURS, owned=owned).changes[0].destructive
    assert not plan(None, OURS, owned=owned, claims=owned)


def test_what_another_grantor_gave_is_never_taken_away() -> None:
    owned = keys(Membership("staff", admin=True))
    assert not plan(None, replace(THEIRS, admin=True), owned=owned)
    assert not plan(None, OURS, owned=owned, rules=CREATEROLE)
    assert shown(plan(None, replace(THEIRS, grantor="admin"), owned=owned, rules=CREATEROLE)) == [
        'REVOKE "staff" FROM "app"'
    ]


def test_an_option_that_is_not_said_any_more_goes_back_to_its_default() -> None:
    owned = keys(Membership("staff", admin=True, inherit=False, set=False))
    held = replace(OURS, admin=True, inherit=False, set=False)
    assert shown(plan(want(Membership("staff")), held, owned=owned)) == [
        'REVOKE ADMIN OPTION FOR "staff" FROM "app"',
        'GRANT "staff" TO "app" WITH INHERIT TRUE',
        'GRANT "staff" TO "app" WITH SET TRUE',
    ]
    assert shown(plan(None, held, owned=owned, claims=keys(Membership("staff")))) == [
        'REVOKE ADMIN OPTION FOR "staff" FROM "app"',
        'GRANT "staff" TO "app" WITH INHERIT TRUE',
        'GRANT "staff" TO "app" WITH SET TRUE',
    ]


def test_an_option_that_others_state_stays() -> None:
    owned = keys(Membership("staff", admin=True))
    assert not plan(want(Membership("staff")), replace(OURS, admin=True), owned=owned, claims=owned)


@pytest.mark.parametrize("option", ["inherit", "set"])
def test_what_an_old_server_lacks_is_refused(option: str) -> None:
    with pytest.raises(EngineError, match=f"has no {option} option") as refusal:
        plan(want(replace(Membership("staff"), **{option: True})), rules=OLD)
    assert refusal.value.reason == "NotSupported"


def test_two_who_want_the_opposite_are_both_told() -> None:
    with pytest.raises(EngineError, match="another object wants") as refusal:
        plan(want(Membership("staff", set=True)), claims=keys(Membership("staff", set=False)))
    assert refusal.value.reason == "ConflictingMembership"


def test_nobody_becomes_our_own_login() -> None:
    with pytest.raises(Denied, match="itself"):
        plan(want(Membership("postgres")))


@pytest.mark.versions(*VERSIONS)
class TestOnAServer:
    pytestmark = pytest.mark.real_server

    @pytest.fixture
    def applier(self, lanes: ServerLanes, postgres: TestServer) -> Applier:
        engine = build_engine(InlineOffload())
        return Applier(engine, lanes.open("memberships", engine, postgres.address, 2))

    @pytest.fixture
    async def admin(self, postgres: TestServer) -> AsyncIterator[psycopg.AsyncConnection]:
        async with await log_in(postgres.address) as connection:
            yield connection

    @pytest.fixture
    async def names(self, admin: psycopg.AsyncConnection, prefix: str) -> tuple[str, str]:
        names = f'{prefix} "member"', f"{prefix} 'staff'"
        for name in names:
            await admin.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        return names

    async def test_every_step_from_member_to_stranger_settles(self, applier: Applier, names: tuple[str, str]) -> None:
        member, role = names
        owned = NOTHING
        for wanted in ((Membership(role, admin=True),), (Membership(role),), ()):
            item = Item("memberships", None, member, DesiredMemberships(member, wanted))
            plan = await applier.apply(item, owned=owned)
            assert len(plan.changes) == 1
            assert not await applier.plan(item, owned=owned)
            owned = applier.keys(item)
        assert member not in await applier.lane.observe("memberships", None, [member])

    async def test_options_of_a_membership_are_as_stated(
        self, lanes: ServerLanes, postgres_18: TestServer, prefix: str
    ) -> None:
        engine = build_engine(InlineOffload())
        applier = Applier(engine, lanes.open("memberships", engine, postgres_18.address, 2))
        async with await log_in(postgres_18.address) as admin:
            await admin.execute(f"CREATE ROLE {prefix}m")
            await admin.execute(f"CREATE ROLE {prefix}r")
        for inherit, becomes in ((False, True), (True, False), (False, False)):
            wanted = DesiredMemberships(f"{prefix}m", (Membership(f"{prefix}r", inherit=inherit, set=becomes),))
            await applier.apply(Item("memberships", None, f"{prefix}m", wanted))
            observed = (await applier.lane.observe("memberships", None, [f"{prefix}m"]))[f"{prefix}m"]
            assert [(held.inherit, held.set) for held in observed.held] == [(inherit, becomes)]
