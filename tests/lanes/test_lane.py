"""One lane against a server that only pretends, on virtual time."""

from __future__ import annotations

import asyncio

import pytest

from dbaas.contracts.engine import Denied, EngineError, LoginRefused, Missing, Retryable, Unreachable
from dbaas.contracts.leadership import NotLeading
from dbaas.core.simulation import run_virtually
from dbaas.lanes.executing import ATTEMPTS
from dbaas.lanes.metering import LaneEvent
from fixtures.electing import Turn
from fixtures.pretending import ADDRESS, PretendServer, statement


def test_a_thousand_requests_that_come_together_are_one_query() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        names = [f"n{number}" for number in range(1000)]
        answers = await asyncio.gather(*(lane.observe("things", None, [name]) for name in names))
        assert [answer[name] for answer, name in zip(answers, names, strict=True)] == [
            f"{n} in admin-db" for n in names
        ]
        assert server.queries == [("admin-db", "things", frozenset(names))]
        await lane.close()

    run_virtually(main())


def test_requests_that_come_while_a_query_is_under_way_are_the_next_one() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=0.01)
        lane = server.lane()

        async def ask(number: int) -> None:
            await server.clock.sleep(number * 0.001)
            await lane.observe("things", "shop", [f"n{number}"])

        await asyncio.gather(*map(ask, range(30)))
        assert len(server.queries) <= 5
        await lane.close()

    run_virtually(main())


def test_a_lone_request_does_not_wait_for_others() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0.0, work_seconds=0.0)
        lane = server.lane()
        await lane.observe("things", "shop", ["a"])
        assert server.clock.monotonic() == 0.0
        await lane.close()

    run_virtually(main())


def test_asking_for_all_answers_those_who_asked_for_one() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        every, one = await asyncio.gather(lane.observe("things", None, None), lane.observe("things", None, ["a"]))
        assert every is one and server.queries == [("admin-db", "things", None)]
        await lane.close()

    run_virtually(main())


def test_a_request_that_is_given_up_does_not_disturb_the_others() -> None:
    async def main() -> None:
        lane = PretendServer().lane()
        impatient = asyncio.create_task(lane.observe("things", None, ["a"]))
        patient = asyncio.create_task(lane.observe("things", None, ["b"]))
        await asyncio.sleep(0)
        impatient.cancel()
        assert (await patient)["b"] == "b in admin-db"
        await lane.close()

    run_virtually(main())


def test_an_error_reaches_everybody_who_asked() -> None:
    async def main() -> None:
        server = PretendServer(failures={"observe": [Denied("no")]})
        lane = server.lane()
        asked = (lane.observe("things", None, [name]) for name in "ab")
        assert [type(answer) for answer in await asyncio.gather(*asked, return_exceptions=True)] == [Denied, Denied]
        assert (await lane.observe("things", None, ["c"]))["c"]
        assert server.connects["admin-db"] == 1
        await lane.close()

    run_virtually(main())


def test_a_missing_database_is_told_and_does_not_open_the_circuit() -> None:
    async def main() -> None:
        server = PretendServer(failures={"connect": [Missing("there is no database 'shop'")]})
        lane = server.lane()
        with pytest.raises(Missing):
            await lane.observe("things", "shop", ["a"])
        assert (await lane.observe("things", None, ["a"]))["a"]
        await lane.close()

    run_virtually(main())


def test_never_more_connections_than_the_cap() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane(cap=3)
        await asyncio.gather(*(lane.observe("things", f"db{n % 20}", [f"{n}"]) for n in range(200)),
                             *(lane.execute([statement(f"s{n}", f"db{n % 20}")]) for n in range(200)),
                             *(lane.prove(ADDRESS) for _ in range(5)))  # fmt: skip
        assert server.most_open == 3
        await lane.close()
        assert server.open_now == 0

    run_virtually(main())


def test_neighbours_of_one_database_share_a_transaction() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        await lane.execute([statement("a"), statement("b"), statement("c", transactional=False), statement("d", "shop"),
                            statement("e", "shop", run_as="x"), statement("f", "shop", run_as="x")])  # fmt: skip
        assert server.executed == [
            ("admin-db", ("a", "b")), ("admin-db", ("c",)), ("shop", ("d",)), ("shop", ("e", "f"))
        ]  # fmt: skip
        await lane.close()

    run_virtually(main())


