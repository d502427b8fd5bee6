"""What is plugged in: engines, providers, dialects and operations by name, as `app` found them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import cast

from pydantic import BaseModel

from dbaas.contracts.dialect import Dialect, ForeignKind
from dbaas.contracts.engine import Engine
from dbaas.contracts.operation import Operation
from dbaas.contracts.provider import Provider, Site
from dbaas.core.plugins import find_plugins

DEFAULT_PROVIDERS: Mapping[Site, str] = {"laptop": "process", "kubernetes": "statefulset"}


@dataclass(frozen=True)
class Registry:
    """Lookups are case-insensitive and know aliases; the objects that users wrote are never rewritten."""

    engines: Mapping[str, Engine] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)
    default_provider: str = ""
    dialects: Mapping[str, Dialect] = field(default_factory=dict)
    operations: Mapping[str, Operation] = field(default_factory=dict)

    def engine(self, name: str) -> Engine | None:
        lowered = name.lower()
        return next((e for e in self.engines.values() if lowered == e.name or lowered in e.aliases), None)

    def blocks(self, kind: str) -> dict[str, type[BaseModel]]:
        """The engines' models of their blocks in one kind, by the engine's name."""
        return {engine.name: engine.blocks[kind] for engine in self.engines.values() if kind in engine.blocks}

    def foreign_kinds(self) -> tuple[ForeignKind, ...]:
        """Of all dialects."""
        return tuple(kind for dialect in self.dialects.values() for kind in dialect.kinds)

    def foreign(self, group: str, kind: str) -> ForeignKind | None:
        """The kind of a foreign group that is served."""
        dialect = self.dialects.get(group)
        return next((each for each in dialect.kinds if each.kind.kind == kind), None) if dialect else None

    def provider(self, name: str) -> Provider | None:
        return self.providers.get(name or self.default_provider)


def build_registry(
    engines: Iterable[Engine], providers: Iterable[Provider], default_provider: str, dialects: Iterable[Dialect] = (),
    operations: Iterable[Operation] = (),
) -> Registry:  # fmt: skip
    """Raises ValueError where two engines claim one name or alias."""
    by_name: dict[str, Engine] = {}
    taken: set[str] = set()
    for engine in engines:
        names = {engine.name, *engine.aliases}
        if names & taken:
            raise ValueError(f"two engines are called {sorted(names & taken)[0]!r}")
        taken |= names
        by_name[engine.name] = engine
    return Registry(
        by_name, {p.name: p for p in providers}, default_provider, {d.group: d for d in dialects},
        {operation.type: operation for operation in operations},
    )  # fmt: skip


def find_operations() -> list[Operation]:
    """All types of operations that are installed. Raises BadPlugin."""
    return cast(list[Operation], find_plugins("dbaas.operations", "OPERATION", "dbaas.operations"))


def find_registry(site: Site = "laptop") -> Registry:
    """All engines, dialects, operations and providers of that site that are installed, also by entry points.

    Raises BadPlugin, ValueError.
    """
    engines = find_plugins("dbaas.engines", "ENGINE", "dbaas.engines")
    providers = cast(list[Provider], find_plugins("dbaas.providers", "PROVIDER", "dbaas.providers"))
    dialects = find_plugins("dbaas.dialects", "DIALECT", "dbaas.dialects")
    here = [provider for provider in providers if provider.runs_on == site]
    return build_registry(
        cast(list[Engine], engines), here, DEFAULT_PROVIDERS[site], cast(list[Dialect], dialects), find_operations()
    )
