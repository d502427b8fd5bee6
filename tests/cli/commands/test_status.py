"""What runs, and whether all that was declared is ready."""

from __future__ import annotations

import json

import pytest

from cli.conftest import Printed, put, put_status
from dbaas.api.database import DATABASE
from dbaas.cli.commands.status import StatusOptions, show
from dbaas.cli.exits import CommandError
from dbaas.cli.formats import Format
from dbaas.cli.session import Session

SPEC = {"instanceRef": {"name": "main"}}


async def test_ready_objects_are_counted(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "True", "Ready")
    await show(session, StatusOptions())
    assert printed().splitlines()[-1].split() == ["databases", "1", "1"]


async def test_what_is_not_ready_is_named_and_fails(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "False", "Drifted")
    with pytest.raises(CommandError, match="1 of 1 object is not ready"):
        await show(session, StatusOptions())
    assert "not ready: database/shop: Drifted: because of Drifted" in printed()


async def test_machines_get_every_object(session: Session, printed: Printed) -> None:
    await put(session, DATABASE, "shop", SPEC)
    await put_status(session, DATABASE, "shop", "True", "Ready")
    await show(session, StatusOptions(output=Format.JSON))
    facts = json.loads(printed())
    assert facts["target"] == "laptop"
    assert facts["objects"][0]["name"] == "shop"


async def test_an_empty_laptop_is_fine(session: Session, printed: Printed) -> None:
    await show(session, StatusOptions())
    assert "nothing is declared yet" in printed()
