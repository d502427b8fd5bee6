"""A forced deletion takes others along only on a word that names them all."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.make import database, instance, make, with_conditions
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.contracts.reconcile import Conflict, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.cascading import ANNOTATION_DELETED_WITH, Cascade, hash_names, list_names
from fixtures.clients import FakeClient
from fixtures.dialects import FURNITURE, SHELF

REGISTRY = Registry(dialects={FURNITURE.group: FURNITURE})
FORCE, CONFIRM = "dbaas.io/force-delete", "dbaas.io/confirm-delete"


def forced(confirmed: str = "", status: dict[str, Any] | None = None) -> Resource:
    annotations = {FORCE: "true", **({CONFIRM: confirmed} if confirmed else {})}
    return instance(annotations=annotations, status=status or {})


def put(client: FakeClient, *names: str, **metadata: Any) -> list[Resource]:
    bodies = [database(name, finalizers=["dbaas.io/finalizer"], **metadata).body() for name in names]
    return [client.put(DATABASE, body) for body in bodies]


def refresh(client: FakeClient, names: str) -> list[Resource]:
    found = [client.peek(DATABASE, Key("default", name)) for name in names]
    return [each for each in found if each is not None]


def test_the_hash_stands_for_the_set_of_names() -> None:
    one, two = database("a"), database("b")
    assert list_names([two, one]) == ["Database/default/a", "Database/default/b"]
    assert hash_names([one, two]) == hash_names([two, one])
    assert len({hash_names([]), hash_names([one]), hash_names([one, two]), hash_names([instance("a")])}) == 4
    assert len(hash_names([one])) == 8 and int(hash_names([one]), 16) >= 0


async def test_without_dependents_nothing_holds_it_and_nothing_is_written() -> None:
    client = FakeClient()
    assert await Cascade(client, REGISTRY).settle(forced(), []) is None
    await Cascade(client, REGISTRY).check(instance(), [])
    assert (client.writes, client.events) == (0, [])


async def test_without_force_they_are_waited_for() -> None:
    client = FakeClient()
    with pytest.raises(Waiting) as waiting:
        await Cascade(client, REGISTRY).check(
            instance(status={"version": "7", "deletionConfirmation": {}}), [database()]
        )
    assert (waiting.value.reason, waiting.value.phase) == ("DependenciesExist", "Deleting")
    assert waiting.value.status == {"version": "7"}, "what was asked while it was forced is forgotten"


async def test_with_force_a_confirmation_is_asked_for_and_nothing_is_touched() -> None:
    client = FakeClient()
    children = put(client, "b", "a")
    before = client.writes
    with pytest.raises(Waiting) as waiting:
        await Cascade(client, REGISTRY).check(forced(), children)
    assert (waiting.value.reason, waiting.value.phase) == ("PendingDeletionConfirmation", "PendingDeletion")
    told = (waiting.value.status or {})["deletionConfirmation"]
    assert (told["required"], told["hash"], told["remainingCount"]) == (True, hash_names(children), 2)
    assert told["children"] == ["Database/default/a", "Database/default/b"]
    assert f"dbaas.io/confirm-delete: '{told['hash']}'" in told["message"]
    assert "deletionProtection does not save" in told["message"]
    assert client.writes == before
    assert [event.reason for event in client.events] == ["ForceDeletePending"]


async def test_it_is_asked_once_as_an_event_and_again_for_another_list() -> None:
    client = FakeClient()
    children = put(client, "a", "b")
    asked = {"deletionConfirmation": {"required": True, "hash": hash_names(children)}}
    assert await Cascade(client, REGISTRY).settle(forced(status=asked), children) is not None
    assert client.events == []
    assert await Cascade(client, REGISTRY).settle(forced(status=asked), children[:1]) is not None
    assert [event.reason for event in client.events] == ["ForceDeletePending"]


async def test_the_right_hash_takes_them_along_with_force() -> None:
    client = FakeClient()
    children = put(client, "a", "b")
    hold = await Cascade(client, REGISTRY).settle(forced(hash_names(children)), children)
    assert hold is not None
    assert (hold.reason, hold.phase, hold.confirmation["remainingCount"]) == ("CascadeDeleting", "Deleting", 2)
    for child in refresh(client, "ab"):
        assert child.metadata.is_deleting
        assert child.metadata.annotations == {FORCE: "true", ANNOTATION_DELETED_WITH: "uid-main"}


async def test_a_hash_of_another_list_does_nothing() -> None:
    client = FakeClient()
    children = put(client, "a", "b")
    hold = await Cascade(client, REGISTRY).settle(forced(hash_names(children[:1])), children)
    assert hold is not None and hold.reason == "PendingDeletionConfirmation"
    assert not any(child.metadata.is_deleting for child in refresh(client, "ab"))


async def test_who_comes_later_has_to_be_confirmed_too() -> None:
    client = FakeClient()
    children, confirmed = put(client, "a"), hash_names([database("a")])
    await Cascade(client, REGISTRY).settle(forced(confirmed), children)
    put(client, "b")
    hold = await Cascade(client, REGISTRY).settle(forced(confirmed), refresh(client, "ab"))
    assert hold is not None
    assert (hold.reason, hold.confirmation["children"]) == ("PendingDeletionConfirmation", ["Database/default/b"])
    assert [child.metadata.is_deleting for child in refresh(client, "ab")] == [True, False]


@pytest.mark.parametrize("marked", ["", "a", "ab"])
async def test_after_a_crash_in_between_the_word_still_counts(marked: str) -> None:
    client = FakeClient()
    children = put(client, "a", "b")
    for name in marked:
        patch = {"metadata": {"annotations": {ANNOTATION_DELETED_WITH: "uid-main", FORCE: "true"}}}
        await client.patch(DATABASE, Key("default", name), patch)
    hold = await Cascade(client, REGISTRY).settle(forced(hash_names(children)), refresh(client, "ab"))
    assert hold is not None and hold.reason == "CascadeDeleting"
    assert all(child.metadata.is_deleting for child in refresh(client, "ab"))


async def test_those_that_go_with_the_server_of_both_need_no_word_of_their_own() -> None:
    client = FakeClient()
    put(client, "a", annotations={FORCE: "true", ANNOTATION_DELETED_WITH: "uid-of-another"})
    (standing,) = refresh(client, "a")
    hold = await Cascade(client, REGISTRY).settle(forced(), [standing])
    assert hold is not None and hold.reason == "PendingDeletionConfirmation", "a mark alone is no deletion"
    client.mark_deleted(DATABASE, standing.key)
    hold = await Cascade(client, REGISTRY).settle(forced(), refresh(client, "a"))
    assert hold is not None and hold.reason == "CascadeDeleting"


@pytest.mark.parametrize(("required", "told"), [(False, ["CascadeDeleteComplete"]), (True, [])])
async def test_the_end_is_told_once_and_the_status_forgets(required: bool, told: list[str]) -> None:
    client = FakeClient()
    status = {"deletionConfirmation": {"required": required}, **with_conditions(("Ready", "False", "CascadeDeleting"))}
    held = client.put(DATABASE_INSTANCE, forced(status=status).body())
    with pytest.raises(Conflict):
        await Cascade(client, REGISTRY).settle(held, [])
    assert [event.reason for event in client.events] == told
    after = client.peek(DATABASE_INSTANCE, Key("default", "main"))
    assert after is not None and await Cascade(client, REGISTRY).settle(after, []) is None
    assert len(client.events) == len(told)


async def test_a_foreign_object_goes_before_what_it_stands_for_or_it_would_make_it_again() -> None:
    client = FakeClient()
    shelf = client.put(SHELF, make(SHELF, "mine", {"name": "a"}, finalizers=["furniture"]).body())
    owner = {"apiVersion": SHELF.api_version, "kind": SHELF.kind, "name": "mine", "uid": shelf.metadata.uid}
    children = put(client, "a", ownerReferences=[{**owner, "controller": True}])
    await Cascade(client, REGISTRY).settle(forced(hash_names(children)), children)
    left = client.peek(SHELF, shelf.key)
    assert left is not None and left.metadata.is_deleting
    assert all(child.metadata.is_deleting for child in refresh(client, "a"))
