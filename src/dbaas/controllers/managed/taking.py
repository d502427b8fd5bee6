"""Before something is taken away that others may share, they are asked once more, at the last moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from dbaas.contracts.lane import Taking
from dbaas.contracts.statement import Change
from dbaas.controllers.managed.claims import Claims
from dbaas.controllers.managed.items import Wish
from dbaas.core.errors import DbaasError

FindClaims = Callable[[], Awaitable[Claims]]


class Overtaken(DbaasError):
    """Others have come to want what was about to be taken away: nothing was sent, and the plan is to be made anew."""

    reason = "Overtaken"


def guard_taking(
    wishes: Iterable[Wish], changes: Iterable[Change], claims: Claims, find_claims: FindClaims
) -> Taking | None:
    """None where nothing goes that others could want. Its `confirm` raises Overtaken, and what `find_claims` raises."""
    shared = [wish for wish in wishes if not wish.exclusive or wish.thing.database is not None]
    if not any(_gives_up(wish, claims) for wish in shared) and not any(_takes(change) for change in changes):
        return None
    things = [wish.thing for wish in shared]

    async def confirm() -> None:
        now = await find_claims()
        if any(now.get(thing) != claims.get(thing) for thing in things):
            raise Overtaken("others have come to want it")

    places = frozenset((thing.part, thing.database) for thing in things)
    return Taking(confirm, places) if places else None


def _gives_up(wish: Wish, claims: Claims) -> bool:
    return bool(wish.owned - wish.keys - claims.get(wish.thing, frozenset()))


def _takes(change: Change) -> bool:
    return change.expected is None and bool(change.statements)
