"""SQL that is run once: when it is run, when it is not run again, and what a crash in between means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from dbaas.api.core import CONFIG_MAP
from dbaas.api.database import DATABASE
from dbaas.api.init_sql import ANSWER
from dbaas.api.resource import Key
from dbaas.contracts.engine import Address, MaySend, PlanRules, Unreachable
from dbaas.contracts.registry import Registry
from dbaas.contracts.script import Began, Fate, ScriptEnd, ScriptFrame, ScriptLogin
from dbaas.contracts.statement import Statement
from dbaas.controllers.managed.effects import hash_files, split_files
from dbaas.core.secrets import Secret
from fixtures.operating import virtually
from simulation.engine import Act, SimulatedServer, SimulatedSession
from simulation.world import World, simulated_world

SECRET_WORD = "sesame"


@dataclass
class RehearsedScripts:
    """Implements `contracts.script.Scripts`: remembers what ran; texts say how they end."""

    ran: list[str] = field(default_factory=list)
    fates: dict[str, Fate] = field(default_factory=dict)
    lost: Fate | None = None
    whole: bool = True

    def login_name(self, database: str) -> str:
        return f"run-{database}"

    async def frame(self, session: SimulatedSession, login: ScriptLogin, rules: PlanRules) -> ScriptFrame:
        made, gone = _act(f"MAKE {login.username}", login), _act(f"REMOVE {login.username}", login, gone=True)
        left = (gone,) if login.username in session.server.roles else ()
        return ScriptFrame("owner", left, (made,), (gone,))

    async def connect(self, address: Address, owner: str) -> SimulatedSession:
        raise NotImplementedError

    async def run(self, session: Any, files: Sequence[Secret], began: Began, may_send: MaySend) -> ScriptEnd:
        ticket = str(len(self.fates) + 1) if self.whole else ""
        await began(ticket)
        may_send()
        texts = [file.reveal() for file in files]
        self.ran += texts
        self.fates[ticket] = "undone" if any("fail" in text for text in texts) else "applied"
        if self.lost is not None:
            self.fates[ticket], self.lost = self.lost, None
            raise Unreachable("connection reset")
        if self.fates[ticket] == "undone":
            return ScriptEnd(len(texts) - 1, "file 1, line 1: Broken", undone=self.whole)
        return ScriptEnd(len(texts))

    async def look_up(self, session: Any, ticket: str) -> Fate:
        return self.fates.get(ticket, "unknown") if ticket else "unknown"


def _act(text: str, login: ScriptLogin, *, gone: bool = False) -> Statement:
    def effect(server: SimulatedServer) -> None:
        if gone:
            server.roles.pop(login.username, None)
        else:
            server.roles[login.username] = login.password.reveal()

    return Statement(Act(text, effect))


@asynccontextmanager
async def rehearsal() -> AsyncIterator[tuple[World, RehearsedScripts]]:
    """A world whose engine runs scripts."""
    scripts = RehearsedScripts()

    def fit(registry: Registry) -> Registry:
        engine = registry.engines["basalt"]
        assert engine.connect is not None
        scripts.connect = lambda address, owner: engine.connect(address, address.database)  # type: ignore[method-assign, misc]
        return replace(registry, engines={"basalt": replace(engine, scripts=scripts)})

    async with simulated_world(fit=fit) as world:
        await world.connect()
        yield world, scripts


async def make_shop(world: World, init: dict[str, Any], **spec: Any) -> None:
    await world.make(DATABASE, "shop", {"instanceRef": {"name": "main"}, "initSQL": init, **spec})
    await world.settle()


async def status_of(world: World) -> dict[str, Any]:
    return (await world.read(DATABASE, "shop")).status.get("initSQL") or {}


async def answer(world: World, text: str) -> None:
    await world.user.patch(DATABASE, Key("default", "shop"), {"metadata": {"annotations": {ANSWER: text}}})
    await world.settle()


async def make_text(world: World, text: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "sql", "namespace": "default"}}
    await world.user.create(CONFIG_MAP, {**body, "data": {"init.sql": text}})


@virtually
async def test_it_runs_once_and_the_database_is_ready() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": ["one", "two"]})
        assert scripts.ran == ["one", "two"]
        status = await status_of(world)
        assert status.pop("appliedAt")
        assert status == {"applied": True, "hash": hash_files(["one", "two"]), "statementsExecuted": 2}
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert "InitSQLApplied" in await world.events("shop")
        assert "run-shop" not in world.server.roles


@virtually
async def test_what_has_run_is_not_run_again_and_nothing_is_written() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": ["one"]})
        await world.stop()
        world.start()
        await world.settle()
        before = len(world.faults.writes)
        await world.user.patch(DATABASE, Key("default", "shop"), {"metadata": {"annotations": {"x": "y"}}})
        await asyncio.sleep(300)
        assert scripts.ran == ["one"]
        assert [w for w in world.faults.writes[before:] if "databases/shop" in w.path] == []


@virtually
async def test_another_text_runs_and_only_once() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": ["one"]})
        await world.change(DATABASE, "shop", {"initSQL": {"inline": ["other"]}})
        await world.settle()
        assert scripts.ran == ["one", "other"]
        assert (await status_of(world))["hash"] == hash_files(["other"])


@virtually
async def test_a_text_that_is_elsewhere_is_waited_for_and_its_changes_are_seen() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"configMapRef": {"name": "sql", "key": "init.sql"}})
        assert await world.ready(DATABASE, "shop") == ("False", "ConfigMapNotFound")
        await make_text(world, "one\n---\ntwo\n")
        await world.settle()
        assert scripts.ran == ["one\n", "two\n"]
        await world.user.patch(CONFIG_MAP, Key("default", "sql"), {"data": {"init.sql": "three"}})
        await world.settle()
        assert scripts.ran[2:] == ["three"]
        await world.user.patch(CONFIG_MAP, Key("default", "sql"), {"data": {"init.sql": None}})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "ConfigMapInvalid")


@virtually
async def test_a_failure_blocks_and_is_tried_again_where_it_left_nothing() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": [f"fail {SECRET_WORD}"]})
        assert await world.ready(DATABASE, "shop") == ("False", "InitSQLFailed")
        assert (await status_of(world))["error"] == "file 1, line 1: Broken"
        assert len(scripts.ran) == 1
        await asyncio.sleep(300)
        assert len(scripts.ran) == 2
        await world.change(DATABASE, "shop", {"initSQL": {"inline": ["good"]}})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_a_failure_that_left_something_waits_for_the_user() -> None:
    async with rehearsal() as (world, scripts):
        scripts.whole = False
        await make_shop(world, {"inline": ["fail"]})
        await asyncio.sleep(1000)
        assert len(scripts.ran) == 1
        await answer(world, f"run-{hash_files(['fail'])}")
        await asyncio.sleep(1000)
        assert len(scripts.ran) == 2
        await answer(world, f"run-{hash_files(['fail'])} again")
        assert len(scripts.ran) == 3
        await answer(world, f"done-{hash_files(['fail'])}")
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_with_continue_a_failure_is_told_and_nothing_more() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": ["fail"], "failurePolicy": "Continue"})
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert (await status_of(world))["applied"] is False
        assert "InitSQLFailed" in await world.events("shop")
        await asyncio.sleep(1000)
        assert len(scripts.ran) == 1


@virtually
async def test_the_server_tells_what_became_of_a_run_whose_end_was_not_seen() -> None:
    async with rehearsal() as (world, scripts):
        scripts.lost = "applied"
        await make_shop(world, {"inline": ["one"]})
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert scripts.ran == ["one"]


@virtually
async def test_what_was_undone_by_a_crash_is_run_again() -> None:
    async with rehearsal() as (world, scripts):
        scripts.lost = "undone"
        await make_shop(world, {"inline": ["one"]})
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert scripts.ran == ["one", "one"]


@pytest.mark.parametrize(("said", "runs"), [("done", 1), ("run", 2)])
@virtually
async def test_the_user_is_asked_where_the_server_cannot_know(said: str, runs: int) -> None:
    async with rehearsal() as (world, scripts):
        scripts.whole, scripts.lost = False, "applied"
        await make_shop(world, {"inline": ["one"]})
        assert await world.ready(DATABASE, "shop") == ("False", "InitSQLUnclear")
        assert len(scripts.ran) == 1
        await answer(world, f"{said}-{hash_files(['one'])}")
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert len(scripts.ran) == runs


@virtually
async def test_in_a_database_that_was_lost_and_made_again_it_runs_again() -> None:
    async with rehearsal() as (world, scripts):
        await make_shop(world, {"inline": ["one"]}, driftPolicy={"mode": "correct", "interval": "10s"})
        del world.server.bases["shop"]
        await asyncio.sleep(60)
        assert scripts.ran == ["one", "one"]
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_the_text_is_nowhere_but_where_it_was_written() -> None:
    async with rehearsal() as (world, _):
        await make_text(world, f"fail {SECRET_WORD}")
        before = len(world.faults.writes)
        await make_shop(world, {"configMapRef": {"name": "sql", "key": "init.sql"}})
        assert SECRET_WORD.encode() not in b"".join(write.body for write in world.faults.writes[before:])
        assert SECRET_WORD not in " ".join(world.server.log)


@virtually
async def test_an_engine_that_cannot_run_sql_says_so() -> None:
    async with simulated_world() as world:
        await world.connect()
        await make_shop(world, {"inline": ["one"]})
        status, reason = await world.ready(DATABASE, "shop")
        assert (status, reason) == ("False", "InvalidSpec")


def test_files_are_cut_at_lines_of_three_hyphens() -> None:
    assert split_files("a\n---\n\n---  \nb --- c\n----\n") == ["a\n", "b --- c\n----\n"]
    assert split_files(" \n") == []
    assert hash_files(["a", "b"]) != hash_files(["ab"])