def test_statements_that_lock_the_same_wait_for_each_other() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane(cap=5)
        await asyncio.gather(*(lane.execute([statement(f"s{n}", None, f"lock{n % 2}", "both")]) for n in range(20)))
        assert not server.overlaps and len(server.executed) == 20
        await lane.close()

    run_virtually(main())


def test_what_may_succeed_later_is_tried_again() -> None:
    async def main() -> None:
        server = PretendServer(failures={"execute": [Retryable("deadlock")] * 3})
        lane = server.lane()
        await lane.execute([statement("a")])
        assert server.executed == [("admin-db", ("a",))]
        server.failures["execute"] = [Retryable("deadlock")] * ATTEMPTS
        with pytest.raises(Retryable):
            await lane.execute([statement("a")])
        await lane.close()

    run_virtually(main())


def test_nothing_is_sent_twice_when_a_connection_breaks() -> None:
    async def main() -> None:
        server = PretendServer(failures={"execute": [Unreachable("it broke")]})
        lane = server.lane()
        with pytest.raises(Unreachable):
            await lane.execute([statement("a"), statement("b", "shop")])
        assert server.executed == []
        await lane.execute([statement("a")])
        await lane.close()

    run_virtually(main())


def test_reading_over_a_connection_that_died_while_idle_is_tried_once_more() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        await lane.facts()
        server.failures["observe"] = [Unreachable("it died")]
        assert (await lane.observe("things", None, ["a"]))["a"]
        server.failures["probe"] = [Unreachable("it died")]
        assert (await lane.facts(fresh=True)).version == "1.0"
        assert server.connects["admin-db"] == 3
        await lane.close()

    run_virtually(main())


@pytest.mark.parametrize("failure", [Unreachable("connection refused"), LoginRefused("wrong password")])
def test_while_a_server_is_down_requests_fail_at_once_and_it_is_found_again(failure: EngineError) -> None:
    async def main() -> None:
        server = PretendServer(down=failure)
        recovered: list[str] = []
        events: list[LaneEvent] = []
        lane = server.lane(events=events, recovered=recovered)
        for request in (lane.observe("things", None, ["a"]), lane.execute([statement("a")]), lane.facts()):
            with pytest.raises(type(failure), match=failure.message):
                await request
        knocked = sum(server.connects.values())
        began = server.clock.monotonic()
        for _ in range(100):
            with pytest.raises(type(failure)):
                await lane.observe("things", "shop", ["a"])
        assert sum(server.connects.values()) == knocked and server.clock.monotonic() == began
        await server.clock.sleep(600)
        assert sum(server.connects.values()) < knocked + 60
        server.down = None
        await server.clock.sleep(31)
        assert recovered == ["ns/main"]
        assert (await lane.observe("things", None, ["a"]))["a"]
        assert [event.work for event in events if event.work in ("open", "close")] == ["open", "close"]
        await lane.close()

    run_virtually(main())


def test_those_who_wait_learn_of_the_failure_together() -> None:
    """A server that swallows connections costs one timeout, not one for each who waits."""

    async def main() -> None:
        server = PretendServer(connect_seconds=10, down=Unreachable("timeout"))
        lane = server.lane(cap=2)
        asked = [lane.observe("things", f"db{n}", ["a"]) for n in range(50)]
        assert {type(a) for a in await asyncio.gather(*asked, return_exceptions=True)} == {Unreachable}
        assert server.clock.monotonic() < 10.1
        await lane.close()

    run_virtually(main())


def test_user_changes_go_before_background_work() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0.02, work_seconds=0.05)
        lane = server.lane(cap=2)
        drift = [asyncio.create_task(lane.observe("things", f"db{n}", None, background=True)) for n in range(100)]
        await server.clock.sleep(0.2)
        began = server.clock.monotonic()
        await lane.observe("things", "shop", ["a"])
        await lane.execute([statement("a", "shop")])
        assert server.clock.monotonic() - began < 0.2
        assert not all(task.done() for task in drift)
        await asyncio.gather(*drift)
        await lane.close()

    run_virtually(main())


