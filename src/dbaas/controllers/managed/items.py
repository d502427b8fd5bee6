"""What an object stands for inside its server: the items of its blueprint, and what it applied before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from dbaas.api.conditions import OwnedEntries
from dbaas.contracts.engine import Engine, Item, Login, Need, References
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.resolution import Resolved
from dbaas.controllers.managed.tags import with_tags

DIGEST_LENGTH = 32


class Thing(NamedTuple):
    """One thing inside a server: its part of the engine, the database to look in, its name there."""

    part: str
    database: str | None
    name: str


@dataclass(frozen=True)
class Wish:
    """One thing as it should be; `desired` None: it should not exist, or nothing of `owned` should be left.

    `keys` are the entries that `desired` asks for where the thing is a list.
    """

    thing: Thing
    desired: Any
    owned: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    needs: tuple[Need, ...] = ()
    exclusive: bool = False


def build_items(resolved: Resolved, login: Login | None) -> tuple[Item, ...]:
    """Raises Refused where the engine has no such things."""
    subject, engine = resolved.subject, resolved.server.engine
    blueprint = engine.blueprints.get(subject.kind.kind.kind)
    if blueprint is None:
        raise Refused("NotSupported", f"engine {engine.name!r} has no {subject.kind.noun}s")
    references = resolved.references
    if login is not None:
        references = References(references.database, references.database_owner, references.principal, login)
    return with_tags(resolved, blueprint(subject.spec, references))


def build_wishes(subject: Subject, engine: Engine, items: Iterable[Item]) -> tuple[Wish, ...]:
    """The items, then what was applied once and is not asked for any more."""
    applied = read_owned(subject.status.owned)
    wishes = [_wish(engine, item, applied.pop(thing_of(item), frozenset())) for item in items]
    return (*wishes, *(Wish(thing, None, owned) for thing, owned in applied.items()))


def build_farewell(subject: Subject, engine: Engine, items: Sequence[Item]) -> tuple[Wish, ...]:
    """The same for an object that goes, in the opposite order: nothing is desired any more."""
    dropped = [item for item in items if item.dropped]
    kept = {thing_of(item) for item in items if not item.dropped}
    wishes = build_wishes(subject, engine, dropped)
    return tuple(
        Wish(wish.thing, None, wish.owned, exclusive=wish.exclusive)
        for wish in reversed(wishes)
        if wish.thing not in kept
    )


def _wish(engine: Engine, item: Item, owned: frozenset[str]) -> Wish:
    keys = engine.parts[item.part].keys(item.desired)
    return Wish(thing_of(item), item.desired, owned, keys, item.needs, item.exclusive)


def thing_of(item: Item) -> Thing:
    return Thing(item.part, item.database, item.name)


def read_owned(entries: Iterable[OwnedEntries]) -> dict[Thing, frozenset[str]]:
    return {Thing(e.part, e.database or None, e.name): frozenset(e.keys) for e in entries}


def format_owned(owned: Iterable[tuple[Thing, frozenset[str]]]) -> list[dict[str, Any]]:
    """As the status holds it, in a stable order; things without entries are left out."""
    return [
        {"part": thing.part, "database": thing.database or "", "name": thing.name, "keys": sorted(keys)}
        for thing, keys in sorted(owned, key=lambda pair: (pair[0].part, pair[0].database or "", pair[0].name))
        if keys
    ]


def digest_wanted(resolved: Resolved, login: Login | None) -> str:
    """Changes when the manifest, what it refers to or its Secret changes: then a difference is our own, not drift."""
    subject, references, connection = resolved.subject, resolved.references, resolved.server.spec.connection
    wanted = {
        "server": [connection.host, connection.port],  # elsewhere nothing has been applied
        "spec": subject.spec.model_dump(mode="json", by_alias=True, exclude=set(subject.kind.apart)),
        "database": references.database,
        "owner": references.database_owner if not subject.kind.has_login else None,  # a login only names a database
        "principal": references.principal,
        "login": login.version if login else None,
    }
    return hashlib.sha256(orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)).hexdigest()[:DIGEST_LENGTH]
