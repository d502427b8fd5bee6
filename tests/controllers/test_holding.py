"""What holds a deletion."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from controllers.make import database, instance, make, with_conditions
from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT, GRANT_KINDS
from dbaas.api.resource import Key, Kind
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.transport import TransportError
from dbaas.controllers.holding import (
    describe_dependents,
    find_dependents,
    find_inhabitants,
    find_residents,
    hold_for_dependents,
    is_forced,
    name_few,
    namespace_is_going,
    tell_blocked,
)
from dbaas.controllers.tokens import depends_on, lives_on
from fixtures.clients import FakeClient


def test_dependents_are_named_up_to_five() -> None:
    one = [database("a")]
    assert describe_dependents(one) == "1 object depends on it: Database default/a"
    many = [database(f"d{number}") for number in range(7)]
    assert describe_dependents(many).startswith("7 objects depend on it: Database default/d0, ")
    assert describe_dependents(many).endswith("default/d4 and 2 more")


def test_a_few_objects_are_named_with_how_many_more_there_are() -> None:
    assert name_few([database(f"d{number}") for number in range(5)]).endswith("Database default/d4")
    assert name_few([database(f"d{number}") for number in range(6)]).endswith("Database default/d4 and 1 more")


def test_why_a_deletion_is_blocked_is_told_anew_only_for_another_reason() -> None:
    client, held = FakeClient(), instance(status=with_conditions(("Ready", "False", "DeletionProtected")))
    tell_blocked(client, held, "DeletionProtected", "it is protected")
    assert client.events == []
    tell_blocked(client, held, "DependenciesExist", "delete them first")
    assert [(event.reason, event.note) for event in client.events] == [("DeletionBlocked", "delete them first")]


def test_force_is_an_annotation_that_says_true() -> None:
    assert is_forced(database(annotations={"dbaas.io/force-delete": "True"}))
    assert not is_forced(database(annotations={"dbaas.io/force-delete": "no"}))
    assert not is_forced(database())


def test_dependents_are_told_once() -> None:
    client = FakeClient()
    condition = hold_for_dependents(client, instance(), [database()])
    assert (condition.reason, condition.status) == ("DependenciesExist", "False")
    told = instance(status=with_conditions(("Ready", "False", "DependenciesExist")))
    hold_for_dependents(client, told, [database()])
    assert [event.reason for event in client.events] == ["DeletionBlocked"]


async def test_residents_are_found_by_their_token() -> None:
    client = FakeClient()
    here = lives_on(Key("default", "main"))
    client.provides[DATABASE] = lambda found: [here] if found.key.name == "shop" else []
    client.provides[DATABASE_USER] = lambda found: []
    client.put(DATABASE, database("shop").body())
    client.put(DATABASE, database("elsewhere").body())
    assert [found.key.name for found in await find_residents(client, Key("default", "main"))] == ["shop"]


async def test_grants_of_all_sorts_are_found_once_by_whom_they_refer_to() -> None:
    client = FakeClient()
    main = Key("default", "main")
    client.provides[DATABASE] = client.provides[DATABASE_ROLE] = lambda found: [lives_on(main)]
    tokens = [depends_on(DATABASE, Key("default", "shop")), depends_on(DATABASE_ROLE, Key("default", "readers"))]
    client.provides[DATABASE_GRANT] = lambda found: tokens
    for other in (DATABASE_USER, CLUSTER_DATABASE_ROLE, CLUSTER_DATABASE_GRANT):
        client.provides[other] = lambda found: []
    client.put(DATABASE, database("shop").body())
    client.put(DATABASE_ROLE, make(DATABASE_ROLE, "readers", {}).body())
    client.put(DATABASE_GRANT, make(DATABASE_GRANT, "reads", {}).body())
    found = await find_inhabitants(client, main)
    assert sorted(str(each) for each in found) == [
        "Database default/shop", "DatabaseGrant default/reads", "DatabaseRole default/readers"
    ]  # fmt: skip


async def test_a_namespace_goes_once_it_is_deleted() -> None:
    client = FakeClient()
    assert not await namespace_is_going(client, "team")
    metadata = {"name": "team", "finalizers": ["kubernetes"]}
    client.put(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    assert not await namespace_is_going(client, "team")
    client.mark_deleted(NAMESPACE, Key("", "team"))
    assert await namespace_is_going(client, "team")


class Unanswering(FakeClient):
    """Lists nothing, because it cannot."""

    async def list(self, kind: Kind, **chosen: Any) -> NoReturn:
        raise TransportError("connection reset")


async def test_a_dependent_that_cannot_be_looked_for_holds_as_well() -> None:
    with pytest.raises(TransportError):
        await find_dependents(Unanswering(), GRANT_KINDS, depends_on(DATABASE, Key("default", "shop")))
