"""Logs stay small while programs write to them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.simulation import run_virtually
from dbaas.laptop.logs import LOG_BYTES, LOOK_SECONDS, OLD_LOGS, keep_small, rotate


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "shop.web.log"


def first_bytes(log: Path) -> dict[str, bytes]:
    return {path.name.removeprefix(log.name): path.read_bytes()[:1] for path in log.parent.iterdir()}


def test_a_large_log_moves_on_and_a_small_one_stays(log: Path) -> None:
    assert not rotate(log)
    for text in "abcde":
        log.write_bytes(text.encode() + b"x" * LOG_BYTES)
        assert rotate(log)
    log.write_text("small")
    assert not rotate(log)
    assert first_bytes(log) == {"": b"s", ".1": b"e", ".2": b"d", ".3": b"c"}
    assert len(first_bytes(log)) == OLD_LOGS + 1


def test_who_has_it_open_goes_on_at_its_beginning(log: Path) -> None:
    with log.open("ab", buffering=0) as program:
        program.write(b"a" * LOG_BYTES)
        rotate(log)
        program.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert log.with_name(f"{log.name}.1").stat().st_size == LOG_BYTES


def test_old_logs_are_private(log: Path) -> None:
    log.write_bytes(b"a" * LOG_BYTES)
    rotate(log)
    assert log.with_name(f"{log.name}.1").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_copied_stays_where_it_is(log: Path) -> None:
    log.write_bytes(b"a" * LOG_BYTES)
    log.with_name(f".{log.name}.new").mkdir()
    with pytest.raises(OSError, match="directory"):
        rotate(log)
    assert log.stat().st_size == LOG_BYTES


def test_it_is_looked_at_again_and_again(log: Path) -> None:
    async def story() -> None:
        looking = asyncio.create_task(keep_small(log, LoopClock(), InlineOffload()))
        for _ in range(2):
            log.write_bytes(b"a" * LOG_BYTES)
            await LoopClock().sleep(LOOK_SECONDS + 1)
            assert log.stat().st_size == 0
        looking.cancel()

    run_virtually(story())
