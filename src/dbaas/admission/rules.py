"""The lists: which rules hold for which kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from dbaas.admission import amounts, clusters, customs, databases, engines, instances, monitoring, operations, users
from dbaas.admission.facts import Facts
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE, DatabaseSpec
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.database_schema import DATABASE_SCHEMA, DatabaseSchemaSpec
from dbaas.api.grant import GRANT_KINDS
from dbaas.api.instance import INSTANCE_KINDS
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.api.operation import OpsRequestSpec
from dbaas.api.resource import GROUP
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE, RoleSpec
from dbaas.api.user import DATABASE_USER, DatabaseUserSpec
from dbaas.contracts.admission import Review, Violation
from dbaas.contracts.provider import versions_on

IN_SERVERS = {
    kind.kind for kind in (DATABASE, DATABASE_SCHEMA, DATABASE_USER, DATABASE_ROLE, CLUSTER_DATABASE_ROLE, *GRANT_KINDS)
}
SPECS_WITH_POLICY = DatabaseSpec | DatabaseSchemaSpec | DatabaseUserSpec | RoleSpec
MODELS = {definition.kind.kind: definition.model for definition in DEFINITIONS}


def is_exempt(review: Review) -> bool:
    """Whether nothing is judged, whatever the facts are: the object is not one of ours, or cannot be refused.

    A deletion, a write to an object that is being deleted, and one that leaves the spec alone are never refused:
    everything can be deleted, and what was accepted once stays usable.
    """
    if review.group != GROUP or review.new is None or review.subresource or review.kind not in MODELS:
        return True
    if review.new.get("metadata", {}).get("deletionTimestamp"):
        return True
    return review.old is not None and review.old.get("spec") == review.new.get("spec")


def find_violations(review: Review, facts: Facts) -> list[Violation]:
    """Everything that is wrong with the object, in the order of the lists. Nothing where it is exempt."""
    if is_exempt(review) or review.new is None:
        return []
    try:
        spec = MODELS[review.kind].model_validate({"spec": review.new.get("spec") or {}}).spec  # type: ignore[attr-defined]
    except ValidationError as error:
        return [_explain(detail) for detail in error.errors()]
    return list(dict.fromkeys(_apply_rules(review, spec, facts)))


def _apply_rules(review: Review, spec: Any, facts: Facts) -> Iterator[Violation]:
    if review.kind == DATABASE_CLUSTER.kind:
        yield from engines.engine_is_known("spec.engine.type", facts)
        yield from clusters.engine_runs(spec, facts)
        yield from clusters.version_may_change(review, spec, facts)
        yield from clusters.upgrade_stands_alone(review, spec, facts)
        yield from clusters.topology_fits(spec)
        yield from clusters.windows_are_clear(spec)
        yield from clusters.storage_stays(review, spec)
        yield from amounts.size_is_possible("spec.storage.size", spec.storage.size)
        yield from amounts.resources_are_possible("spec.resources", spec.resources)
        yield from amounts.resources_are_possible("spec.proxy.resources", spec.proxy.resources if spec.proxy else None)
        yield from clusters.entry_agrees(spec, facts)
        yield from clusters.provider_can(spec, facts)
        yield from monitoring.monitoring_is_possible(spec)
        if spec.resource_tracking is not None:
            yield from instances.tags_can_be_made(spec.resource_tracking, facts)
    if review.kind in {kind.kind for kind in INSTANCE_KINDS}:
        yield from engines.engine_is_known("spec.engine", facts)
        yield from instances.secrets_are_its_own(review, spec)
        yield from instances.login_can_be_read(spec)
        yield from instances.authority_is_named(spec)
        yield from instances.tags_can_be_made(spec.resource_tracking, facts)
    if review.kind == DATABASE_ENGINE.kind:
        yield from _entry_is_possible(spec, facts)
        yield from customs.operations_are_possible(spec, facts.registry.engine(spec.type))
    if isinstance(spec, OpsRequestSpec):
        yield from operations.operation_is_possible(review, spec, facts, find_violations)
    if isinstance(spec, MonitoringConfigSpec):
        yield from monitoring.agent_can_be_told(spec)
        yield from amounts.resources_are_possible("spec.pmm.resources", spec.pmm.resources if spec.pmm else None)
    if isinstance(spec, DatabaseSpec):
        yield from databases.sql_can_be_run(review, spec, facts)
        yield from databases.quarantine_is_possible(spec, facts)
    if isinstance(spec, DatabaseUserSpec):
        yield from users.secret_can_be_made(review, spec)
    if review.kind in IN_SERVERS:
        yield from engines.engine_has_kind(review, facts)
        yield from _snapshot_is_not_asked(spec)
    yield from engines.blocks_are_the_engines_own(spec, facts)
    yield from engines.engine_accepts(review, _with_name(review, spec), facts)
    yield from engines.version_accepts(review, spec, facts)


def _with_name(review: Review, spec: Any) -> Any:
    """The spec with the name that the thing will have: a name that defaults to the object's must be possible too."""
    name = (review.new or {}).get("metadata", {}).get("name")
    if isinstance(spec, DatabaseSpec | DatabaseSchemaSpec) and spec.name is None:
        return spec.model_copy(update={"name": name})
    if isinstance(spec, DatabaseUserSpec) and spec.username is None:
        return spec.model_copy(update={"username": name})
    if isinstance(spec, RoleSpec) and spec.role_name is None:
        return spec.model_copy(update={"role_name": name})
    return spec


def _snapshot_is_not_asked(spec: Any) -> Iterator[Violation]:
    if isinstance(spec, SPECS_WITH_POLICY) and spec.deletion_policy == "Snapshot":
        yield Violation(
            "spec.deletionPolicy",
            "a last backup cannot be made, because this version has no backups: use Retain to keep it, or Delete",
            "FieldValueNotSupported",
        )


def _entry_is_possible(spec: Any, facts: Facts) -> Iterator[Violation]:
    yield from engines.engine_is_known("spec.type", Facts(facts.registry, spec.type))
    engine = facts.registry.engine(spec.type)
    provider = facts.registry.provider(spec.provider)
    if provider is None:
        known = ", ".join(sorted(facts.registry.providers))
        yield Violation(
            "spec.provider",
            f"unknown provider {spec.provider!r}: this installation has {known}",
            "FieldValueNotSupported",
        )
    possible: list[str] = []
    if engine is not None and engine.server is not None:
        runnable = versions_on(provider.runs_on if provider else "laptop", engine.server)
        possible = [*runnable, *(image.version for image in spec.images)]
    for index, version in enumerate(spec.supported_versions):
        if possible and version not in possible:
            yield Violation(
                f"spec.supportedVersions[{index}]",
                f"{spec.type} {version} cannot be run: choose from {', '.join(possible)}",
                "FieldValueNotSupported",
            )
    if engine is not None and engine.server is not None:
        yield from engines.upgrades_go_forward(spec, engine.server.versions)


def _explain(detail: Any) -> Violation:
    """What slipped past the schema: the same path, without the values (they may be secret)."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    return Violation(path.lstrip("."), str(detail["msg"]).lower())
