"""ClusterDatabaseRole, as a managed kind: a DatabaseRole in no namespace."""

from __future__ import annotations

from dataclasses import replace

from dbaas.api.role import CLUSTER_DATABASE_ROLE, ClusterDatabaseRole
from dbaas.controllers.managed.records.roles import ROLES

CLUSTER_ROLES = replace(ROLES, kind=CLUSTER_DATABASE_ROLE, model=ClusterDatabaseRole)
