"""From single entries, as they are held, to the items of a manifest that ask for just these. Pure.

What is called `*` cannot be named in a manifest, where that means everything: it is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from dbaas.engines.postgres.privileges.entries import ALL_NAMES, Entry, Target

MOST_NAMES = 1000


class _Group(NamedTuple):
    """What one item has in common: place, giver, privileges; for columns also the table."""

    on: str
    schema: str
    table: str
    grantor: str
    is_future: bool
    privileges: tuple[str, ...]
    grantable: bool


def put_into_words(held: Mapping[str | None, Collection[Entry]]) -> list[dict[str, Any]]:
    """By database, what is held there; None is the server. Things that are treated alike share an item."""
    places = sorted(held, key=lambda database: (database is not None, database or ""))
    return [item for database in places for item in _describe_place(database, held[database])]


def is_expressible(entry: Entry) -> bool:
    """Whether a manifest can ask for it."""
    return ALL_NAMES not in (entry.target.name, entry.target.schema)


def _describe_place(database: str | None, held: Collection[Entry]) -> Iterator[dict[str, Any]]:
    by_target: defaultdict[tuple[Target, bool], set[str]] = defaultdict(set)
    grantable = {(entry.target, entry.privilege) for entry in held if entry.grantable}
    for entry in filter(is_expressible, held):
        by_target[entry.target, (entry.target, entry.privilege) in grantable].add(entry.privilege)
    groups: defaultdict[_Group, list[str]] = defaultdict(list)
    for (target, may_give), privileges in by_target.items():
        is_column = target.on == "column"
        group = _Group(
            target.on, target.schema, target.name if is_column else "", target.grantor or "", target.is_future,
            tuple(sorted(privileges)), may_give,
        )  # fmt: skip
        groups[group].append(target.column if is_column else target.name)
    for group, names in sorted(groups.items()):
        ordered = sorted(names)
        for start in range(0, len(ordered), MOST_NAMES):
            yield _describe_group(group, database, ordered[start : start + MOST_NAMES])


def _describe_group(group: _Group, database: str | None, names: list[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"on": group.on}
    if database is not None:
        item["database"] = database
    if group.schema:
        item["schema"] = group.schema
    if group.is_future:
        item["future"] = True
    elif group.on == "column":
        item |= {"names": [group.table], "columns": names}
    else:
        item["names"] = names
    item["privileges"] = list(group.privileges)
    if group.grantable:
        item["withGrantOption"] = True
    if group.grantor:
        item["grantor"] = group.grantor
    return item
