"""Looking objects up by what they refer to, in caches only: for the functions that say whom a change wakes.

Example: a Secret changed; which users name it? `users = index(USER, secret_names)` once, `users("shop/pw")` then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from dbaas.api.resource import Kind, Resource


class Lookup(Protocol):
    """The cached objects that have this value now, in order of namespace and name."""

    def __call__(self, value: str) -> Sequence[Resource]: ...


class Indexer(Protocol):
    """Makes an index over a kind, which is watched from then on; before the runtime starts.

    `values` says under which values an object is found. It is called once per version of an object and looks only
    into it.
    """

    def __call__(self, kind: Kind, values: Callable[[Resource], Iterable[str]]) -> Lookup: ...
