"""Waiting ends when it is over, when it cannot come, and in time."""

from __future__ import annotations

import asyncio

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.database import DATABASE
from dbaas.cli.commands.wait import WaitOptions, wait
from dbaas.cli.exits import CommandError, Finished, WaitedTooLong
from dbaas.cli.session import Session

SPEC = {"instanceRef": {"name": "main"}}
SHOP = WaitOptions(what=["database/shop"])


async def test_it_ends_when_the_object_becomes_ready(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    waiting = asyncio.create_task(wait(session, SHOP))
    await put_status(session, DATABASE, "shop", "True", "Ready")
    await waiting
    assert printed().splitlines()[1].split() == ["database/shop", "Ready", "True"]


async def test_a_condition_of_an_older_generation_does_not_count(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "True", "Ready")
    await put(session, DATABASE, "shop", {**SPEC, "owner": "somebody"})
    with pytest.raises(WaitedTooLong):
        await wait(session, WaitOptions(what=["db"], timeout="0s"))


async def test_what_is_stuck_is_not_waited_for(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    stalled = {
        "type": "Stalled", "status": "True", "reason": "Refused", "message": "",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    ready = {**stalled, "type": "Ready", "status": "False", "message": "because"}
    await put_status(session, DATABASE, "shop", "False", "Refused", conditions=[ready, stalled])
    with pytest.raises(CommandError, match="cannot become ready") as caught:
        await wait(session, SHOP)
    assert caught.value.advice[0] == "database/shop: because"


async def test_too_long_says_what_is_missing(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "False", "InstanceNotReady")
    with pytest.raises(WaitedTooLong) as caught:
        await wait(session, WaitOptions(what=["db", "shop"], timeout="100ms"))
    assert caught.value.advice[0] == "database/shop: because of InstanceNotReady"


async def test_other_conditions_can_be_waited_for(session: Session) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "False", "Drifted")
    await wait(session, WaitOptions(what=["db"], condition="Ready=False"))


async def test_waiting_for_nothing_is_an_error(session: Session) -> None:
    with pytest.raises(Finished):
        await wait(session, WaitOptions(what=["db"]))


async def test_what_is_gone_already_need_not_be_waited_for(session: Session) -> None:
    await wait(session, WaitOptions(what=["database/shop"], condition="delete"))
