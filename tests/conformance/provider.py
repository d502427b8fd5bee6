"""What every provider keeps to, whatever runs its servers. A provider's test inherits `ProviderSuite`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER, DatabaseClusterSpec
from dbaas.api.kinds import DEFINITIONS
from dbaas.api.resource import LABEL_CLUSTER, Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.contracts.provider import (
    CheckCommand,
    ClusterFacts,
    File,
    Init,
    Instance,
    Port,
    Provider,
    SecretKey,
    ServerImage,
    Site,
    Stop,
    VersionMark,
    Workload,
)
from dbaas.manifests.metadata import MANAGED_BY

SERVER_INSTANCE = Instance(
    name="main",
    command=("serve", "--folder=$(DIRECTORY)/data", "--listen=$(HOST):$(PORT_MAIN)", "--sockets=$(RUN)"),
    init=(Init(("prepare", "$(CREATES)", "--secret=$(DIRECTORY)/pw"), "data", VersionMark("VERSION", "18")),),
    files=(
        File("pw", secret=SecretKey("main-credentials", "password"), on_change="nothing"),
        File("slow.conf", "a = 'it''s'\n", on_change="restart"),
        File("quick.conf", "b = 1\n", on_change="reload"),
    ),
    env={"B": "2", "A": "1"},
    ports=(Port("main", 5432), Port("admin", 6000)),
    ready=CheckCommand(("ask", "$(HOST)", "$(PORT_MAIN)"), period_seconds=0.5),
    alive=CheckCommand(port="main", failures=5),
    stop=Stop("SIGINT", 30),
)
SERVER_WORKLOAD = Workload(
    "engine", "18", (SERVER_INSTANCE,), SecretKey("main-credentials", "password"), "admin",
    ServerImage("registry.test/engine:18", 70, 71),
)  # fmt: skip
_PASSWORD = {"PASSWORD": SecretKey("main-credentials", "password")}
MEMBER_INSTANCE = Instance(
    name="main",
    command=("member", "$(DIRECTORY)/member.json"),
    init=(Init(("prepare", "$(CREATES)"), "data", VersionMark("VERSION", "18")),),
    files=(
        File("member.json", '{"password": "$(PASSWORD)"}\n', on_change="reload", secrets=_PASSWORD),
        File("slow.conf", "a = 1\n", on_change="restart"),
    ),
    env={"MEMBER": "$(POD)", "WHERE": "$(ADDRESS):$(PORT_MAIN)", "NAMESPACE": "$(NAMESPACE)"},
    ports=(Port("main", 5432), Port("control", 6000, is_private=True)),
    ready=CheckCommand(port="control", path="/ready", period_seconds=2),
    alive=CheckCommand(port="control", path="/alive", period_seconds=2, timeout_seconds=2),
    stop=Stop("SIGTERM", 30),
    leash="data/server.pid",
    packages=("member",),
    uses_api=True,
)
MEMBERS = (MEMBER_INSTANCE, *(replace(MEMBER_INSTANCE, name=f"main-{at}", joins=True) for at in (2, 3)))
MEMBER_WORKLOAD = replace(SERVER_WORKLOAD, instances=MEMBERS, notes={"config": {"config": "{}"}, "leader": {}})
"""Three that agree through the API."""


class InstalledServer:
    """A ServerPart that has its programs in a folder."""

    versions = ("18",)
    images: Mapping[str, ServerImage] = {"18": ServerImage("registry.test/engine:18", 70, 71)}

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        return SERVER_WORKLOAD

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        return "/opt/bin"

    def missing_programs(self, version: str, *, encrypted: bool = False) -> str:
        return f"install version {version}"


def declare(uid: str = "u-1", **spec: Any) -> Resource:
    """A cluster of one instance in the namespace `shop`."""
    metadata = {"name": "main", "namespace": "shop", "uid": uid}
    wanted = {"engine": {"type": "engine", "version": "18"}, "clusterSize": 1, **spec}
    return build_resource(DATABASE_CLUSTER, {"metadata": metadata, "spec": wanted})


class ProviderSuite:
    """`provider` is given by whoever inherits."""

    @pytest.fixture
    def provider(self) -> Provider:
        raise NotImplementedError

    def children(self, provider: Provider, **spec: Any) -> list[Resource]:
        kinds = {kind.kind: kind for kind in provider.kinds}
        bodies = provider.children(declare(**spec), SERVER_WORKLOAD, InstalledServer())
        return [build_resource(kinds[str(body["kind"])], dict(body)) for body in bodies]

    def test_the_same_cluster_has_the_same_children(self, provider: Provider) -> None:
        first, again = (provider.children(declare(), SERVER_WORKLOAD, InstalledServer()) for _ in range(2))
        assert list(first) == list(again) != []

    def test_every_child_is_found_by_the_clusters_label_in_its_namespace(self, provider: Provider) -> None:
        for child in self.children(provider):
            assert child.metadata.namespace == "shop"
            assert child.metadata.labels[LABEL_CLUSTER] == "main"
            assert child.metadata.labels[MANAGED_BY] == "dbaas"

    def test_no_two_children_have_the_same_name(self, provider: Provider) -> None:
        found = [(child.kind, child.key) for child in self.children(provider)]
        assert len(found) == len(set(found))

    def test_with_the_policy_delete_every_child_goes_with_the_cluster(self, provider: Provider) -> None:
        for child in self.children(provider, deletionPolicy="Delete"):
            owner = child.metadata.owner
            assert owner is not None and (owner.kind, owner.uid) == ("DatabaseCluster", "u-1"), child

    def test_what_the_policy_says_of_the_data_is_told_to_the_children(self, provider: Provider) -> None:
        kept, dropped = self.bodies(provider), self.bodies(provider, deletionPolicy="Delete")
        assert kept != dropped

    def test_a_cluster_that_is_stopped_has_other_children(self, provider: Provider) -> None:
        assert self.bodies(provider, stopped=True) != self.bodies(provider)

    def test_no_secret_stands_in_a_child(self, provider: Provider) -> None:
        """Only where it is: the Secret's name and key."""
        assert "main-credentials" in str(self.bodies(provider))
        assert not [child for child in self.children(provider) if child.kind.kind == "Secret"]

    def test_nothing_is_known_of_a_cluster_without_children(self, provider: Provider) -> None:
        known = provider.observe(declare(), [])
        assert replace(known, exporters=None) == ClusterFacts() and not known.exporters

    def test_children_that_nobody_has_looked_at_are_not_ready_and_say_so(self, provider: Provider) -> None:
        (instance,) = provider.observe(declare(), self.children(provider)).instances
        assert not instance.is_ready and not instance.is_refused
        assert instance.reason and instance.message

    def test_every_refusal_names_a_field_and_says_what_to_do(self, provider: Provider) -> None:
        (definition,) = [each for each in DEFINITIONS if each.kind == DATABASE_CLUSTER]
        schema = build_schema(definition, {})
        for capability in provider.capabilities:
            assert _has(schema, capability.field.split(".")), capability.field
            if capability.missing:
                why, _, what = capability.missing.partition(": ")
                assert why and what, capability.missing

    def test_a_plain_cluster_of_one_is_refused_nothing(self, provider: Provider) -> None:
        spec = DatabaseClusterSpec.model_validate(declare().spec)
        assert [each.field for each in provider.capabilities if each.missing and each.asked(spec)] == []

    def test_several_are_found_as_one_is_and_what_they_write_all_the_time_is_no_news(self, provider: Provider) -> None:
        bodies = provider.children(declare(clusterSize=3), MEMBER_WORKLOAD, InstalledServer())
        names = [(body["kind"], body["metadata"]["name"]) for body in bodies]
        assert len(names) == len(set(names))
        for note in ("main-config", "main-leader"):
            (body,) = [each for each in bodies if each["metadata"]["name"] == note]
            assert body["kind"] == "ConfigMap" and "data" not in body
            assert not [each for each in body["metadata"].get("ownerReferences", ()) if each["controller"]]
        for body in bodies:
            assert body["metadata"]["namespace"] == "shop"
            assert body["metadata"]["labels"][LABEL_CLUSTER] == "main"

    def test_of_several_nobody_is_taken_for_the_primary_before_they_have_agreed(self, provider: Provider) -> None:
        kinds = {kind.kind: kind for kind in provider.kinds}
        bodies = provider.children(declare(clusterSize=3), MEMBER_WORKLOAD, InstalledServer())
        children = [build_resource(kinds[str(body["kind"])], dict(body)) for body in bodies]
        found = provider.observe(declare(clusterSize=3), children).instances
        assert {one.name: one.role for one in found} == {"main": "", "main-2": "", "main-3": ""}

    def bodies(self, provider: Provider, **spec: Any) -> Sequence[Mapping[str, Any]]:
        return [child.body() for child in self.children(provider, **spec)]


def _has(schema: Mapping[str, Any], path: list[str]) -> bool:
    if not path:
        return True
    below = schema.get("properties", {}).get(path[0])
    return below is not None and _has(below, path[1:])
