"""What a provider does to a cluster once, because no spec can say it: asked again and again until it is done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from dbaas.api.resource import Resource
from dbaas.core.secrets import Secret

SWITCHOVER, WITHDRAW, REBUILD, SETTLE = "switchover", "withdraw", "rebuild", "settle"
"""Names of actions. The second takes back a switchover that is asked for and has not begun, by the same task; the last
one starts servers anew, in place, whose settings do not all count yet."""
CONTROL_USER, CONTROL_KEY = "dbaas", "controlPassword"
"""As whom an instance is asked for something by HTTP, and the key of the password in the cluster's Secret."""


@dataclass(frozen=True)
class Task:
    """What is asked for. `mark` is that of no other task; `instance` is empty where any will do.

    With `primary` there is nothing to do where that is not the primary any more.
    """

    mark: str
    instance: str = ""
    primary: str = ""


@dataclass(frozen=True)
class Write:
    """One write to an object that was seen: a merge patch of just that version, or its end where there is none."""

    there: Resource
    patch: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Call:
    """What one instance is asked by HTTP: a POST of JSON, which it answers when it has done that."""

    url: str
    body: Mapping[str, Any]


class Caller(Protocol):
    async def __call__(self, call: Call, password: Secret, /) -> str:
        """As CONTROL_USER. Why it has not been done, for people; empty where it has."""
        ...


async def call_nobody(call: Call, password: Secret, /) -> str:
    """Where no instance can be reached."""
    return f"{call.url} cannot be reached from here"


@dataclass(frozen=True)
class Move:
    """How far a task is. `writes` are to be made now, in this order, and `calls` then; `waits` tells what is still to
    come, for people.

    With none of them it is done. `has_begun`: what is to be done is in the API, and goes on whatever becomes of us.
    """

    writes: Sequence[Write] = ()
    waits: str = ""
    has_begun: bool = True
    calls: Sequence[Call] = ()

    @property
    def is_done(self) -> bool:
        return not self.writes and not self.calls and not self.waits
