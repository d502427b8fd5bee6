"""ClusterDatabaseGrant as a managed kind."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.make import make
from dbaas.api.grant import CLUSTER_DATABASE_GRANT
from dbaas.api.resource import Key, Kind
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records.cluster_grants import CLUSTER_GRANTS

SPEC = {
    "clusterInstanceRef": {"name": "shared"},
    "privileges": [{"on": "database", "database": "shop", "privileges": ["CONNECT"]}],
}


@pytest.mark.parametrize(
    ("more", "principal"),
    [
        ({"userRef": {"name": "app", "namespace": "team"}}, (DATABASE_USER, Key("team", "app"))),
        ({"roleRef": {"name": "readers", "namespace": "team"}}, (DATABASE_ROLE, Key("team", "readers"))),
        ({"roleRef": {"name": "readers"}}, (CLUSTER_DATABASE_ROLE, Key("", "readers"))),
        ({"public": True}, None),
    ],
    ids=["user", "role", "role of the cluster", "everybody"],
)
def test_it_is_on_the_server_that_it_names_for_whom_it_names(
    more: dict[str, Any], principal: tuple[Kind, Key] | None
) -> None:
    links = read_subject(CLUSTER_GRANTS, make(CLUSTER_DATABASE_GRANT, "reads", {**SPEC, **more})).links
    assert (links.instance, links.instance_kind) == (Key("", "shared"), "ClusterDatabaseInstance")
    assert links.principal == principal and links.host is None
