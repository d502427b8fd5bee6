"""From each version that was released to the present one: objects stay, can be read, and can go on being changed."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
import yaml

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, NAMESPACE
from dbaas.api.resource import Key, Kind
from dbaas.apiserver.server import ApiServer
from dbaas.app.cluster import build_definitions, find_cluster_registry
from dbaas.app.installing import FIELD_MANAGER, install
from dbaas.contracts.client import ApiError
from dbaas.contracts.transport import Transport
from dbaas.core.clock import SystemClock
from dbaas.core.randomness import SystemRandomness
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing
from fixtures.control_plane import KINDS, running_control_plane

HERE = Path(__file__).parent
RELEASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "objects.yaml").exists())
CLOCK = SystemClock()
LATER = {
    "databases.dbaas.io": {"owner": "somebody-else"},
    "databaseusers.dbaas.io": {"postgres": {"connectionLimit": 7}},
}
"""What people then change, by kind."""


@pytest_asyncio.fixture(params=KINDS)
async def place(
    request: pytest.FixtureRequest, server: ApiServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Transport]:
    """An API without definitions."""
    if request.param == "embedded":
        yield server
        return
    assets = request.getfixturevalue("kube_assets")
    with running_control_plane(assets, tmp_path_factory.mktemp("released") / "kube") as state:
        way = HttpTransport(load_kubeconfig([state / "kubeconfig"]).access(), CLOCK)
        yield RetryingTransport(way, CLOCK, SystemRandomness())
        await way.close()


def test_there_is_a_release_to_come_from() -> None:
    assert RELEASES


@pytest.mark.slow
@pytest.mark.parametrize("release", RELEASES)
async def test_objects_of_a_release_are_read_and_changed_as_ever(place: Transport, release: str) -> None:
    before, user = RestClient(place, Writing(FIELD_MANAGER)), RestClient(place, Writing("user", validation="Strict"))
    await install(before, _definitions(release), "nowhere", CLOCK, lambda line: None)
    for name in {body["metadata"].get("namespace", "default") for body in _objects(release)} - {"default"}:
        await user.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    made = [await _make(user, kind, body) for kind, body in _kinds(release)]
    seen = {"observedGeneration": 1, "phase": "Ready"}
    for kind, key, _ in made:
        await before.patch(kind, key, {"status": seen}, subresource="status")

    await install(before, _present(), "nowhere", CLOCK, lambda line: None)

    for kind, key, spec in made:
        found = await user.get(kind, key)
        assert _holds(spec, found.spec), f"{kind} {key}: {spec} has become {found.spec}"
        assert _holds(seen, found.status)
        later = LATER.get(kind.resource, {})
        changed = await user.patch(kind, key, {"metadata": {"labels": {"touched": "yes"}}, "spec": later})
        assert _holds(later, changed.spec)
        await user.patch(kind, key, {"status": {"phase": "Pending"}}, subresource="status")
    for body in _present():
        definition = await user.get(CUSTOM_RESOURCE_DEFINITION, Key("", body["metadata"]["name"]))
        (stored,) = [each["name"] for each in body["spec"]["versions"] if each["storage"]]
        assert definition.status["storedVersions"] == [stored]


@pytest.mark.parametrize("release", RELEASES)
def test_no_version_and_no_field_that_was_ever_served_is_missing(release: str) -> None:
    """Kubernetes drops a field that a schema no longer knows at the next write, without a word."""
    present = {body["metadata"]["name"]: body for body in _present()}
    for body in _definitions(release):
        name = body["metadata"]["name"]
        assert name in present, f"{name} is gone"
        served = {each["name"]: each for each in present[name]["spec"]["versions"]}
        for version in body["spec"]["versions"]:
            old, new = (_fields(each["schema"]["openAPIV3Schema"]) for each in (version, served[version["name"]]))
            assert old - new == set(), f"{name} has lost fields of its spec"


async def _make(user: RestClient, kind: Kind, body: Mapping[str, Any]) -> tuple[Kind, Key, dict[str, Any]]:
    made = await _eventually_create(user, kind, body)
    return kind, made, dict(body.get("spec") or {})


async def _eventually_create(user: RestClient, kind: Kind, body: Mapping[str, Any]) -> Key:
    """A kind is served a moment after its definition says so."""
    deadline = CLOCK.monotonic() + 20
    while True:
        try:
            return (await user.create(kind, body)).key
        except ApiError as error:
            if error.code != 404 or CLOCK.monotonic() > deadline:
                raise
        await CLOCK.sleep(0.1)


def _kinds(release: str) -> Iterator[tuple[Kind, dict[str, Any]]]:
    by_name = {}
    for body in _definitions(release):
        spec = body["spec"]
        for version in spec["versions"]:
            kind = Kind(
                spec["group"], version["name"], spec["names"]["kind"], spec["names"]["plural"],
                namespaced=spec["scope"] == "Namespaced",
            )  # fmt: skip
            by_name[kind.api_version, kind.kind] = kind
    for body in _objects(release):
        kind = by_name[body["apiVersion"], body["kind"]]
        where = {"namespace": body["metadata"].get("namespace", "default")} if kind.namespaced else {}
        yield kind, {**body, "metadata": {**body["metadata"], **where}}


@cache
def _definitions(release: str) -> tuple[dict[str, Any], ...]:
    return tuple(orjson.loads(gzip.decompress((HERE / release / "definitions.json.gz").read_bytes())))


@cache
def _present() -> tuple[dict[str, Any], ...]:
    return tuple(dict(each) for each in build_definitions(find_cluster_registry()))


def _objects(release: str) -> list[dict[str, Any]]:
    return list(yaml.load_all((HERE / release / "objects.yaml").read_text(), yaml.CSafeLoader))


def _holds(part: Any, whole: Any) -> bool:
    """Whether all of a part is there as it was; defaults may have come."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(key in whole and _holds(part[key], whole[key]) for key in part)
    if isinstance(part, list):
        return len(part) == len(whole) and all(_holds(a, b) for a, b in zip(part, whole, strict=True))
    return bool(json.dumps(part) == json.dumps(whole))


def _fields(schema: Mapping[str, Any], path: str = "") -> set[str]:
    found = {path}
    for name, child in (schema.get("properties") or {}).items():
        if path or name == "spec":
            found |= _fields(child, f"{path}.{name}")
    if "items" in schema:
        found |= _fields(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), Mapping):
        found |= _fields(schema["additionalProperties"], f"{path}.*")
    return found
