"""ClusterDatabaseRole as a managed kind."""

from __future__ import annotations

from controllers.make import make
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.role import CLUSTER_DATABASE_ROLE
from dbaas.contracts.engine import References
from dbaas.controllers.managed.kinds import Seen, read_subject
from dbaas.controllers.managed.records.cluster_roles import CLUSTER_ROLES
from fixtures.operating import virtually
from simulation.world import HOST, simulated_world


def test_it_lives_on_a_server_of_the_whole_cluster() -> None:
    spec = {"clusterInstanceRef": {"name": "main"}}
    subject = read_subject(CLUSTER_ROLES, make(CLUSTER_DATABASE_ROLE, "staff", spec, namespace=""))
    assert subject.links.instance == Key("", "main")
    assert CLUSTER_ROLES.describe(subject.spec, Seen(References())) == {"role": {"name": "staff"}}


@virtually
async def test_it_is_made_and_dropped_without_any_namespace() -> None:
    async with simulated_world() as world:
        await world.make_secret("admin", {"username": "root", "password": "admin"})
        login = {"name": "admin", "namespace": "default"}
        server = {"engine": "basalt", "connection": {"host": HOST, "port": 7000, "secretRef": login}}
        await world.make(CLUSTER_DATABASE_INSTANCE, "main", server, "")
        await world.make(CLUSTER_DATABASE_ROLE, "staff", {"clusterInstanceRef": {"name": "main"}}, "")
        await world.settle()
        assert await world.ready(CLUSTER_DATABASE_ROLE, "staff", "") == ("True", "Applied")
        assert "staff" in world.server.roles
        await world.delete(CLUSTER_DATABASE_ROLE, "staff", "")
        await world.settle()
        assert await world.find(CLUSTER_DATABASE_ROLE, Key("", "staff")) is None
        assert "staff" not in world.server.roles
