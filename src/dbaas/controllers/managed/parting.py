"""Before the thing of an object is dropped: what the engine does about what hangs on it, or why it has to stay."""

from __future__ import annotations

from typing import Any

from dbaas.contracts.engine import PlanRules
from dbaas.contracts.parting import Parting
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.conditions import own_status
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.kinds import Subject
from dbaas.core.clock import Clock, format_time

OWNS_OBJECTS = "OwnsObjects"
LOOK_AGAIN_SECONDS = 20.0  # nothing tells when somebody has given them away


async def part(subject: Subject, access: Access, rules: PlanRules) -> Parting:
    """Raises EngineError."""
    engine = access.server.engine
    parting = engine.partings.get(subject.kind.kind.kind)
    return await parting(subject.spec, access.lane.observe, rules) if parting is not None else Parting()


def tell_belongings(subject: Subject, parting: Parting) -> str:
    """What it owns, as one sentence."""
    named = ", ".join(map(str, parting.belongings))
    rest = parting.count - len(parting.belongings)
    more = f" and {rest} more" if rest > 0 else ""
    return f"{subject.name} owns {named}{more}: {parting.resolution}"


def block(subject: Subject, parting: Parting, clock: Clock) -> Waiting:
    """What to raise while its belongings keep it; told in the status as well."""
    message = tell_belongings(subject, parting)
    before = own_status(subject.resource)
    status = {**before, "ownershipBlock": _report(parting, message, before.get("ownershipBlock") or {}, clock)}
    return Waiting(OWNS_OBJECTS, message, requeue_after=LOOK_AGAIN_SECONDS, status=status, phase="Deleting")


def _report(parting: Parting, message: str, before: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """The time stays while the rest stays, so that nothing is written again and again."""
    owned = [_describe(vars(each)) for each in parting.belongings]
    found = {"blocked": True, "ownedObjects": owned, "resolution": parting.resolution, "message": message}
    if {name: before.get(name) for name in found} == found:
        return before
    return {**found, "lastCheckedAt": format_time(clock.now())}


def _describe(belonging: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in belonging.items() if value}
