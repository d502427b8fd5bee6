"""New connections, and what is told of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from dbaas.contracts.engine import Engine, EngineError, Session, Unreachable
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.lanes.dialling import Dialler, Surroundings, tell_nobody
from dbaas.lanes.metering import LaneEvent, no_meter
from fixtures.pretending import ADDRESS, PretendServer


async def in_and_out(database: str, connect: Callable[[], Awaitable[Session]]) -> None:
    await (await connect()).close()


def dialler(engine: Engine, events: list[LaneEvent], failed: list[EngineError]) -> Dialler:
    surroundings = Surroundings(LoopClock(), SeededRandomness(1), events.append)
    return Dialler("ns/main", engine, ADDRESS, surroundings, failed.append, in_and_out)


def test_a_failed_connection_opens_the_circuit_and_is_counted() -> None:
    async def main() -> None:
        server = PretendServer(failures={"connect": [Unreachable("refused")]})
        events, failed = list[LaneEvent](), list[EngineError]()
        dialling = dialler(server.engine(), events, failed)
        with pytest.raises(Unreachable):
            await dialling.dial("shop")
        with pytest.raises(Unreachable):
            await dialling.dial("shop")
        assert server.connects["shop"] == 1 and len(failed) == 1
        assert [(event.work, event.failure) for event in events] == [
            ("connect", "Unreachable"),
            ("open", "Unreachable"),
        ]
        await server.clock.sleep(1)  # a probe whose connection nobody wants closes it
        assert not dialling.breaker.is_open and server.open_now == 0
        await (await dialling.dial("shop")).close()

    run_virtually(main())


def test_a_proof_says_nothing_about_our_own_login() -> None:
    async def main() -> None:
        server = PretendServer(failures={"connect": [Unreachable("refused")]})
        dialling = dialler(server.engine(), [], [])
        with pytest.raises(Unreachable):
            await dialling.prove(ADDRESS)
        assert not dialling.breaker.is_open
        await dialling.prove(ADDRESS)
        assert server.open_now == 0

    run_virtually(main())


def test_an_engine_without_connections_says_so() -> None:
    async def main() -> None:
        with pytest.raises(EngineError, match="'mute' cannot be logged in to"):
            await dialler(Engine("mute"), [], []).dial("shop")

    run_virtually(main())


def test_by_default_nobody_listens() -> None:
    no_meter(LaneEvent("ns/main", "connect"))
    tell_nobody("ns/main")
