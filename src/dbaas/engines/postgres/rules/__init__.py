"""What PostgreSQL refuses in a manifest that fits its schema. Each rule is pure and tells all it finds."""

from __future__ import annotations

from dbaas.contracts.admission import SpecRule, VersionRule
from dbaas.engines.postgres.rules.clusters import memory_is_enough, pooler_is_known, settings_are_known
from dbaas.engines.postgres.rules.databases import database_is_possible
from dbaas.engines.postgres.rules.grants import grant_is_possible
from dbaas.engines.postgres.rules.instances import instance_is_possible
from dbaas.engines.postgres.rules.roles import role_is_possible
from dbaas.engines.postgres.rules.schemas import schema_is_possible
from dbaas.engines.postgres.rules.users import user_is_possible
from dbaas.engines.postgres.rules.versions import version_has_it

RULES: dict[str, tuple[SpecRule, ...]] = {
    "DatabaseCluster": (settings_are_known, pooler_is_known, memory_is_enough),
    "DatabaseInstance": (instance_is_possible,),
    "ClusterDatabaseInstance": (instance_is_possible,),
    "Database": (database_is_possible,),
    "DatabaseSchema": (schema_is_possible,),
    "DatabaseUser": (user_is_possible,),
    "DatabaseRole": (role_is_possible,),
    "ClusterDatabaseRole": (role_is_possible,),
    "DatabaseGrant": (grant_is_possible,),
    "ClusterDatabaseGrant": (grant_is_possible,),
}
VERSION_RULES: dict[str, VersionRule] = dict.fromkeys(
    ("DatabaseUser", "DatabaseRole", "ClusterDatabaseRole", "DatabaseGrant", "ClusterDatabaseGrant"), version_has_it
)
