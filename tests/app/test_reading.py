"""Tests of `app.reading`."""

from __future__ import annotations

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.database import DATABASE
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.schema import build_crd
from dbaas.apiserver.server import ApiServer
from dbaas.app.reading import plan_changes
from dbaas.contracts.registry import find_registry
from dbaas.kube.verbs import RestClient


def test_the_engines_and_providers_of_this_installation_are_found() -> None:
    registry = find_registry()
    assert registry.engine("PostgreSQL") is not None
    assert registry.provider("") is not None


async def test_a_plan_reads_and_writes_nothing(server: ApiServer) -> None:
    rest = RestClient(server)
    for definition in DEFINITIONS:
        await rest.apply(CUSTOM_RESOURCE_DEFINITION, build_crd(definition, {}))
    body = {
        "apiVersion": DATABASE.api_version, "kind": "Database", "metadata": {"name": "shop", "namespace": "default"},
        "spec": {"instanceRef": {"name": "main"}},
    }  # fmt: skip
    (plan,) = await plan_changes(server, [(DATABASE, body)])
    assert plan.action == "create"
    assert plan.notes[0].startswith("what it does on its server is not known yet: ")
    assert not await rest.list(DATABASE)
