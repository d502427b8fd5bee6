"""Deletions end, or say what holds them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import SERVICE
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.delete import DeleteOptions, delete, run
from dbaas.cli.exits import CommandError, Finished, WaitedTooLong, WrongUsage
from dbaas.cli.session import Session
from fixtures.faults import FaultyTransport

SPEC = {"instanceRef": {"name": "main"}}
PORTS = {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 5432}]}}
HELD = {"metadata": {"finalizers": ["dbaas.io/finalizer"]}}


async def test_objects_are_deleted_by_name(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await delete(session, DeleteOptions(what=["db", "shop"]))
    assert printed() == "database.dbaas.io/shop deleted\n"
    assert not await session.rest.list(DATABASE)


async def test_kinds_are_deleted_with_all(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put(session, DATABASE_USER, "app", SPEC)
    await delete(session, DeleteOptions(what=["db,users"], every=True))
    assert not await session.rest.list(DATABASE_USER)


async def test_what_others_need_is_deleted_last(session: Session) -> None:
    asked: list[str] = []
    session.transport = faulty = FaultyTransport(session.transport)
    for kind in (DATABASE, DATABASE_USER):
        await put(session, kind, "shop", SPEC)
    faulty.answer(
        403, "Forbidden", lambda request: request.method == "DELETE" and not asked.append(request.path), times=2
    )
    with pytest.raises(CommandError):
        await delete(session, DeleteOptions(what=["users,db"], every=True))
    assert [path.rpartition("/namespaces/")[2] for path in asked] == [
        "default/databases/shop",
        "default/databaseusers/shop",
    ]


@pytest.mark.parametrize("waits", [True, False])
async def test_by_what_a_server_is_found_goes_when_nothing_is_left_to_drop_there(
    session: Session, remarked: Printed, waits: bool
) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    await session.rest.create(SERVICE, {"metadata": {"name": "pg", "namespace": "default"}, **PORTS})
    if not waits:
        await delete(session, DeleteOptions(what=["service/pg", "db/shop"], wait=False))
        assert "service/pg stays while the others are there" in remarked()
    else:
        with pytest.raises(WaitedTooLong):
            await delete(session, DeleteOptions(what=["service/pg", "db/shop"], timeout="0s"))
    assert await session.rest.list(SERVICE)
    await session.rest.patch(DATABASE, Key("default", "shop"), {"metadata": {"finalizers": None}})
    await delete(session, DeleteOptions(what=["service/pg"]))
    assert Key("default", "pg") not in [service.key for service in await session.rest.list(SERVICE)]


async def test_what_has_a_name_for_a_server_goes_with_it(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.create(SERVICE, {"metadata": {"name": "pg", "namespace": "default"}, **PORTS})
    await delete(session, DeleteOptions(what=["service/pg", "db/shop"]))
    assert printed() == "database.dbaas.io/shop deleted\nservice/pg deleted\n"


async def test_a_kind_alone_deletes_nothing(session: Session) -> None:
    with pytest.raises(WrongUsage, match="say --all"):
        await delete(session, DeleteOptions(what=["db"]))


async def test_manifests_delete_what_they_name(session: Session, tmp_path: Path, remarked: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    file = tmp_path / "a.yaml"
    file.write_text(
        "{apiVersion: dbaas.io/v1, kind: Database, metadata: {name: shop}}\n---\n"
        "{apiVersion: dbaas.io/v1, kind: Database, metadata: {name: gone}}\n"
    )
    await delete(session, DeleteOptions(files=[str(file)], ignore_missing=True))
    assert not await session.rest.list(DATABASE)
    assert "error" not in remarked()


async def test_absent_objects_are_an_error(session: Session, remarked: Printed) -> None:
    with pytest.raises(Finished):
        await delete(session, DeleteOptions(what=["database/shop"]))
    assert "there is no Database 'shop'" in remarked()


@pytest.mark.slow
async def test_a_protected_object_is_told_with_what_to_do(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    await put_status(session, DATABASE, "shop", "False", "DeletionProtected")
    with pytest.raises(CommandError, match="deletion is blocked") as caught:
        await delete(session, DeleteOptions(what=["db", "shop"]))
    assert any("deletionProtection" in line for line in caught.value.advice)


async def test_a_deletion_that_goes_on_is_waited_for_no_longer_than_asked(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    with pytest.raises(WaitedTooLong, match="1 of 1 object still there"):
        await delete(session, DeleteOptions(what=["db", "shop"], timeout="100ms"))


async def test_not_waiting_only_begins(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    await delete(session, DeleteOptions(what=["db", "shop"], wait=False))
    assert printed() == "database.dbaas.io/shop deletion has begun\n"


async def test_what_is_refused_is_told_beside_what_is_gone(
    session: Session, printed: Printed, remarked: Printed
) -> None:
    session.transport = faulty = FaultyTransport(session.transport)
    for name in ("a", "b"):
        await put(session, DATABASE, name, SPEC)
    faulty.answer(403, "Forbidden", lambda request: request.method == "DELETE" and request.path.endswith("/a"))
    with pytest.raises(CommandError, match="1 of 2 objects cannot be deleted"):
        await delete(session, DeleteOptions(what=["db", "a", "b"]))
    assert printed() == "database.dbaas.io/b deleted\n"
    assert remarked() == "error: cannot delete Database default/a: injected\n"


async def annotations(session: Session) -> dict[str, str]:
    return (await session.rest.get(DATABASE, Key("default", "shop"))).metadata.annotations


async def test_force_and_its_confirmation_are_written_before_the_deletion(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    await delete(session, DeleteOptions(what=["db", "shop"], force=True, wait=False))
    assert await annotations(session) == {"dbaas.io/force-delete": "true"}
    await delete(session, DeleteOptions(what=["db", "shop"], force=True, confirm="1a2b3c4d", wait=False))
    assert await annotations(session) == {"dbaas.io/force-delete": "true", "dbaas.io/confirm-delete": "1a2b3c4d"}
    assert (await session.rest.get(DATABASE, Key("default", "shop"))).metadata.is_deleting


@pytest.mark.slow
async def test_what_waits_for_a_confirmation_says_so_instead_of_hanging(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await session.rest.patch(DATABASE, Key("default", "shop"), HELD)
    await put_status(session, DATABASE, "shop", "False", "PendingDeletionConfirmation")
    with pytest.raises(CommandError) as caught:
        await delete(session, DeleteOptions(what=["db", "shop"], force=True))
    assert any("because of PendingDeletionConfirmation" in line for line in caught.value.advice)


async def test_what_dbaas_does_not_serve_cannot_be_forced(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    with pytest.raises(CommandError, match="namespace/kube-public is not served by dbaas and cannot"):
        await delete(session, DeleteOptions(what=["db/shop", "namespace/kube-public"], force=True))
    assert await annotations(session) == {}


def test_a_confirmation_without_force_makes_no_sense() -> None:
    with pytest.raises(WrongUsage, match="say --force as well"):
        run(DeleteOptions(what=["db", "shop"], confirm="1a2b3c4d"))
