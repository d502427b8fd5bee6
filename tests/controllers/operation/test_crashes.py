"""The operator dies at each write in turn and the next one goes on: each change is made once all the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

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