def test_a_database_is_left_before_it_is_vacated() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        await lane.observe("things", "shop", ["a"])
        assert server.open_now == 1
        await lane.execute([statement("DROP", transactional=False, vacates="shop")])
        assert server.open_now == 1 and server.executed == [("admin-db", ("DROP",))]
        await lane.close()

    run_virtually(main())


def test_a_probe_goes_before_all_other_work() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=10.0)
        lane = server.lane(cap=2)
        changes = [asyncio.create_task(lane.execute([statement(f"s{number}")])) for number in range(20)]
        await asyncio.sleep(1)
        await lane.facts(fresh=True)
        assert len(server.executed) <= 4
        await asyncio.gather(*changes)
        await lane.close()

    run_virtually(main())


def test_facts_are_asked_for_once() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane()
        await asyncio.gather(*(lane.facts() for _ in range(20)))
        await lane.facts()
        assert server.connects["admin-db"] == 1
        began = server.clock.monotonic()
        await lane.facts()
        assert server.clock.monotonic() == began
        await lane.facts(fresh=True)
        assert server.clock.monotonic() > began
        await lane.close()

    run_virtually(main())


def test_closing_tells_those_who_wait_and_leaves_nothing_open() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=5)
        lane = server.lane(cap=1)
        waiting = [asyncio.create_task(lane.observe("things", f"db{n}", None)) for n in range(5)]
        await server.clock.sleep(1)
        await lane.close()
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(answer) for answer in answers} == {Unreachable}
        assert server.open_now == 0
        with pytest.raises(Unreachable):
            await lane.observe("things", None, None)

    run_virtually(main())


def test_the_same_run_is_the_same_every_time() -> None:
    async def main() -> list[object]:
        server = PretendServer(failures={"execute": [Retryable("again")] * 5})
        lane = server.lane()
        await asyncio.gather(*(lane.execute([statement(f"s{n}", f"db{n % 4}", f"l{n % 3}")]) for n in range(20)))
        await lane.close()
        return [server.executed, server.clock.monotonic()]

    assert run_virtually(main()) == run_virtually(main())


def test_who_does_not_lead_any_more_reads_and_sends_no_statement() -> None:
    async def main() -> None:
        server, turn = PretendServer(), Turn()
        lane = server.lane(leadership=turn)
        await lane.execute([statement("a")])
        turn.lasts = False
        assert await lane.observe("things", None, ["x"])
        with pytest.raises(NotLeading, match="cannot send statements to ns/main: another process may lead now"):
            await lane.execute([statement("b")])
        assert server.executed == [("admin-db", ("a",))]
        turn.lasts = True
        await lane.execute([statement("c")])
        assert server.executed[1:] == [("admin-db", ("c",))]
        await lane.close()

    run_virtually(main())


def test_a_turn_that_ends_in_the_middle_ends_the_work_there() -> None:
    """Whether it waited for a connection, for a lock, or for the answer to what it had sent before."""

    async def main() -> None:
        server, turn = PretendServer(connect_seconds=1.0, work_seconds=1.0), Turn()
        lane = server.lane(cap=1, leadership=turn)
        works = [
            asyncio.create_task(lane.execute([statement(f"{name}1", "shop", "lock"), statement(f"{name}2", "blog")]))
            for name in "ab"
        ]
        await server.clock.sleep(1.5)
        turn.lasts = False
        done = await asyncio.gather(*works, return_exceptions=True)
        assert [type(error) for error in done] == [NotLeading, NotLeading]
        assert server.executed == [("shop", ("a1",))], "what was under way cannot be called back"
        await lane.close()

    run_virtually(main())


def test_a_closed_lane_has_no_connection_even_where_a_question_was_under_way() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=100.0)
        lane = server.lane()
        question = asyncio.create_task(lane.observe("things", "shop", ["a"]))
        await server.clock.sleep(1)
        assert server.open_now == 1
        await lane.close()
        assert (server.open_now, server.clock.monotonic()) == (0, 1.0)
        with pytest.raises(Unreachable):
            await question

    run_virtually(main())
