"""How a process reaches the API of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbaas.core.home import Home
from dbaas.core.limited_tokens import Realm, derive_token
from dbaas.core.secrets import Secret
from dbaas.laptop.api_access import ApiAccessMissing, read_api_access
from fixtures.laptop import Laptop

REALM = Realm("shop", "web")


def test_it_is_that_of_the_home_with_a_token_for_its_cluster_alone(home: Path) -> None:
    Home(home).write_kubeconfig("http://127.0.0.1:6440", Secret("s3cret"))
    body = json.loads(read_api_access(home, REALM))
    assert body["clusters"][0]["cluster"]["server"] == "http://127.0.0.1:6440"
    assert body["users"][0]["user"] == {"token": derive_token(Secret("s3cret"), REALM).reveal()}
    assert b"s3cret" not in read_api_access(home, REALM)


@pytest.mark.parametrize("content", [None, "", "[]", '{"clusters": [{}]}'])
def test_without_one_it_says_so(home: Path, content: str | None) -> None:
    if content is not None:
        Home(home).kubeconfig.write_text(content)
    with pytest.raises(ApiAccessMissing, match=f"there is no kubeconfig in {home} that a server can use"):
        read_api_access(home, REALM)


async def test_a_process_that_uses_the_api_finds_it_by_its_environment(laptop: Laptop) -> None:
    Home(laptop.home).write_kubeconfig("http://127.0.0.1:6440", Secret("s3cret"))
    script = 'cat "$KUBECONFIG" > copy.new; mv copy.new copy; exec sleep 1000'
    ready = {"probes": {"ready": {"command": ["test", "-f", "copy"]}}}
    laptop.put({"command": ["sh", "-c", script], "usesApi": True, **ready})
    first = await laptop.until_ready()
    folder = laptop.home / "processes" / "shop.web" / "data"
    assert (folder / "copy").read_bytes() == read_api_access(laptop.home, REALM)
    assert (folder / "kubeconfig").stat().st_mode & 0o777 == 0o600
    Home(laptop.home).write_kubeconfig("http://127.0.0.1:6441", Secret("s3cret"))
    laptop.put({"command": ["sh", "-c", script], "usesApi": True, **ready})
    assert (await laptop.until(lambda s: s.get("pid") not in (None, first["pid"])))["restarts"] == 0
