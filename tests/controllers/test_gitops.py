"""Argo CD and Flux beside us: they apply again and again, and neither takes from the other or from us."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.kube.verbs import RestClient, Writing
from fixtures.grounds import Ground, SharedCluster
from fixtures.inhabited import Inhabited, introduce, real_world
from fixtures.kstatus import state_of
from fixtures.postgres import TestServer, named

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}
MANAGERS = ("argocd-controller", "kustomize-controller")
Manifest = dict[str, Any]


@pytest.fixture
async def place(postgres_18: TestServer, prefix: str, ground: Ground) -> AsyncIterator[Inhabited]:
    async with real_world(ground) as world:
        options = {"sslMode": "disable", "applicationName": prefix}
        await introduce(world, postgres_18.address, postgres=options)
        yield Inhabited(world, postgres_18, named(postgres_18.address, prefix), prefix)


def manifests(place: Inhabited) -> list[tuple[Kind, Manifest]]:
    """As they are kept in a repository; what is left out has a default."""
    name = place.name
    entry = {"on": "table", "schema": "sales", "names": ["*"], "privileges": ["SELECT"]}
    owned = {"name": name, "owner": f"{name}-staff", "postgres": {"schemas": [{"name": "sales"}]}}
    wanted: Sequence[tuple[Kind, str, Manifest]] = (
        (DATABASE_ROLE, "staff", {**HERE, "roleName": f"{name}-staff"}),
        (DATABASE_USER, "app", {**HERE, "username": f"{name}-app", "databaseRef": {"name": "shop"}}),
        (DATABASE, "shop", {**HERE, **owned}),
        (DATABASE_GRANT, "app", {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}, "privileges": [entry]}),
    )
    here = {"namespace": place.world.named("default"), "labels": {"app.kubernetes.io/part-of": "shop"}}
    return [
        (kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": called, **here}, "spec": spec})
        for kind, called, spec in wanted
    ]


async def apply(place: Inhabited, manager: str) -> None:
    """On the server's side, with force, as both do."""
    rest = RestClient(place.world.api, Writing(manager))
    for kind, body in manifests(place):
        await rest.apply(kind, body, force=True)


async def read_all(place: Inhabited) -> list[Resource]:
    keys = [(kind, Key(body["metadata"]["namespace"], body["metadata"]["name"])) for kind, body in manifests(place)]
    return [await place.world.user.get(kind, key) for kind, key in keys]


async def test_two_that_apply_on_the_servers_side_change_nothing_once_all_is_settled(place: Inhabited) -> None:
    for manager in MANAGERS:
        await apply(place, manager)
    await place.settle(patiently=True)
    before = await read_all(place)
    assert [state_of(each.body()) for each in before] == ["Current"] * len(before)
    written = len(place.world.faults.writes)
    for manager in (*MANAGERS, *MANAGERS):
        await apply(place, manager)
        assert [each.raw for each in await read_all(place)] == [each.raw for each in before], manager
    await place.settle(patiently=True)
    assert [request.path for request in place.world.faults.writes[written:]] == []
    assert [each.raw for each in await read_all(place)] == [each.raw for each in before]


async def test_what_nobody_has_looked_at_is_not_done(place: Inhabited) -> None:
    """Whoever applies and waits must not be told that all is well before the operator has begun."""
    await place.world.stop()
    await apply(place, MANAGERS[0])
    assert {state_of(each.body()) for each in await read_all(place)} == {"InProgress"}


async def test_they_see_when_it_is_being_done_when_it_is_done_and_when_it_cannot_be(place: Inhabited) -> None:
    await apply(place, MANAGERS[0])
    await place.settle(patiently=True)
    key = place.world.key(DATABASE_USER, "app")
    changed = await place.world.change(DATABASE_USER, "app", {"postgres": {"connectionLimit": 3}})
    assert state_of(changed.body()) == "InProgress"
    await place.settle(patiently=True)
    assert state_of((await place.world.user.get(DATABASE_USER, key)).body()) == "Current"
    await place.world.change(DATABASE_USER, "app", {"existingPasswordSecret": {"name": "none", "key": "none"}})
    await place.settle(patiently=True)
    assert state_of((await place.world.user.get(DATABASE_USER, key)).body()) == "InProgress"
    await place.world.make(DATABASE_USER, "root", {**HERE, "username": "postgres"})
    await place.settle(patiently=True)
    assert state_of((await place.world.read(DATABASE_USER, "root")).body()) == "Failed"


@pytest.mark.parametrize("ground", [pytest.param("kube", marks=pytest.mark.kube_apiserver)], indirect=True)
async def test_kubectl_that_applies_again_says_that_nothing_has_changed(
    place: Inhabited, ground: SharedCluster, kube_assets: Path, tmp_path: Path
) -> None:
    """The three-way merge of `kubectl apply`, and `kubectl diff`, which Argo CD's view comes from."""
    file = tmp_path / "shop.json"
    items = [body for _, body in manifests(place)]
    file.write_bytes(orjson.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def kubectl(*words: str) -> subprocess.CompletedProcess[str]:
        called = [
            str(kube_assets / "kubectl"),
            "--kubeconfig",
            str(ground.state / "kubeconfig"),
            *words,
            "-f",
            str(file),
        ]
        return subprocess.run(called, capture_output=True, text=True, check=False, timeout=60)

    assert kubectl("apply").returncode == 0
    await place.settle(patiently=True)
    before = [each.raw for each in await read_all(place)]
    again = kubectl("apply")
    said = again.stdout.strip().splitlines()
    assert [line for line in said if not line.endswith(" unchanged")] == []
    assert len(said) == len(items), again.stderr
    told = kubectl("diff")
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")
    assert [each.raw for each in await read_all(place)] == before
