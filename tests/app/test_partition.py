"""Tests of `app.partition`: operators that share a cluster see and make only what is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dbaas.api.core import CONFIG_MAP, SECRET
from dbaas.api.resource import Key
from dbaas.apiserver.server import ApiServer
from dbaas.app.partition import BadSelector, PartitionedRest, parse_labels
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Selection
from dbaas.kube.verbs import RestClient

MINE = {"team": "a"}


def _body(name: str, labels: Mapping[str, str], kind: str = "ConfigMap") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": dict(labels)}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


@pytest.fixture
def rest(server: ApiServer) -> RestClient:
    return RestClient(server)


@pytest.fixture
def mine(rest: RestClient) -> PartitionedRest:
    """In which ConfigMaps are parted and Secrets are not."""
    return PartitionedRest(rest, MINE, [CONFIG_MAP])


async def test_only_objects_with_the_labels_are_listed_and_found(rest: RestClient, mine: PartitionedRest) -> None:
    await rest.create(CONFIG_MAP, _body("ours", {**MINE, "more": "x"}))
    await rest.create(CONFIG_MAP, _body("theirs", {"team": "b"}))
    page = await mine.list_page(CONFIG_MAP, Selection("default"))
    assert [each.metadata.name for each in page.items] == ["ours"]
    assert [each.metadata.name for each in (await mine.list_page(CONFIG_MAP, Selection(labels="more=y"))).items] == []
    assert (await mine.get(CONFIG_MAP, Key("default", "ours"))).metadata.name == "ours"
    with pytest.raises(NotFound, match="another operator's"):
        await mine.get(CONFIG_MAP, Key("default", "theirs"))


async def test_only_changes_of_ours_are_told(rest: RestClient, mine: PartitionedRest) -> None:
    version = (await mine.list_page(CONFIG_MAP, Selection("default"))).version
    await rest.create(CONFIG_MAP, _body("theirs", {}))
    await rest.create(CONFIG_MAP, _body("ours", MINE))
    events = mine.watch(CONFIG_MAP, Selection("default"), version=version, timeout_seconds=5)
    async for event in events:
        assert event.resource is not None
        assert event.resource.metadata.name == "ours"
        break
    await events.aclose()


async def test_what_is_made_gets_the_labels(mine: PartitionedRest) -> None:
    created = await mine.create(CONFIG_MAP, _body("created", {"x": "y"}))
    applied = await mine.apply(CONFIG_MAP, _body("applied", {}))
    assert created.metadata.labels == {"x": "y", **MINE}
    assert applied.metadata.labels == MINE


async def test_other_kinds_are_left_as_they_are(rest: RestClient, mine: PartitionedRest) -> None:
    made = await mine.create(SECRET, _body("login", {}, "Secret"))
    assert made.metadata.labels == {}
    assert (await mine.get(SECRET, made.key)).key == made.key
    assert len((await mine.list_page(SECRET, Selection("default"))).items) == 1


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", {}),
        ("team=a", {"team": "a"}),
        ("team==a, dbaas.io/part=x.y_z-1", {"team": "a", "dbaas.io/part": "x.y_z-1"}),
        ("empty=", {"empty": ""}),
    ],
)
def test_labels_are_read_as_kubectl_writes_them(text: str, labels: Mapping[str, str]) -> None:
    assert parse_labels(text) == labels


@pytest.mark.parametrize("text", ["team", "team!=a", "team in (a)", "-a=b", "a=b c", "=x", "A/b/c=d"])
def test_what_could_not_be_given_to_a_new_object_is_refused(text: str) -> None:
    with pytest.raises(BadSelector, match="is not of the form key=value"):
        parse_labels(text)
