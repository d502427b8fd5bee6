"""TCP ports: chosen once, held until the server takes them over, kept for ever after."""

from __future__ import annotations

import errno
import socket
import zlib
from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from dbaas.api.process import ProcessPort
from dbaas.api.resource import Key
from dbaas.core.errors import DbaasError

HOST = "127.0.0.1"
LAST_PORT = 65535
FIRST_APART, APART = 10, 900  # how far from the preferred port the places of homes begin, and over how many they lie


class NoFreePort(DbaasError):
    """All ports from the preferred one up are taken."""

    reason = "NoFreePort"


class Ports:
    """Holds ports with sockets of our own between choice and start, so that nobody else is given the same one.

    Where the preferred port is taken by somebody else, ports are chosen from a place of the home's own: another home
    on this machine would take what is free just now because its server is stopped, and keep it for ever.
    """

    def __init__(self, home: str = "") -> None:
        self._apart = FIRST_APART + zlib.crc32(home.encode()) % APART
        self._held: dict[Key, dict[int, socket.socket]] = {}
        self._given: dict[Key, frozenset[int]] = {}

    def assign(
        self, key: Key, wanted: Sequence[ProcessPort], known: Mapping[str, int], avoid: Collection[int], *, keep: bool
    ) -> dict[str, int]:  # fmt: skip
        """A number for each name: the known one if `keep` or if it is free, else the next free one from the preferred.

        `avoid` are the ports of other processes, which may be stopped just now. Raises NoFreePort.
        """
        others = frozenset(avoid).union(*(given for other, given in self._given.items() if other != key))
        assigned: dict[str, int] = {}
        for port in wanted:
            number = known.get(port.name, 0)
            if not number or not (keep or (number not in others and self._hold(key, number))):
                number = self._choose(key, port.preferred, {*others, *assigned.values()})
            assigned[port.name] = number
        self._given[key] = frozenset(assigned.values())
        return assigned

    def hand_over(self, key: Key) -> None:
        """Its server takes over, in a while: until then the ports are nobody's on this machine, and still its own."""
        for held in self._held.pop(key, {}).values():
            held.close()

    def release(self, key: Key) -> None:
        """Its server does not come, or is gone."""
        self.hand_over(key)
        self._given.pop(key, None)

    def close(self) -> None:
        for key in {*self._held, *self._given}:
            self.release(key)

    def _choose(self, key: Key, preferred: int, avoid: Collection[int]) -> int:
        first = next((number for number in range(preferred, LAST_PORT + 1) if number not in avoid), preferred)
        apart = preferred + self._apart
        others = (range(apart, LAST_PORT + 1), range(preferred, min(apart, LAST_PORT + 1)))
        for number in chain((first,), *others):
            if number not in avoid and self._hold(key, number):
                return number
        raise NoFreePort(f"no port is free on {HOST} from {preferred} up")

    def _hold(self, key: Key, number: int) -> bool:
        held = self._held.setdefault(key, {})
        if number not in held:
            listener = _listen(number)
            if listener is None:
                return False
            held[number] = listener
        return True


def is_free(number: int) -> bool:
    listener = _listen(number)
    if listener is None:
        return False
    listener.close()
    return True


def _listen(number: int) -> socket.socket | None:
    """Listening, because a bound socket alone would not keep others away; with SO_REUSEADDR, as servers do it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, number))
        listener.listen(1)
    except OSError as error:
        listener.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        raise
    return listener
