"""Tests of `kube.retries`: property 25 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from dbaas.contracts.transport import NotSent, Request, Response, TransportError
from dbaas.core.clock import EPOCH, LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.retries import MOST_ATTEMPTS, RetryingTransport, retry_after
from dbaas.kube.verbs import APPLY_PATCH
from fixtures.operating import virtually

CLOCK = LoopClock()
OK = Response(200)
GET = Request("GET", "/x")
POST = Request("POST", "/x")
APPLY = Request("PATCH", "/x", headers={"content-type": APPLY_PATCH})
DELETE_ONE = Request("DELETE", "/x", body=b'{"preconditions":{"uid":"u"}}')
DELETE_ANY = Request("DELETE", "/x", body=b'{"propagationPolicy":"Background"}')
MERGE = Request("PATCH", "/x", headers={"content-type": "application/merge-patch+json"})


class _Scripted:
    def __init__(self, answers: Iterable[Response | TransportError]) -> None:
        self.times: list[float] = []
        self._answers = iter(answers)

    async def request(self, request: Request) -> Response:
        self.times.append(CLOCK.monotonic())
        answer = next(self._answers, OK)
        if isinstance(answer, TransportError):
            raise answer
        return answer


def _retrying(*answers: Response | TransportError) -> tuple[RetryingTransport, _Scripted]:
    scripted = _Scripted(answers)
    return RetryingTransport(scripted, CLOCK, SeededRandomness(1)), scripted


def _busy(code: int = 429, **headers: str) -> Response:
    return Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_server_is_given_the_time_it_asks_for(code: int) -> None:
    @virtually
    async def story() -> None:
        transport, scripted = _retrying(_busy(code, retry_after="7"))
        assert (await transport.request(POST)).status == 200
        assert 7 <= scripted.times[1] <= 7.2

    story()


@virtually
async def test_everybody_waits_for_a_busy_server() -> None:
    transport, scripted = _retrying(_busy(retry_after="7"))
    first = asyncio.create_task(transport.request(GET))
    await CLOCK.sleep(1)
    await transport.request(POST)
    await first
    assert scripted.times[0] == 0
    assert all(7 <= time <= 7.2 for time in scripted.times[1:])


@virtually
async def test_a_server_that_stays_busy_is_not_asked_for_ever() -> None:
    transport, scripted = _retrying(*[_busy(retry_after="1")] * 99)
    assert (await transport.request(GET)).status == 429
    assert len(scripted.times) == MOST_ATTEMPTS


@virtually
async def test_who_would_have_to_wait_too_long_is_told_so_and_the_server_is_left_alone() -> None:
    transport, scripted = _retrying(_busy(retry_after="300"))
    assert (await transport.request(GET)).status == 429
    await CLOCK.sleep(200)
    assert (await transport.request(POST)).status == 429
    assert len(scripted.times) == 1
    await CLOCK.sleep(80)
    assert (await transport.request(POST)).status == 200
    assert 300 <= scripted.times[1] <= 300.2


@virtually
async def test_the_last_answer_of_a_busy_server_still_holds_for_others() -> None:
    transport, scripted = _retrying(*[_busy(retry_after="1")] * MOST_ATTEMPTS)
    assert (await transport.request(GET)).status == 429
    await transport.request(POST)
    assert scripted.times[-1] - scripted.times[-2] >= 1


@pytest.mark.parametrize("request_", [GET, APPLY, DELETE_ONE])
def test_what_can_be_repeated_is_after_a_lost_answer(request_: Request) -> None:
    @virtually
    async def story() -> None:
        transport, scripted = _retrying(TransportError("lost"), TransportError("lost"))
        assert (await transport.request(request_)).status == 200
        assert len(scripted.times) == 3

    story()


@pytest.mark.parametrize("request_", [POST, MERGE, Request("PUT", "/x"), DELETE_ANY])
def test_what_may_have_happened_is_not_done_twice(request_: Request) -> None:
    @virtually
    async def story() -> None:
        transport, scripted = _retrying(TransportError("lost"))
        with pytest.raises(TransportError):
            await transport.request(request_)
        assert len(scripted.times) == 1

    story()


@virtually
async def test_what_was_never_sent_may_always_be_sent() -> None:
    transport, scripted = _retrying(NotSent("refused"))
    assert (await transport.request(POST)).status == 200
    assert len(scripted.times) == 2


@virtually
async def test_who_does_not_want_to_wait_for_a_server_that_is_away_is_told_at_once() -> None:
    scripted = _Scripted([NotSent("refused"), _busy(retry_after="2")])
    transport = RetryingTransport(scripted, CLOCK, SeededRandomness(1), repeats_lost=False)
    with pytest.raises(NotSent):
        await transport.request(GET)
    assert (await transport.request(GET)).status == 200
    assert scripted.times[:2] == [0, 0] and 2 <= scripted.times[2] < 2.2


@virtually
async def test_an_unreachable_server_is_an_error_in_the_end() -> None:
    transport, scripted = _retrying(*[NotSent("refused")] * 99)
    with pytest.raises(NotSent):
        await transport.request(GET)
    assert len(scripted.times) == MOST_ATTEMPTS
    assert CLOCK.monotonic() < 3


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(200), None),
        (Response(500), None),
        (Response(503), None),
        (Response(429), 1.0),
        (_busy(retry_after="5"), 5.0),
        (_busy(retry_after="99999"), 600.0),
        (_busy(retry_after="Thu, 01 Jan 2026 00:00:20 GMT"), 20.0),
        (_busy(retry_after="Thu, 01 Jan 2026 00:00:20 -0000"), 20.0),
        (_busy(retry_after="Wed, 31 Dec 2025 23:00:00 GMT"), 0.0),
        (_busy(retry_after="soon"), 1.0),
        (_busy(503, retry_after="soon"), None),
    ],
)
def test_the_wait_is_what_the_header_says_within_reason(response: Response, expected: float | None) -> None:
    assert retry_after(response, EPOCH) == expected
