"""Ending programs cleanly: one, or all that an earlier run of ours has left in a home folder."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from dbaas.core.clock import Clock, format_time
from dbaas.core.process import Exit, Processes, ProcessIdentity
from dbaas.laptop.layout import DATA, Layout
from dbaas.laptop.leash import cut
from dbaas.laptop.record import Record, RecordedExit, recorded, save_record


async def stop_process(processes: Processes, process: ProcessIdentity, signal: str, timeout_seconds: float) -> Exit:
    """Asks it to end, kills it after the time, and returns when it has ended."""
    processes.send_signal(process, signal)
    try:
        async with asyncio.timeout(timeout_seconds):
            return await processes.wait(process)
    except TimeoutError:
        processes.kill(process)
        return await processes.wait(process)


def recorded_exit(ended: Exit, message: str, clock: Clock) -> RecordedExit:
    return RecordedExit(format_time(clock.now()), message, ended.code, ended.signal)


def list_running(home: Path, processes: Processes) -> dict[str, int]:
    """The programs of a home that run, whoever watches them: `namespace.name` and process id."""
    return {path.parent.name: process.pid for path, _, process in _find_running(home, processes)}


def _find_running(home: Path, processes: Processes) -> Iterator[tuple[Path, Record, ProcessIdentity]]:
    for path, record in recorded(Layout(home).processes):
        if record.identity is not None and processes.is_running(record.identity):
            yield path, record, record.identity


async def stop_recorded(home: Path, processes: Processes, clock: Clock) -> list[str]:
    """Stops all programs that a home's records name, at the same time, and returns `namespace.name` of each.

    Only for when no agent works on that home.
    """
    running = list(_find_running(home, processes))
    for path, record in recorded(Layout(home).processes):
        if not any(path == other for other, _, _ in running):
            await cut(record.leash, path.parent / DATA, processes)
            for orphan in processes.kill_workers(path.parent / DATA):  # of a step before a start
                await processes.wait(orphan)

    async def stop(path: Path, record: Record, process: ProcessIdentity) -> str:
        _note(path, msgspec.structs.replace(record, asked_to_stop=True))
        ended = await stop_process(processes, process, record.stop_signal, record.stop_timeout_seconds)
        await cut(record.leash, path.parent / DATA, processes)
        _note(path, record.ended(recorded_exit(ended, f"{ended} when it was stopped", clock)))
        return path.parent.name

    return list(await asyncio.gather(*(stop(*each) for each in running)))


def _note(path: Path, record: Record) -> None:
    """A full disk does not keep a program from being stopped: the next run finds out by itself that it has ended."""
    with suppress(OSError):
        save_record(path, record)
