"""The operator dies at each write in turn and the next one goes on: each change is made once all the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.operation import OPERATION_MANAGER, OPS_REQUEST
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.simulation import run_virtually
from fixtures.faults import FaultyTransport
from fixtures.operations import Tried, tried_world
from simulation.dying import die_and_recover

pytestmark = pytest.mark.slow
REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("stop", {"type": "Stop"}),
    ("start", {"type": "Start"}),
    ("restart", {"type": "Restart"}),
    ("switch", {"type": "Switchover"}),
    ("tune", {"type": "Reconfiguring", "reconfiguring": {"config": [{"name": "a", "value": "1"}]}}),
)
TIMES = ("startTime", "completionTime", "timestamp", "createdVersion", "clusterUid", "lastTransitionTime")


class Arriving(FaultyTransport):
    """Remembers what operations have changed in specs: what was answered with a conflict has changed nothing."""

    def __init__(self, transport: Transport) -> None:
        super().__init__(transport)
        self.changes: list[Any] = []

    async def request(self, request: Request) -> Response:
        answer = await super().request(request)
        if request.query.get("fieldManager") == OPERATION_MANAGER and answer.status < 300:
            self.changes.append(_timeless(orjson.loads(request.body)["spec"]))
        return answer


async def run(number: int = -1, *, reached: bool = False) -> tuple[bool, list[Any], list[Any]]:
    """Dies at that write; at none where it is negative. Whether it did, what was written, and the end of all.

    The last of what was written is how often the provider has done something.
    """
    async with tried_world(clusterSize=2) as tried:
        await tried.world.stop()
        arriving = tried.world.faults = Arriving(tried.world.api)
        for name, spec in REQUESTS:
            await tried.world.make(OPS_REQUEST, name, {"clusterRef": {"name": "main"}, **spec})
        died = False
        if number < 0:
            tried.world.start()
            await tried.settle()
        else:
            died = await die_and_recover(tried.world, number, reached=reached)
        await tried.settle()
        return died, [*arriving.changes, len(await tried.turns())], [await _final(tried, name) for name, _ in REQUESTS]


async def _final(tried: Tried, name: str) -> Any:
    return _timeless(await tried.status(name))


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {n: _timeless(v) for n, v in value.items() if n not in (*TIMES, "restartedAt")}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("reached", [True, False])
def test_a_crash_at_any_write_makes_each_change_once_and_the_same_end(reached: bool) -> None:
    _, wanted, expected = run_virtually(run())
    assert len(wanted) == len(REQUESTS)  # one changes no spec, and is the last
    assert wanted[-1] == 1
    assert {each["phase"] for each in expected} == {"Succeeded"}
    for number in range(100):
        died, written, end = run_virtually(run(number, reached=reached))
        assert written == wanted, f"after a crash at write {number}"
        assert end == expected, f"after a crash at write {number}"
        if not died:
            break
    assert 12 < number < 99


def _declared(name: str, *, repeatable: bool) -> dict[str, Any]:
    statements = [{"name": word, "sql": f"{name} {word}"} for word in ("first", "second")]
    return {"name": name, "repeatable": repeatable, "statements": statements}


async def run_statements(number: int, *, reached: bool) -> tuple[bool, list[str], dict[str, Any]]:
    """The same with statements: whether it died, what the server has run, and reason of the end of each."""
    async with tried_world() as tried:
        await tried.world.stop()
        declared = [_declared("once", repeatable=False), _declared("often", repeatable=True)]
        spec = {"type": "basalt", "provider": tried.provider.name, "supportedVersions": ["7"], "operations": declared}
        await tried.world.make(DATABASE_ENGINE, "basalt", spec)
        for name in ("once", "often"):
            custom = {"custom": {"operation": name}}
            await tried.world.make(OPS_REQUEST, name, {"clusterRef": {"name": "main"}, "type": "Custom", **custom})
        died = await die_and_recover(tried.world, number, reached=reached)
        await tried.settle()
        held = [(await tried.world.read(OPS_REQUEST, name)).metadata.finalizers for name in ("once", "often")]
        assert held == [[], []]
        ran = tried.world.server.customs.ran
        return died, ran, {name: (await tried.end(name))[1] for name in ("once", "often")}


@pytest.mark.parametrize("reached", [True, False])
def test_a_crash_at_any_write_runs_no_statement_twice_that_may_not_be(reached: bool) -> None:
    unknown = 0
    for number in range(100):
        died, ran, ends = run_virtually(run_statements(number, reached=reached))
        if not died:
            break
        once = [text for text in ran if text.startswith("once")]
        assert once in ([], ["once first"], ["once first", "once second"]), f"after a crash at write {number}"
        assert ends["once"] == "OutcomeUnknown" or len(once) == 2, f"after a crash at write {number}"
        assert ends["once"] in ("Succeeded", "OutcomeUnknown")
        assert ends["often"] == "Succeeded"
        assert list(dict.fromkeys(text for text in ran if text.startswith("often"))) == ["often first", "often second"]
        unknown += ends["once"] == "OutcomeUnknown"
    assert 8 < number < 99
    assert 0 < unknown < number
