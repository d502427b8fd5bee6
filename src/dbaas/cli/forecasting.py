"""What applying manifests would do: checked, located, planned. For `plan`, and for `apply` of a plan that was kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.resource import Resource
from dbaas.cli.applying import Target, foresee, locate
from dbaas.cli.manifests import Manifest, Problem
from dbaas.cli.problems import refuse
from dbaas.cli.session import Session
from dbaas.controllers.managed.planning import ObjectPlan


@dataclass(frozen=True)
class Forecast:
    """`seen` is all that was looked at to make the plans."""

    targets: Sequence[Target]
    plans: Sequence[ObjectPlan]
    seen: Sequence[Resource]


async def forecast(session: Session, manifests: Sequence[Manifest], problems: Sequence[Problem] = ()) -> Forecast:
    """Changes nothing. Raises CommandError with all that is wrong, `problems` among it."""
    from dbaas.app.reading import plan_changes
    from dbaas.cli.checking import check_manifests, open_rulebook

    targets, unknown = locate(manifests, await session.kinds(), session.namespace)
    located = [target.manifest for target in targets]
    found = [*problems, *unknown]
    found += await check_manifests(located, open_rulebook(session.target.site), session.namespace, session.find)
    bodies: list[dict[str, Any]] = []
    if not found:
        bodies, found = await foresee(session, targets)
    if found:
        raise refuse(found, len(manifests))
    seen: list[Resource] = []
    wanted = [(target.served.kind, body) for target, body in zip(targets, bodies, strict=True)]
    plans = await plan_changes(session.transport, wanted, seen.append, on_laptop=session.target.is_laptop)
    return Forecast(targets, plans, seen)
