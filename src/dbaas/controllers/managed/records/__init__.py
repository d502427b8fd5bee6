"""The managed kinds: databases, schemas, users, roles, grants."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.resource import Kind
from dbaas.controllers.managed.kinds import ManagedKind
from dbaas.controllers.managed.records.cluster_grants import CLUSTER_GRANTS
from dbaas.controllers.managed.records.cluster_roles import CLUSTER_ROLES
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.records.grants import GRANTS
from dbaas.controllers.managed.records.roles import ROLES
from dbaas.controllers.managed.records.schemas import SCHEMAS
from dbaas.controllers.managed.records.users import USERS

_RECORDS = (DATABASES, SCHEMAS, USERS, ROLES, CLUSTER_ROLES, GRANTS, CLUSTER_GRANTS)
MANAGED: Mapping[Kind, ManagedKind] = {record.kind: record for record in _RECORDS}
