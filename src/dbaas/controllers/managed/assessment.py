"""From wishes and observation to changes: the engine's plans, joined. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.contracts.engine import Engine, PlanRules
from dbaas.contracts.statement import Change
from dbaas.controllers.managed.claims import Claims
from dbaas.controllers.managed.items import Wish
from dbaas.controllers.managed.observing import Observation

NOBODY: frozenset[str] = frozenset()


def assess(
    engine: Engine, wishes: Iterable[Wish], observation: Observation, claims: Claims, rules: PlanRules
) -> tuple[Change, ...]:
    """The changes in the order of the wishes. What lies in a database that does not exist is left for the next look."""
    return tuple(
        change
        for wish in wishes
        if observation.knows(wish.thing)
        for change in assess_wish(engine, wish, observation, claims, rules)
    )


def assess_wish(
    engine: Engine, wish: Wish, observation: Observation, claims: Claims, rules: PlanRules
) -> Sequence[Change]:
    """The engine's plan for one thing."""
    part = engine.parts[wish.thing.part]
    observed = observation.find(wish.thing)
    plan = part.plan(wish.desired, observed, wish.owned, claims.get(wish.thing, NOBODY), rules)
    return plan.changes
