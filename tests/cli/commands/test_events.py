"""What happened, newest last."""

from __future__ import annotations

from typing import Any

from cli.conftest import Printed
from dbaas.api.core import EVENT
from dbaas.cli.commands.events import EventsOptions, show_events
from dbaas.cli.session import Session


async def happen(session: Session, name: str, minute: int, **more: Any) -> None:
    body = {
        "apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "default"},
        "involvedObject": {"kind": "Database", "name": "shop", "namespace": "default"}, "type": "Normal",
        "reason": name.capitalize(), "message": "it happened", "lastTimestamp": f"2026-01-01T00:{minute:02}:00Z",
    }  # fmt: skip
    await session.rest.create(EVENT, {**body, **more})


async def test_events_are_in_order_of_time(session: Session, printed: Printed) -> None:
    await happen(session, "second", 2)
    await happen(session, "first", 1)
    await show_events(session, EventsOptions())
    assert [line.split()[2] for line in printed().splitlines()] == ["TYPE", "First", "Second"]


async def test_repeated_events_have_their_count(session: Session, printed: Printed) -> None:
    await happen(session, "again", 1, series={"count": 3, "lastObservedTime": "2026-01-01T00:05:00.000000Z"})
    await show_events(session, EventsOptions())
    assert "it happened (3 times)" in printed()


async def test_events_of_one_object_or_warnings_can_be_chosen(session: Session, printed: Printed) -> None:
    await happen(session, "good", 1)
    await happen(session, "bad", 2, type="Warning")
    await show_events(session, EventsOptions(about=["database/shop"], warnings=True))
    assert "Bad" in printed()
    assert "Good" not in printed()


async def test_an_object_of_another_group_with_the_same_name_has_events_of_its_own(
    session: Session, printed: Printed
) -> None:
    about = {"kind": "Database", "name": "shop", "namespace": "default"}
    await happen(session, "ours", 1, involvedObject={**about, "apiVersion": "dbaas.io/v1"})
    await happen(session, "theirs", 2, involvedObject={**about, "apiVersion": "dbops.dbprovision.io/v1alpha1"})
    await show_events(session, EventsOptions(about=["databases.dbaas.io/shop"]))
    assert "Ours" in printed() and "Theirs" not in printed()


async def test_nothing_has_happened_in_a_fresh_place(session: Session, remarked: Printed) -> None:
    await show_events(session, EventsOptions())
    assert remarked() == "nothing has happened\n"
