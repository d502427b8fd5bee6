"""A cluster that encrypts, on a real Kubernetes API: a pod gets the certificate, and a new one leaves it alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import POD, SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Resource
from dbaas.contracts.registry import find_registry
from dbaas.controllers.cluster.certificates import names_of, read_pair
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.core.certificates import serves
from dbaas.core.key_pair import KeyPair
from dbaas.manifests.secrets import read_values
from fixtures.clustering import Running, running

pytestmark = pytest.mark.kube_apiserver


def mounted(pod: Resource, secret: str) -> dict[str, str]:
    """By key, where the files of a Secret are in the folder of what is mounted."""
    (files,) = [each for each in pod.spec["volumes"] if each["name"] == "files"]
    sources: list[dict[str, Any]] = files["projected"]["sources"]
    items = [item for s in sources if s.get("secret", {}).get("name") == secret for item in s["secret"]["items"]]
    return {item["key"]: item["path"] for item in items}


async def shown(run: Running) -> KeyPair:
    pair = read_pair(read_values(await run.get(SECRET, "main-certificate")))
    assert pair is not None
    return pair


async def test_a_certificate_for_its_services_reaches_the_pod_which_stays_when_it_is_renewed(
    managed_kube_state: Path,
) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(tls={})
        pod = await run.until(POD, "main-0", lambda found: found)
        assert pod is not None
        assert mounted(pod, "main-certificate") == {"tls.crt": "files/server.crt", "tls.key": "files/server.key"}
        assert mounted(pod, "main-authority") == {}
        first = await shown(run)
        trusted = read_values(await run.get(SECRET, "main-certificate"))["ca.crt"].reveal()
        cluster = read_cluster(await run.get(DATABASE_CLUSTER), find_registry("kubernetes"))
        assert serves(first, trusted, names_of(cluster))
        instance = await run.get(DATABASE_INSTANCE)
        assert instance.spec["connection"]["host"] == names_of(cluster)[0]
        assert instance.spec["tls"]["mode"] == "verify-full"
        await run.user.delete(SECRET, run.key("main-certificate"))
        await run.until(SECRET, "main-certificate", lambda found: found)
        await run.settle()
        second = await shown(run)
        assert second != first
        assert serves(second, trusted, names_of(cluster))
        assert (await run.get(POD, "main-0")).metadata.uid == pod.metadata.uid
        run.counted.writes.clear()
        again = {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        await run.user.patch(DATABASE_CLUSTER, run.key("main"), again)
        await run.settle()
        assert [each for each in run.counted.writes if "/status" not in each] == []


async def test_what_encrypts_no_more_has_no_certificate_and_says_so_to_its_clients(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(tls={})
        first = await run.until(POD, "main-0", lambda found: found)
        assert first is not None
        await run.declare(tls={"enabled": False})
        await run.until(POD, "main-0", lambda found: found and found.metadata.uid != first.metadata.uid)
        for name in ("main-certificate", "main-authority"):
            await run.until(SECRET, name, lambda found: found is None)
        instance = await run.until(DATABASE_INSTANCE, "main", lambda found: found and not found.spec["tls"]["enabled"])
        assert instance is not None
