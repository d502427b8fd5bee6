"""All kinds of ours with what their definitions need beside the models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api import (
    cluster,
    database,
    database_engine,
    database_schema,
    grant,
    instance,
    monitoring,
    operation,
    process,
    role,
    user,
)
from dbaas.api.model import Model
from dbaas.api.resource import Kind


@dataclass(frozen=True)
class Definition:
    """One kind: its model, printer columns (name, type, JSONPath), and CEL rules on the object and on its spec."""

    kind: Kind
    model: type[Model]
    columns: Sequence[tuple[str, str, str]]
    object_rules: Mapping[str, Any] = field(default_factory=dict)
    spec_rules: Mapping[str, Any] = field(default_factory=dict)
    engine_blocks: bool = False


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        cluster.DATABASE_CLUSTER,
        cluster.DatabaseCluster,
        cluster.COLUMNS,
        object_rules=cluster.RULES,
        engine_blocks=True,
    ),
    Definition(database_engine.DATABASE_ENGINE, database_engine.DatabaseEngine, database_engine.COLUMNS),
    Definition(
        monitoring.MONITORING_CONFIG, monitoring.MonitoringConfig, monitoring.COLUMNS, spec_rules=monitoring.SPEC_RULES
    ),
    Definition(operation.OPS_REQUEST, operation.OpsRequest, operation.COLUMNS, spec_rules=operation.SPEC_RULES),
    Definition(instance.DATABASE_INSTANCE, instance.DatabaseInstance, instance.COLUMNS, engine_blocks=True),
    Definition(
        instance.CLUSTER_DATABASE_INSTANCE, instance.ClusterDatabaseInstance, instance.COLUMNS, engine_blocks=True
    ),
    Definition(
        database.DATABASE, database.Database, database.COLUMNS, spec_rules=database.SPEC_RULES, engine_blocks=True
    ),
    Definition(
        database_schema.DATABASE_SCHEMA,
        database_schema.DatabaseSchema,
        database_schema.COLUMNS,
        spec_rules=database_schema.SPEC_RULES,
    ),
    Definition(user.DATABASE_USER, user.DatabaseUser, user.COLUMNS, spec_rules=user.SPEC_RULES, engine_blocks=True),
    Definition(role.DATABASE_ROLE, role.DatabaseRole, role.COLUMNS, spec_rules=role.SPEC_RULES, engine_blocks=True),
    Definition(
        role.CLUSTER_DATABASE_ROLE,
        role.ClusterDatabaseRole,
        role.CLUSTER_COLUMNS,
        spec_rules=role.CLUSTER_SPEC_RULES,
        engine_blocks=True,
    ),
    Definition(
        grant.DATABASE_GRANT, grant.DatabaseGrant, grant.COLUMNS, spec_rules=grant.SPEC_RULES, engine_blocks=True
    ),
    Definition(
        grant.CLUSTER_DATABASE_GRANT,
        grant.ClusterDatabaseGrant,
        grant.CLUSTER_COLUMNS,
        spec_rules=grant.CLUSTER_SPEC_RULES,
        engine_blocks=True,
    ),
)
LAPTOP_DEFINITIONS: tuple[Definition, ...] = (
    Definition(process.PROCESS, process.Process, process.COLUMNS, object_rules=process.RULES),
)
"""Kinds that exist on a laptop only."""
