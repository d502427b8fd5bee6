"""The managed kinds: databases, users, grants."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.resource import Kind
from dbaas.controllers.managed.kinds import ManagedKind
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.records.grants import GRANTS
from dbaas.controllers.managed.records.users import USERS

MANAGED: Mapping[Kind, ManagedKind] = {record.kind: record for record in (DATABASES, USERS, GRANTS)}
