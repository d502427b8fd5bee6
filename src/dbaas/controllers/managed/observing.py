"""What the server says of the things an object stands for, with as few questions as possible.

Things of one part in one database are one request, and the lane joins the requests of many objects. What lives inside
a database is looked at only where that database exists: everything else would be a connection that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.contracts.engine import Closed, Missing, Need
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.managed.items import Thing, Wish

Place = tuple[str, str | None]


@dataclass(frozen=True)
class Observation:
    """Answers by part and database. `absent` are databases that cannot be looked into (yet).

    `foreseen` are places that were not looked at, because what is there is known.
    """

    answers: Mapping[Place, Mapping[str, Any]] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    foreseen: frozenset[Place] = frozenset()

    def find(self, thing: Thing) -> Any | None:
        """None where the thing does not exist."""
        return self.answers.get((thing.part, thing.database), {}).get(thing.name)

    def knows(self, thing: Thing) -> bool:
        """Whether its database could be looked into."""
        return thing.database is None or thing.database not in self.absent


def find_primary(wishes: Iterable[Wish], observation: Observation) -> Any | None:
    """What was seen of the thing that an object is for; None where it does not exist, or the object is for none."""
    primary = next((wish for wish in wishes if wish.exclusive), None)
    return observation.find(primary.thing) if primary is not None else None


Foresee = Callable[[Observation], Awaitable[Mapping[Place, Mapping[str, Any]]]]


async def foresee_nothing(shared: Observation) -> Mapping[Place, Mapping[str, Any]]:
    """Everything is looked at."""
    return {}


async def observe_wishes(lane: Lane, wishes: Sequence[Wish], foresee: Foresee = foresee_nothing) -> Observation:
    """The things on the server first: they tell which databases there are to look into.

    `foresee` is told what is on the server, and answers for the places that need no look.

    A database of our own that lets nobody in was left unfinished, or closed behind our back: that is a difference of
    the database, to be put right first. Raises Closed for those of others.
    """
    things = [wish.thing for wish in wishes]
    shared = await _ask(lane, [thing for thing in things if thing.database is None])
    missing = {thing.name for thing in things if thing.database is None and shared.find(thing) is None}
    ours = {wish.thing.name for wish in wishes if wish.exclusive and wish.thing.database is None}
    inner = [thing for thing in things if thing.database is not None]
    known = await foresee(shared)
    asked = [t for t in inner if t.database not in missing and (t.part, t.database) not in known]
    seen = await _ask(lane, asked, openable=ours)
    absent = {thing.database for thing in inner if thing.database in missing}
    answers = {**shared.answers, **seen.answers, **known}
    return Observation(answers, seen.absent | {name for name in absent if name}, frozenset(known))


async def find_unmet(lane: Lane, needs: Collection[Need]) -> list[Need]:
    """The needs that nothing on the server meets."""
    things = {need: Thing(need.part, need.database, need.name) for need in dict.fromkeys(needs)}
    seen = await _ask(lane, things.values())
    return [need for need, thing in things.items() if seen.find(thing) is None]


async def check_needs(lane: Lane, wishes: Sequence[Wish]) -> None:
    """Raises Waiting, naming what must exist first. What an object makes itself is there in time."""
    _, waiting = await split_by_needs(lane, wishes)
    if waiting is not None:
        raise waiting


async def split_by_needs(lane: Lane, wishes: Sequence[Wish]) -> tuple[Sequence[Wish], Waiting | None]:
    """The wishes that lack nothing, and what the others wait for."""
    made = {wish.thing for wish in wishes if wish.desired is not None}
    needs = {wish.thing: [n for n in wish.needs if Thing(n.part, n.database, n.name) not in made] for wish in wishes}
    asked = [need for needed in needs.values() for need in needed]
    unmet = await find_unmet(lane, asked) if asked else []
    if not unmet:
        return wishes, None
    possible = [wish for wish in wishes if not set(needs[wish.thing]).intersection(unmet)]
    message = f"{' and '.join(need.what for need in unmet)} must exist first"
    return possible, Waiting("DependencyMissing", message)


async def _ask(lane: Lane, things: Iterable[Thing], openable: Collection[str] = ()) -> Observation:
    names: dict[Place, set[str]] = {}
    for thing in things:
        names.setdefault((thing.part, thing.database), set()).add(thing.name)
    places = list(names)
    asking = [_ask_place(lane, place, names[place], place[1] in openable) for place in places]
    answers = await asyncio.gather(*asking) if len(asking) > 1 else [await each for each in asking]
    found = {place: answer for place, answer in zip(places, answers, strict=True) if answer is not None}
    absent = {database for part, database in places if database and (part, database) not in found}
    return Observation(found, frozenset(absent))


async def _ask_place(lane: Lane, place: Place, names: Collection[str], openable: bool) -> Mapping[str, Any] | None:
    """None where the database does not exist, or is closed and we can open it."""
    part, database = place
    try:
        return await lane.observe(part, database, names)
    except Missing:
        if database is None:
            raise
        return None
    except Closed:
        if not openable:
            raise
        return None
