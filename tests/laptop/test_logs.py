"""Logs stay small while programs write to them."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.simulation import run_virtually
from dbaas.laptop.logs import (
    LOG_BYTES,
    LOOK_SECONDS,
    OLD_LOGS,
    OwnLog,
    keep_small,
    read_tail,
    remove_logs,
    rotate,
    rotate_own,
    size_of,
)


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


@pytest.fixture
def own(tmp_path: Path) -> OwnLog:
    """In a folder of the program's user; old ones are kept in another one."""
    (tmp_path / "data" / "log").mkdir(parents=True)
    (tmp_path / "logs").mkdir()
    return OwnLog(tmp_path / "data", "log/server.json", tmp_path / "logs" / "shop.web.log.server.json")


def test_a_log_that_a_program_writes_itself_moves_on_into_a_folder_that_is_ours(own: OwnLog) -> None:
    assert not rotate_own(own)
    with own.place.open("ab", buffering=0) as program:
        program.write(b"a" * LOG_BYTES)
        assert rotate_own(own)
        program.write(b"next\n")
    assert own.place.read_bytes() == b"next\n"
    assert not rotate_own(own)
    assert [each.name for each in own.place.parent.iterdir()] == ["server.json"]
    assert first_bytes(own.kept) == {".1": b"a"}
    remove_logs(own.kept.with_name("shop.web.log"), [own])
    assert first_bytes(own.kept) == {}


def test_of_its_own_logs_only_what_was_written_since_is_read(own: OwnLog) -> None:
    assert (size_of(own), read_tail(own, 0)) == (0, "")
    own.place.write_text("before\n")
    begin = size_of(own)
    with own.place.open("a") as program:
        program.write("since\n")
    assert read_tail(own, begin) == "since\n"
    own.place.write_text("anew\n")
    assert read_tail(own, begin) == "anew\n"


@pytest.mark.parametrize("bent", ["link", "second name", "pipe", "folder"])
def test_what_the_programs_user_could_have_bent_is_left_alone(own: OwnLog, tmp_path: Path, bent: str) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"p" * LOG_BYTES)
    match bent:
        case "link":
            own.place.symlink_to(precious)
        case "second name":
            own.place.hardlink_to(precious)
        case "pipe":
            os.mkfifo(own.place)
        case "folder":
            own.place.parent.rmdir()
            (tmp_path / "server.json").hardlink_to(precious)
            own.place.parent.symlink_to(tmp_path)
    assert not rotate_own(own)
    assert (size_of(own), read_tail(own, 0)) == (0, "")
    assert precious.stat().st_size == LOG_BYTES


def test_its_own_logs_are_looked_at_as_well(log: Path, own: OwnLog) -> None:
    async def story() -> None:
        looking = asyncio.create_task(keep_small(log, LoopClock(), InlineOffload(), lambda: [own]))
        own.place.write_bytes(b"a" * LOG_BYTES)
        await LoopClock().sleep(LOOK_SECONDS + 1)
        assert own.place.stat().st_size == 0
        looking.cancel()

    run_virtually(story())
