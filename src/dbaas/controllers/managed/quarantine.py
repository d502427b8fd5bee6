"""A last chance before a drop: the thing is renamed and closed, and dropped when its time is over.

The name it gets is recorded before it is renamed, so that a crash in between leaves nothing that nobody knows.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from dbaas.api.database import DatabaseStatus, Quarantined
from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, LoginRefused, PlanRules, Unreachable
from dbaas.contracts.reconcile import Waiting
from dbaas.contracts.statement import Change
from dbaas.controllers.holding import is_forced
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.execution import NotApplied
from dbaas.controllers.managed.items import Thing, Wish
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.observing import observe_wishes
from dbaas.core.clock import Clock, format_time, parse_time
from dbaas.core.duration import parse_duration

QUARANTINED = "Quarantined"


class QuarantineStep:
    """Before the drop of what has a quarantine."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def settle(
        self, subject: Subject, access: Access, wishes: tuple[Wish, ...], rules: PlanRules
    ) -> tuple[Wish, ...]:
        """What to drop now, by the name it has now. Raises Waiting until then, NotApplied where it cannot be closed."""
        primary = next((wish for wish in wishes if wish.exclusive and wish.thing.database is None), None)
        known, forced = read_quarantine(subject), is_forced(subject.resource)
        if primary is None or access.server.engine.quarantine is None or (known is None and forced):
            return wishes
        if known is None:
            known = await self._begin(subject, access, primary)
        if known is None:
            return wishes
        renamed = replace(primary, thing=primary.thing._replace(name=known.name))
        observation = await observe_wishes(access.lane, [primary, renamed])
        real = observation.find(primary.thing)
        if observation.find(renamed.thing) is None and real is not None:
            if forced:
                return wishes
            await self._enclose(subject, access, access.server.engine.quarantine.enclose(real, known.name, rules))
        remaining = (parse_time(known.until) - self._clock.now()).total_seconds()
        if remaining > 0 and not forced:
            message = f"{subject.name} is closed and called {known.name!r}; it is dropped at {known.until}"
            raise Waiting(QUARANTINED, message, requeue_after=remaining, phase="Deleting")
        return (renamed,)

    async def _begin(self, subject: Subject, access: Access, primary: Wish) -> Quarantined | None:
        """None where it is not asked for, or there is nothing to keep."""
        lasts = subject.kind.quarantine(subject.spec)
        quarantine = access.server.engine.quarantine
        if lasts is None or quarantine is None or not await _exists(access, primary.thing):
            return None
        now = self._clock.now()
        until = now + timedelta(seconds=parse_duration(lasts).total_seconds())
        name = quarantine.rename(primary.thing.name, now.strftime("%Y%m%d%H%M%S"))
        known = Quarantined(name=name, until=format_time(until))
        patch = {"status": {"quarantine": known.model_dump(by_alias=True)}}
        await self._client.patch(subject.resource.kind, subject.resource.key, patch, subresource="status")
        return known

    async def _enclose(self, subject: Subject, access: Access, change: Change) -> None:
        try:
            await access.lane.execute(change.statements)
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            raise NotApplied(f"cannot close {subject.name}: {error.message}", reason=error.reason) from error
        note = f"{subject.name} is closed and called {change.expected!r} until its time is over"
        self._client.event(subject.resource, "Normal", QUARANTINED, note)


def read_quarantine(subject: Subject) -> Quarantined | None:
    """As the status knows it."""
    return subject.status.quarantine if isinstance(subject.status, DatabaseStatus) else None


async def _exists(access: Access, thing: Thing) -> bool:
    return thing.name in await access.lane.observe(thing.part, thing.database, [thing.name])
