"""Tags for the simulated engine: notes on databases, kept beside the server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from dbaas.contracts.engine import Engine, Item, PlanRules, Tagging
from dbaas.contracts.registry import Registry
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from simulation.engine import Act, SimulatedSession, WantedBase

PART = "notes"


@dataclass(frozen=True)
class WantedNote:
    """What a database should say."""

    name: str
    text: str


@dataclass
class Notes:
    """Implements `contracts.engine.Managed`; keyed by the database. `texts` is what the server holds."""

    texts: dict[str, str] = field(default_factory=dict)

    async def observe(self, session: SimulatedSession, names: Collection[str] | None) -> Mapping[str, str]:
        server = await session.ask(PART)
        return {name: self.texts.get(name, "") for name in server.bases if names is None or name in names}

    def plan(
        self, desired: WantedNote | None, observed: str | None, owned: frozenset[str], claims: frozenset[str],
        rules: PlanRules,
    ) -> Plan:  # fmt: skip
        if observed is None or (observed and observed not in owned):
            return NOTHING
        text = desired.text if desired is not None else ""
        if observed == text:
            return NOTHING
        act = Act(f"NOTE {text!r} FOR {observed!r}", lambda server: self._write(observed, text, desired))
        return Plan((Change("note", text, observed, (Statement(act),), incidental=True),))

    def keys(self, desired: WantedNote) -> frozenset[str]:
        return frozenset({desired.text})

    def _write(self, before: str, text: str, desired: WantedNote | None) -> None:
        names = [desired.name] if desired is not None else [name for name, was in self.texts.items() if was == before]
        self.texts.update(dict.fromkeys(names, text))

    def fit(self, registry: Registry) -> Registry:
        """The registry, with an engine that has tags."""
        engines = {name: self.add_to(engine) for name, engine in registry.engines.items()}
        return replace(registry, engines=engines)

    def add_to(self, engine: Engine) -> Engine:
        """The engine, with tags."""
        parts = {**engine.parts, PART: self}
        return replace(engine, parts=parts, tagging=Tagging(frozenset({PART}), tag_base))


def tag_base(item: Item, text: str) -> Item | None:
    """Only databases have notes."""
    if not isinstance(item.desired, WantedBase):
        return None
    return Item(PART, None, item.name, WantedNote(item.name, text), dropped=False)
