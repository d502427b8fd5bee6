"""When an action is done."""

from __future__ import annotations

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import build_resource
from dbaas.contracts.action import Call, Move, Write, call_nobody
from dbaas.core.secrets import Secret

CALL = Call("http://main/x", {})


def test_it_is_done_when_nothing_is_left_to_write_to_ask_or_to_wait_for() -> None:
    there = build_resource(CONFIG_MAP, {"metadata": {"name": "main", "namespace": "default"}})
    assert Move().is_done
    assert not any(move.is_done for move in (Move([Write(there)]), Move(waits="for one"), Move(calls=[CALL])))


async def test_where_nobody_can_be_asked_that_is_told() -> None:
    assert await call_nobody(CALL, Secret("s")) == "http://main/x cannot be reached from here"
