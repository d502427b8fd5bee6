"""One failure under load, from the first write to the judgement."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

import psycopg

from availability.bed import Bed
from availability.failures import Failure, Struck, has_new_servers
from availability.ledger import acknowledged, judge, measure_silence
from availability.load import Load
from e2e.conftest import eventually
from fixtures.trio import NAMES, SLOW_MACHINE, WHOLE_SECONDS, alive

CAUGHT_UP_SECONDS = 30.0
SILENCE = "longest time without an acknowledged write"
FENCED, TAKEOVER, WHOLE = "its server is dead", "another one takes writes", "whole again"


def run_round(bed: Bed, failure: Failure, lasting_seconds: float = 0.0) -> Mapping[str, float]:
    """Figures in seconds. Raises AssertionError where a write was lost, or anything took too long for a slow machine.

    One that lasts is over after `lasting_seconds`, and not before what must happen meanwhile has happened.
    """
    lasting_seconds = max(lasting_seconds, failure.least_seconds)
    bed.trio.until_whole()
    figures: dict[str, float] = {}
    with bed.writing() as load:
        with failure.strike(bed) as struck:
            if struck.fenced:
                eventually(lambda: not alive(list(struck.fenced)), failure.fenced_seconds * SLOW_MACHINE)
                figures[FENCED] = time.monotonic() - struck.moment
            if failure.writer == "another":
                _await_takeover(bed, load, struck, failure.seconds * SLOW_MACHINE)
            if failure.lasts:
                eventually(lambda: time.monotonic() > struck.moment + lasting_seconds, 2 * lasting_seconds)
        healed = time.monotonic() if failure.lasts else struck.moment
        _await_whole(bed, load, struck, healed)
        figures[WHOLE] = time.monotonic() - healed
        load.end()
        figures[SILENCE] = measure_silence(load.attempts, struck.moment)
        taken = load.find_takeover(struck.moment, _address(bed, struck))
        if taken is not None:
            figures[TAKEOVER] = taken
            assert figures.get(FENCED, 0.0) <= taken, "another one took writes before the former was dead"
        _check(bed, load, struck, failure, figures)
    return figures


def _await_takeover(bed: Bed, load: Load, struck: Struck, limit: float) -> None:
    former = _address(bed, struck)
    eventually(lambda: load.find_takeover(struck.moment, former) is not None, limit)


def _address(bed: Bed, struck: Struck) -> str:
    """Of the former primary, as its server calls itself."""
    return ":".join(map(str, bed.place(struck.former)))


def _await_whole(bed: Bed, load: Load, struck: Struck, healed: float) -> None:
    """Everybody is there, and a write that was sent after all that is acknowledged."""
    limit = WHOLE_SECONDS * SLOW_MACHINE
    eventually(lambda: has_new_servers(bed.trio, struck.servers), limit)
    eventually(lambda: load.has_written(healed), limit)
    bed.trio.until_whole()


def _check(bed: Bed, load: Load, struck: Struck, failure: Failure, figures: Mapping[str, float]) -> None:
    wanted = {each.row for each in acknowledged(load.attempts)}

    def has_all(name: str) -> bool:
        with suppress(psycopg.OperationalError):
            return wanted <= bed.rows(name)
        return False

    with suppress(AssertionError):  # whoever has not all of it by then has lost it: that is told below
        for name in NAMES:
            eventually(lambda name=name: has_all(name), CAUGHT_UP_SECONDS)
    complaints = judge(load.attempts, {name: bed.rows(name) for name in NAMES})
    assert not complaints, f"{failure.name}: {'; '.join(complaints)}"
    if failure.writer == "same":
        assert bed.trio.primary() == struck.former, f"{failure.name}: the primary has changed"
    if failure.writer != "another":
        goes_on = not failure.lasts or failure.writer == "same" or struck.fenced  # else it can when it is over
        limit = failure.seconds * SLOW_MACHINE if goes_on else 0.0
        assert not limit or figures[SILENCE] < limit, f"{failure.name}: no write for {figures[SILENCE]:.1f} s"
