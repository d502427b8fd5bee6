"""What need not be asked of a database that we have made a moment ago, because all new ones are alike.

A look into a database costs a connection to it, more than to make it. Where nothing has been done inside since it was
made, the engine may know what is there. Somebody may have changed what new ones are made from, so the first of each
server is looked at, and is the example for those after it; the next drift pass looks at all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from dbaas.contracts.engine import Engine, ServerFacts
from dbaas.contracts.looking import Foreseeing
from dbaas.contracts.statement import Change
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.items import Thing, Wish
from dbaas.controllers.managed.observing import Observation, Place, observe_wishes


class Examples:
    """Servers whose new databases have been found as they were foreseen, since this process began.

    While the first of a server is being looked at, the others of that server wait for what comes out.
    """

    def __init__(self) -> None:
        self._alike: set[str] = set()
        self._looking: dict[str, asyncio.Event] = {}

    async def observe(self, access: Access, wishes: Sequence[Wish], made: Collection[str]) -> Observation:
        """`made` are databases that have just been made."""
        server, foreseen = access.facts.identity, dict[Place, Mapping[str, Any]]()
        ended = asyncio.Event()

        async def know(shared: Observation) -> Mapping[Place, Mapping[str, Any]]:
            foreseen.update(foresee(access.server.engine, wishes, shared, made, access.facts))
            if server and foreseen and server not in self._alike:
                first = self._looking.setdefault(server, ended)
                if first is not ended:
                    await first.wait()
            return foreseen if server in self._alike else {}

        try:
            observation = await observe_wishes(access.lane, wishes, know)
            if server and foreseen and _agrees(observation, foreseen):
                self._alike.add(server)
            return observation
        finally:
            if self._looking.get(server) is ended:
                del self._looking[server]
            ended.set()


def find_made(wishes: Iterable[Wish], before: Observation, executed: Iterable[Change]) -> frozenset[str]:
    """The databases that were not there before these changes, and in which none of them has done anything."""
    missing = {wish.thing.name for wish in wishes if _is_made(wish) and before.find(wish.thing) is None}
    return frozenset(missing - {run.database for change in executed for run in change.statements})


def foresee(
    engine: Engine, wishes: Sequence[Wish], shared: Observation, made: Collection[str], facts: ServerFacts
) -> Mapping[Place, Mapping[str, Any]]:
    """What a look into these databases would answer; of one with anything that only a look can tell, nothing."""
    found: dict[str, dict[Place, dict[str, Any]]] = {}
    for database in made:
        base = next((wish for wish in wishes if _is_made(wish) and wish.thing.name == database), None)
        inner = [wish for wish in wishes if wish.thing.database == database]
        answers = {wish.thing: _foresee_one(engine, base, wish, shared, facts) for wish in inner} if base else {}
        if all(answer is not None for answer in answers.values()):
            for thing, answer in answers.items():
                found.setdefault(database, {}).setdefault((thing.part, database), {})[thing.name] = answer
    return {place: answer for places in found.values() for place, answer in places.items()}


def _foresee_one(engine: Engine, base: Wish, wish: Wish, shared: Observation, facts: ServerFacts) -> Any | None:
    part, observed = engine.parts[wish.thing.part], shared.find(base.thing)
    if observed is None or not isinstance(part, Foreseeing):
        return None
    return part.foresee(wish.thing.name, base.desired, observed, facts)


def _agrees(observation: Observation, foreseen: Mapping[Place, Mapping[str, Any]]) -> bool:
    return all(
        observation.find(Thing(part, database, name)) == answer
        for (part, database), answers in foreseen.items()
        for name, answer in answers.items()
    )


def _is_made(wish: Wish) -> bool:
    return wish.exclusive and wish.thing.database is None and wish.desired is not None
