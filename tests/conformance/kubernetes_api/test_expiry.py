"""What happens to lists and watches whose past has been forgotten: on servers that forget quickly."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from conformance.kubernetes_api.conftest import DEFINITION, Widgets
from dbaas.apiserver.server import ApiServer
from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SystemRandomness
from fixtures.control_plane import KINDS, PATIENCE_SECONDS, TOOLS, Answer, open_api, open_kube

KEPT = 8
FORGETFUL_ARGS = "--etcd-compaction-interval=1s --feature-gates=ListFromCacheSnapshot=false"


@pytest.fixture(scope="module")
def forgetful_kube(kube_assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A kube-apiserver of its own: what it forgets, other tests may still need."""
    state = tmp_path_factory.mktemp("forgetful")
    variables = {"KUBE_STATE": str(state), "KUBEBUILDER_ASSETS": str(kube_assets), "APISERVER_ARGS": FORGETFUL_ARGS}
    environment = {**os.environ, **variables}
    subprocess.run([TOOLS / "up.sh"], env=environment, check=True, capture_output=True)
    try:
        yield state
    finally:
        subprocess.run([TOOLS / "down.sh"], env=environment, check=True, capture_output=True)


@pytest_asyncio.fixture(params=KINDS)
async def forgetful(request: pytest.FixtureRequest) -> AsyncIterator[Widgets]:
    """Five widgets on a server that soon forgets how it was."""
    if request.param == "embedded":
        server = ApiServer(None, SystemClock(), SystemRandomness(), InlineOffload(), history_limit=KEPT)
        opened = open_api(server)
    else:
        opened = open_kube(request.getfixturevalue("forgetful_kube"))
    async with opened as api:
        api.namespace = f"t-{api.suffix}"
        await api.post("/api/v1/namespaces", {"metadata": {"name": api.namespace}})
        await api.define(DEFINITION)
        widgets = Widgets(api)
        for number in range(5):
            await widgets.create(f"w{number}")
        yield widgets


def names(answer: Answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def forget(widgets: Widgets, **query: str) -> Answer:
    """The answer to a list once its past is gone. Each round changes something, as a server in use does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            for _ in range(KEPT):
                await widgets.api.patch(widgets.at("w4"), {"metadata": {"labels": {"changed": os.urandom(4).hex()}}})
            answer = await widgets.api.get(widgets.path, **query)
            if answer.status != 200:
                return answer


async def test_an_expired_list_may_go_on_with_a_new_token(forgetful: Widgets) -> None:
    first = await forgetful.api.get(forgetful.path, limit="2")
    assert names(first) == ["w0", "w1"]
    await forgetful.api.delete(forgetful.at("w2"))
    expired = await forget(forgetful, limit="2", **{"continue": first.body["metadata"]["continue"]})
    assert expired.status == 410
    assert expired.body["reason"] == "Expired"
    assert expired.body["message"].startswith("The provided continue parameter is too old")
    rest = await forgetful.api.get(forgetful.path, limit="1", **{"continue": expired.body["metadata"]["continue"]})
    assert names(rest) == ["w3"]
    last = await forgetful.api.get(forgetful.path, limit="1", **{"continue": rest.body["metadata"]["continue"]})
    assert names(last) == ["w4"]
    assert not last.body["metadata"].get("continue")


async def test_a_past_that_is_forgotten_cannot_be_listed(forgetful: Widgets) -> None:
    past = (await forgetful.api.get(forgetful.path)).body["metadata"]["resourceVersion"]
    gone = await forget(forgetful, resourceVersion=past, resourceVersionMatch="Exact")
    assert gone.status == 410
    assert gone.body["reason"] == "Expired"
    newer = await forgetful.api.get(forgetful.path, resourceVersion=past, resourceVersionMatch="NotOlderThan")
    assert len(names(newer)) == 5


async def test_a_watch_from_before_all_that_is_known_is_told_so_and_ends(forgetful: Widgets) -> None:
    past = (await forgetful.api.get(forgetful.path)).body["metadata"]["resourceVersion"]
    await forget(forgetful, resourceVersion=past, resourceVersionMatch="Exact")
    async with forgetful.api.watch(forgetful.path, resourceVersion="1") as watch:
        event = await watch.next()
        assert event["type"] == "ERROR"
        assert event["object"]["kind"] == "Status"
        assert event["object"]["code"] == 410
        assert event["object"]["reason"] == "Expired"
        assert event["object"]["message"].startswith("too old resource version: 1 (")
        assert await watch.has_ended()
