"""Tests of `app.installing`, against a real kube-apiserver and ours."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, SECRET, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key, Kind
from dbaas.apiserver.server import ApiServer
from dbaas.app.cluster import find_cluster_registry
from dbaas.app.installing import (
    DEPLOYMENT,
    FIELD_MANAGER,
    PROMETHEUS_RULE,
    SERVICE_MONITOR,
    NotInstalled,
    find_installed,
    find_needs,
    find_rivals,
    install,
    plan_installation,
    uninstall,
)
from dbaas.contracts.client import Forbidden, NotFound
from dbaas.kube.verbs import RestClient, Writing
from dbaas.manifests.installation import WEBHOOKS, build_installation
from dbaas.manifests.permissions import derive_rules
from dbaas.server.identity import renew
from fixtures.operating import serve_kind
from fixtures.replicas import CLOCK, Installed, installed

pytestmark = pytest.mark.kube_apiserver
_POD = Kind("", "v1", "Pod", "pods")


def _installer(cluster: Installed) -> RestClient:
    return RestClient(cluster.transport, Writing(FIELD_MANAGER, validation="Strict"))


async def test_a_second_installation_changes_nothing(cluster: Installed) -> None:
    lines: list[str] = []
    bodies = build_installation(cluster.asked)
    await install(_installer(cluster), bodies, cluster.asked.namespace, CLOCK, lines.append)
    assert lines == []


async def test_pods_of_the_operator_meet_the_standard_that_its_namespace_enforces(cluster: Installed) -> None:
    namespace = cluster.asked.namespace
    template = (await cluster.user.get(DEPLOYMENT, Key(namespace, "dbaas-operator"))).spec["template"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried", "namespace": namespace}}
    trying = RestClient(cluster.transport, Writing("user", dry_run=True))
    await trying.create(_POD, {**pod, "spec": template["spec"]})
    (container,) = template["spec"]["containers"]
    loose = {**template["spec"], "containers": [{**container, "securityContext": {}}]}
    with pytest.raises(Forbidden, match="violates PodSecurity"):
        await trying.create(_POD, {**pod, "spec": loose})


async def test_what_a_newer_installation_has_not_is_removed(cluster: Installed) -> None:
    lines: list[str] = []
    newer = replace(cluster.asked, webhooks="off", replicas=1)
    await install(_installer(cluster), build_installation(newer), newer.namespace, CLOCK, lines.append)
    assert f"ValidatingWebhookConfiguration {newer.wide} deleted" in lines
    assert f"Service {newer.namespace}/dbaas-webhooks deleted" in lines
    deployment = await cluster.user.get(DEPLOYMENT, Key(newer.namespace, "dbaas-operator"))
    assert deployment.spec["replicas"] == 1


async def test_monitors_need_the_prometheus_operator_and_go_when_nobody_asks_for_them(cluster: Installed) -> None:
    bodies, namespace = build_installation(replace(cluster.asked, monitoring=True)), cluster.asked.namespace
    with pytest.raises(NotInstalled, match=r"ServiceMonitor .*: the cluster has no Prometheus operator"):
        await install(_installer(cluster), bodies, namespace, CLOCK, lambda line: None)
    kinds, lines = (SERVICE_MONITOR, PROMETHEUS_RULE), list[str]()
    for kind in kinds:
        await serve_kind(cluster.user, kind)
    await install(_installer(cluster), bodies, namespace, CLOCK, lines.append)
    assert lines == [f"{kind.kind} {namespace}/dbaas-operator created" for kind in kinds]
    lines.clear()
    await install(_installer(cluster), build_installation(cluster.asked), namespace, CLOCK, lines.append)
    assert lines == [f"{kind.kind} {namespace}/dbaas-operator deleted" for kind in kinds]
    for kind in kinds:
        await cluster.user.delete(CUSTOM_RESOURCE_DEFINITION, Key("", kind.resource))


@pytest.mark.parametrize(
    ("theirs", "ours", "meet"),
    [
        ({}, {}, True),
        ({"labels": {"team": "a"}}, {}, True),
        ({"labels": {"team": "a"}}, {"labels": {"team": "a", "zone": "x"}}, True),
        ({"labels": {"team": "a"}}, {"labels": {"team": "b", "zone": "x"}}, False),
        ({"namespaces": ("shop", "billing")}, {"namespaces": ("billing",)}, True),
        ({"namespaces": ("shop",)}, {"namespaces": ("billing",)}, False),
        ({"namespaces": ("shop",)}, {}, True),
    ],
)
async def test_an_operator_that_would_work_on_the_same_objects_is_found(
    server: ApiServer, theirs: dict[str, Any], ours: dict[str, Any], meet: bool
) -> None:
    rest, planned = RestClient(server, Writing(FIELD_MANAGER)), plan_installation("dbaas:test", "0")
    other = await serve_kind(rest, DEPLOYMENT)
    for body in build_installation(replace(planned, namespace=other, **theirs)):
        if body["kind"] == DEPLOYMENT.kind:
            await rest.create(DEPLOYMENT, body)
    bodies = build_installation(replace(planned, **ours))
    assert await find_rivals(rest, bodies, planned.namespace) == ([other] if meet else [])
    assert await find_rivals(rest, bodies, other) == [], "an installation is no rival of itself"


async def test_authorities_that_were_told_survive_another_installation(cluster: Installed) -> None:
    key = Key("", cluster.asked.wide)
    found = (await cluster.user.get(VALIDATING_WEBHOOK_CONFIGURATION, key)).body()
    (webhook,) = found["webhooks"]
    told = {**webhook, "clientConfig": {**webhook["clientConfig"], "caBundle": _BUNDLE}}
    await cluster.user.patch(VALIDATING_WEBHOOK_CONFIGURATION, key, {"webhooks": [told]})
    bodies = build_installation(cluster.asked)
    await install(_installer(cluster), bodies, cluster.asked.namespace, CLOCK, lambda line: None)
    (kept,) = (await cluster.user.get(VALIDATING_WEBHOOK_CONFIGURATION, key)).body()["webhooks"]
    assert kept["clientConfig"]["caBundle"] == _BUNDLE


async def test_uninstalling_leaves_definitions_and_objects(cluster: Installed) -> None:
    namespace, lines = cluster.asked.namespace, list[str]()
    await _make_secret(cluster, WEBHOOKS)
    await uninstall(_installer(cluster), namespace, CLOCK, lines.append, timeout_seconds=0)
    kinds = [line.split()[0] for line in lines]
    assert kinds[0] == "ValidatingWebhookConfiguration"
    assert kinds.index("Deployment") < kinds.index("RoleBinding") < kinds.index("ServiceAccount")
    assert f"Secret {namespace}/{WEBHOOKS} deleted" in lines
    left = [each async for each in find_installed(cluster.user, namespace)]
    assert [each.kind for each in left if not each.metadata.is_deleting] == []
    await cluster.user.get(CUSTOM_RESOURCE_DEFINITION, Key("", DATABASE.resource))
    await cluster.user.get(Kind("", "v1", "Namespace", "namespaces", namespaced=False), Key("", namespace))


async def test_the_other_ways_to_install_are_accepted_too(operated_kube_state: Path) -> None:
    async with installed(operated_kube_state, namespaces=(), labels={"team": "a"}) as made:
        role = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)
        await made.user.get(role, Key("", made.asked.wide))
        await uninstall(_installer(made), made.asked.namespace, CLOCK, lambda line: None, timeout_seconds=0)
        with pytest.raises(NotFound):
            await made.user.get(role, Key("", made.asked.wide))


async def test_a_definition_whose_names_are_taken_is_a_clear_error(cluster: Installed) -> None:
    plural = f"thieves{cluster.asked.namespace.rpartition('-')[2]}"
    definition = _definition(plural, "Database")
    with pytest.raises(NotInstalled, match="cannot install"):
        await install(_installer(cluster), [definition], "nowhere", CLOCK, lambda line: None)
    await cluster.user.delete(CUSTOM_RESOURCE_DEFINITION, Key("", definition["metadata"]["name"]))


def test_what_a_controller_owns_may_be_made() -> None:
    registry = find_cluster_registry()
    rules = derive_rules(find_needs(registry), namespaced=True)
    makes = {resource for rule in rules if "create" in rule["verbs"] for resource in rule["resources"]}
    owned = {kind.plural for provider in registry.providers.values() for kind in provider.kinds}
    assert {"secrets", "events", *owned} <= makes


def test_catalogue_entries_come_with_what_runs_them() -> None:
    planned = plan_installation("dbaas:1", "1")
    names = [entry["spec"]["provider"] for entry in planned.entries]
    assert {*names} <= find_cluster_registry().providers.keys()


async def _make_secret(cluster: Installed, name: str) -> None:
    metadata = {"name": name, "namespace": cluster.asked.namespace}
    await cluster.user.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata})


def _definition(plural: str, kind: str) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object"}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.dbaas.io"},
        "spec": {
            "group": "dbaas.io",
            "names": {"plural": plural, "kind": kind},
            "scope": "Namespaced",
            "versions": [version],
        },
    }


_BUNDLE = base64.b64encode(renew(None, "hooks", "ns", CLOCK.now()).bundle.encode()).decode()
