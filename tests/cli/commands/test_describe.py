"""What people are told about one object."""

from __future__ import annotations

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.core import EVENT, SECRET
from dbaas.api.database import DATABASE
from dbaas.cli.commands.describe import DescribeOptions, show
from dbaas.cli.exits import Finished
from dbaas.cli.session import Session

DRIFT = {"detected": True, "diffs": [{"field": "spec.owner", "expected": "a", "actual": "b", "destructive": True}]}


async def describe(session: Session, *what: str) -> None:
    await show(session, DescribeOptions(what=list(what)))


async def test_fields_conditions_and_drift_are_told(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}, "owner": "a"})
    await put_status(session, DATABASE, "shop", "False", "Drifted", drift=DRIFT)
    await describe(session, "db", "shop")
    text = printed()
    assert "Database shop in namespace default" in text
    assert "  owner: a\n" in text
    assert "Ready   False    Drifted" in text
    assert "spec.owner   a          b        destructive" in text


async def test_events_are_told(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    body = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Database", "name": "shop", "namespace": "default"},
        "type": "Normal", "reason": "Created", "message": "made the database", "lastTimestamp": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    await session.rest.create(EVENT, body)
    await describe(session, "database/shop")
    assert "Normal   Created   made the database" in printed()


async def test_events_of_an_object_of_another_group_with_the_same_name_are_not(
    session: Session, printed: Printed
) -> None:
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}})
    for version, reason in (("dbaas.io/v1", "Ours"), ("dbops.dbprovision.io/v1alpha1", "Theirs")):
        about = {"apiVersion": version, "kind": "Database", "name": "shop", "namespace": "default"}
        metadata = {"name": reason.lower(), "namespace": "default"}
        body = {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "reason": reason}
        await session.rest.create(EVENT, body)
    await describe(session, "databases.dbaas.io/shop")
    text = printed()
    assert "Ours" in text and "Theirs" not in text


async def test_secrets_keep_their_values(session: Session, printed: Printed) -> None:
    body = {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "default"},
        "stringData": {"password": "hunter2"},
    }  # fmt: skip
    await session.rest.create(SECRET, body)
    await describe(session, "secret", "s")
    assert "password: 7 bytes" in printed()
    assert "aHVudGVyMg" not in printed()


async def test_a_password_that_is_written_out_is_masked(session: Session, printed: Printed) -> None:
    texts = {"inline": ["ALTER ROLE a PASSWORD 'hunter2'"]}
    await put(session, DATABASE, "shop", {"instanceRef": {"name": "main"}, "owner": "a", "initSQL": texts})
    await describe(session, "db", "shop")
    text = printed()
    assert "inline: ALTER ROLE a PASSWORD '********'" in text and "hunter2" not in text


async def test_nothing_to_describe_is_an_error(session: Session, remarked: Printed) -> None:
    with pytest.raises(Finished):
        await describe(session, "db")
    assert remarked() == "error: nothing matches\n"
