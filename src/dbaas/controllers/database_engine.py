"""DatabaseEngine: the catalogue's built-in entries, and whether what they promise is really there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.api.database_engine import DATABASE_ENGINE, DatabaseEngineSpec
from dbaas.api.resource import Resource
from dbaas.contracts.provider import versions_on
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.contracts.registry import Registry

LOOK_AGAIN_SECONDS = 300.0


def builtin_entries(registry: Registry) -> Iterator[Mapping[str, Any]]:
    """One entry for each engine that can be run, by the default provider."""
    provider = registry.provider("")
    for engine in registry.engines.values():
        if engine.server is not None and provider is not None:
            yield {
                "apiVersion": DATABASE_ENGINE.api_version,
                "kind": DATABASE_ENGINE.kind,
                "metadata": {"name": engine.name},
                "spec": {
                    "type": engine.name,
                    "provider": provider.name,
                    "supportedVersions": list(versions_on(provider.runs_on, engine.server)),
                    **({"operations": list(engine.operations)} if engine.operations else {}),
                },
            }


class DatabaseEngineController:
    """Looks for what each entry needs, now and every five minutes."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def build(self) -> Controller:
        return Controller(DATABASE_ENGINE, self.reconcile, workers=1)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Ready when at least one of the supported versions can run here."""
        spec = DatabaseEngineSpec.model_validate(resource.spec)
        engine, provider = self._registry.engine(spec.type), self._registry.provider(spec.provider)
        if engine is None or engine.server is None or provider is None:
            what = f"engine {spec.type!r}" if engine is None or engine.server is None else f"provider {spec.provider!r}"
            return _say("False", "NotInstalled", f"this installation has no {what}", [])
        missing = {version: provider.missing(engine.server, version) for version in spec.supported_versions}
        installed = [version for version, what in missing.items() if not what]
        if not installed:
            return _say("False", "ProgramsMissing", next(iter(missing.values())), [])
        return _say("True", "Ready", f"versions {', '.join(installed)} can run", installed)


def _say(status: Any, reason: str, message: str, installed: list[str]) -> Outcome:
    return Outcome(
        conditions=(Condition("Ready", status, reason, message),),
        status={"installedVersions": installed} if installed else {},
        phase="Ready" if status == "True" else "Failed",
        message=message,
        requeue_after=LOOK_AGAIN_SECONDS,
    )
