"""ClusterDatabaseGrant, as a managed kind: a grant in no namespace, to users and roles of any."""

from __future__ import annotations

from dataclasses import replace

from dbaas.api.grant import CLUSTER_DATABASE_GRANT, ClusterDatabaseGrant, ClusterDatabaseGrantSpec
from dbaas.api.resource import Key
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import Links
from dbaas.controllers.managed.records.grants import GRANTS
from dbaas.controllers.tokens import instance_key


def _link_grant(spec: ClusterDatabaseGrantSpec, namespace: str) -> Links:
    principal, user, role = None, spec.user_ref, spec.role_ref
    if user is not None:
        principal = DATABASE_USER, Key(user.namespace, user.name)
    elif role is not None and role.namespace:
        principal = DATABASE_ROLE, Key(role.namespace, role.name)
    elif role is not None:
        principal = CLUSTER_DATABASE_ROLE, Key("", role.name)
    return Links(instance_key(spec.server, namespace), spec.server.kind, principal)


CLUSTER_GRANTS = replace(GRANTS, kind=CLUSTER_DATABASE_GRANT, model=ClusterDatabaseGrant, links=_link_grant)
