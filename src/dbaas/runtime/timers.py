"""When keys come due: a heap of times in which the earliest wish for a key counts."""

from __future__ import annotations

import heapq

from dbaas.api.resource import Key


class Timers:
    """Times are those of the clock's monotonic line."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: Key, due: float) -> bool:
        """Whether this is now the first of all to come due. A later wish than the known one changes nothing."""
        if due >= self._due.get(key, float("inf")):
            return False
        self._due[key] = due
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, key))
        return self._heap[0][2] == key

    def drop(self, key: Key) -> None:
        self._due.pop(key, None)

    def pop_due(self, now: float) -> list[Key]:
        """Those whose time has come, in order of time."""
        keys = []
        while (first := self.next()) is not None and first <= now:
            _, _, key = heapq.heappop(self._heap)
            del self._due[key]
            keys.append(key)
        return keys

    def next(self) -> float | None:
        """The earliest time; what was dropped or moved forward is cleared away on the way to it."""
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due:
                return due
            heapq.heappop(self._heap)
        return None
