"""One process of ours: its record, and the guard of what runs. Every step is recorded before it is taken."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from datetime import timedelta

import msgspec

from dbaas.api.process import ProcessSpec, Restart
from dbaas.api.resource import Key
from dbaas.core.clock import format_time
from dbaas.core.duration import parse_duration
from dbaas.core.process import Exit, ProcessIdentity
from dbaas.laptop.files import read_text, remove_file, write_file
from dbaas.laptop.guard import Guard
from dbaas.laptop.last_words import find_last_words
from dbaas.laptop.layout import Layout
from dbaas.laptop.leash import cut
from dbaas.laptop.logs import TAIL_BYTES, OwnLog, read_tail, rotate, size_of
from dbaas.laptop.machine import Machine
from dbaas.laptop.record import RecordedExit, load_record, save_record
from dbaas.laptop.stopping import recorded_exit
from dbaas.laptop.surroundings import Launch
from dbaas.laptop.upgrading import Upgrading

SHOWN_CHARACTERS = 300
DATA_MARK = ".data-mark"
LAST_LINES_SECONDS = 0.2  # what writes a log for a server ends a little later


class Instance:
    """State of one process. `lock` is held by whoever acts on it."""

    def __init__(self, key: Key, layout: Layout, machine: Machine, changed: Callable[[], None]) -> None:
        self.key = key
        self.lock = asyncio.Lock()
        self.guard: Guard | None = None
        self.record = load_record(layout.record(key))
        self.upgrading = Upgrading(machine, changed)
        self.start_at = 0.0  # monotonic; not before that after a crash
        self.start_time = ""
        self.own_logs: tuple[OwnLog, ...] = ()
        self._failures = 0
        self._log_began = 0
        self._own_began: Mapping[OwnLog, int] = {}
        self._layout = layout
        self._log = layout.log(key)
        self._machine = machine
        self._changed = changed

    def save(self, **changes: object) -> None:
        """Changes the record; nothing is written where nothing differs."""
        record = msgspec.structs.replace(self.record, **changes)
        if record != self.record:
            save_record(self._layout.record(self.key), record)
            self.record = record

    def take_over(self, *, sets_aside: bool) -> str:
        """Once, what an earlier process of this name has left: used, or put aside into the folder that is returned."""
        if not self.record.left:
            return ""
        kept = self._layout.set_aside(self.key) if sets_aside else ""
        self.save(left=False)
        return kept

    def must_renew(self, mark: str | None) -> bool:
        """Whether its folder is not the one that was made anew for that wish. It tells by itself: records get lost."""
        return bool(mark) and read_text(self._layout.data(self.key), DATA_MARK) != mark

    async def renew(self, mark: str) -> None:
        """Throws its folder away; nothing runs. The program need not wait until it is started again."""
        await self._machine.offload.run(self._layout.discard, self.key)
        write_file(self._layout.data(self.key), DATA_MARK, mark.encode(), self._machine.user)
        self.start_at, self._failures = 0.0, 0
        self.save(files=[])

    def adopt(self) -> bool:
        """True where a program that an earlier run of ours has started was found running and is watched now."""
        process = self.record.identity
        if self.guard is not None or process is None or not self._machine.processes.is_running(process):
            return False
        self.guard = Guard(process, self._machine, self._log, self._changed, self._cut_leash, is_adopted=True)
        self.guard.own_logs = lambda: self.own_logs
        self.guard.has_been_ready = self.record.proven
        return True

    async def note_end(self, restart: Restart, secrets: Mapping[str, bytes]) -> str:
        """Records the end of what ran, and returns how it ended if that was not our wish, else nothing."""
        if self.record.identity is None or (self.guard is not None and self.guard.exit is None):
            return ""
        guard, self.guard = self.guard, None
        wanted = self.record.asked_to_stop
        if guard is None:
            await self._cut_leash()
            message = "ended while dbaas was not running"
        else:
            await guard.close()
            message = str(guard.exit) + (" when it was stopped" if wanted else "")
            if not (guard.has_been_ready or guard.is_adopted or wanted):
                if self.own_logs:
                    await self._machine.clock.sleep(LAST_LINES_SECONDS)
                message += self._last_words(secrets)
            if not wanted:
                self._back_off(restart, self._machine.clock.monotonic() - guard.began)
        ended = recorded_exit(guard.exit or Exit() if guard else Exit(), message, self._machine.clock)
        self._record_end(ended, wanted)
        return "" if wanted else message

    async def _cut_leash(self) -> None:
        await cut(self.record.leash, self._layout.data(self.key), self._machine.processes)

    def _record_end(self, ended: RecordedExit, wanted: bool) -> None:
        record = self.record.ended(ended)
        self.save(**msgspec.structs.asdict(record) | {"restarts": record.restarts + (0 if wanted else 1)})

    def _back_off(self, restart: Restart, ran_seconds: float) -> None:
        longest = parse_duration(restart.max_backoff).total_seconds()
        self._failures = 1 if ran_seconds > longest else self._failures + 1
        first = parse_duration(restart.backoff).total_seconds()
        pause = min(longest, first * 2.0 ** min(self._failures - 1, 30)) * self._machine.randomness.uniform(0.5, 1.0)
        self.start_at = self._machine.clock.monotonic() + pause
        self.start_time = format_time(self._machine.clock.now() + timedelta(seconds=pause))

    def _last_words(self, secrets: Mapping[str, bytes]) -> str:
        """What the log of a program that never served says of its end: no client's statement can be in it."""
        try:
            with self._log.open("rb") as log:
                log.seek(max(self._log_began, log.seek(0, os.SEEK_END) - TAIL_BYTES))
                printed = log.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        own = (read_tail(each, self._own_began.get(each, 0)) for each in self.own_logs)
        said = find_last_words("\n".join([printed, *own]))
        return f": {mask(said, secrets)[:SHOWN_CHARACTERS]}" if said else ""

    def write_files(self, contents: Mapping[str, bytes], *, outside: frozenset[str] = frozenset()) -> None:
        """All but those in the folders `outside`, which are made later. Files that are wanted no more are removed."""
        data, user = self._layout.data(self.key), self._machine.user
        for path in sorted(set(self.record.files) - set(contents)):
            remove_file(data, path)
        wanted = [path for path in contents if path.split("/")[0] not in outside]
        self.save(files=sorted(contents))
        for path in wanted:
            write_file(data, path, contents[path], user)

    async def start(self, launch: Launch, spec: ProcessSpec, ports: Mapping[str, int]) -> Guard:
        """Starts the program. Raises CannotRun."""
        log = self._log
        await cut(spec.leash or "", self._layout.data(self.key), self._machine.processes)
        await self._machine.offload.run(rotate, log)
        self._layout.clear_sockets(self.key)
        self._log_began = log.stat().st_size if log.exists() else 0
        self._own_began = {each: size_of(each) for each in self.own_logs}

        def record(process: ProcessIdentity) -> None:
            self.save(
                pid=process.pid, born=process.born, started_at=format_time(self._machine.clock.now()),
                runs=launch.runs, loaded=launch.loaded, ports=dict(ports), asked_to_stop=False,
                proven=self.record.proven and self.record.ports == ports, **stop_settings(spec),
            )  # fmt: skip

        process = await self._machine.processes.start(launch.command, log, record)
        self.guard = Guard(process, self._machine, self._log, self._changed, self._cut_leash)
        self.guard.own_logs = lambda: self.own_logs
        return self.guard

    def begin_stop(self, *, wanted: bool = True) -> bool:
        """True where something runs. `wanted` False: it is stopped because it is sick, which counts as a crash.

        A sick one with something on its leash is not asked, because that would go on meanwhile.
        """
        if self.guard is None or self.guard.exit is not None:
            return False
        if not self.guard.is_stopping:
            self.save(asked_to_stop=wanted)
            patience = self.record.stop_timeout_seconds if wanted or not self.record.leash else 0.0
            self.guard.stop(self.record.stop_signal, patience)
        return True

    def reload(self, launch: Launch, signal: str) -> None:
        if self.guard is not None:
            self.guard.reloaded_at = self._machine.clock.monotonic()
            self._machine.processes.send_signal(self.guard.process, signal)
        self.save(loaded=launch.loaded)


def stop_settings(spec: ProcessSpec) -> dict[str, object]:
    seconds = parse_duration(spec.stop_timeout).total_seconds()
    return {"stop_signal": spec.stop_signal, "stop_timeout_seconds": seconds, "leash": spec.leash or ""}


def mask(text: str, secrets: Mapping[str, bytes]) -> str:
    """The text without the secrets' values."""
    for value in secrets.values():
        shown = value.decode(errors="replace").strip()
        text = text.replace(shown, "********") if shown else text
    return text
