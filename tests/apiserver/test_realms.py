"""What members of a cluster may ask of the API."""

from __future__ import annotations

import json

import pytest

from dbaas.apiserver.realms import is_within
from dbaas.contracts.transport import Request
from dbaas.core.limited_tokens import Realm

REALM = Realm("shop", "main")
HERE = "/api/v1/namespaces/shop"


def named(name: object) -> bytes:
    return json.dumps({"metadata": {"name": name}}).encode()


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", f"{HERE}/pods", {"labelSelector": "dbaas.io/cluster=main,dbaas.io/engine=postgres"}),
        Request("GET", f"{HERE}/configmaps", {"labelSelector": "dbaas.io/cluster=main", "watch": "true"}),
        Request("PATCH", f"{HERE}/pods/main"),
        Request("PATCH", f"{HERE}/pods/main-2"),
        Request("GET", f"{HERE}/configmaps/main-leader"),
        Request("PATCH", f"{HERE}/configmaps/main-config"),
        Request("POST", f"{HERE}/configmaps", body=named("main-sync")),
    ],
    ids=str,
)
def test_what_they_agree_through_is_theirs(request_: Request) -> None:
    assert is_within(REALM, request_)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/api/v1/namespaces/other/pods", {"labelSelector": "dbaas.io/cluster=main"}),
        Request("GET", "/api/v1/pods", {"labelSelector": "dbaas.io/cluster=main"}),
        Request("GET", f"{HERE}/pods"),
        Request("GET", f"{HERE}/pods", {"labelSelector": "dbaas.io/cluster=main2"}),
        Request("GET", f"{HERE}/pods", {"labelSelector": "dbaas.io/cluster!=main"}),
        Request("GET", f"{HERE}/configmaps", {"fieldSelector": "metadata.name=x"}),
        Request("PATCH", f"{HERE}/pods/other"),
        Request("PATCH", f"{HERE}/pods/main-b-2"),
        Request("PATCH", f"{HERE}/pods/main/status"),
        Request("PUT", f"{HERE}/pods/main"),
        Request("DELETE", f"{HERE}/pods/main"),
        Request("POST", f"{HERE}/pods", body=named("main")),
        Request("DELETE", f"{HERE}/configmaps/main-leader"),
        Request("DELETE", f"{HERE}/configmaps", {"labelSelector": "dbaas.io/cluster=main"}),
        Request("GET", f"{HERE}/configmaps/main"),
        Request("GET", f"{HERE}/configmaps/main-b-leader"),
        Request("POST", f"{HERE}/configmaps", body=named("other-leader")),
        Request("POST", f"{HERE}/configmaps", body=named(["main-leader"])),
        Request("POST", f"{HERE}/configmaps", body=b"metadata: {name: main-leader}"),
        Request("POST", f"{HERE}/configmaps", body=b"[]"),
        Request("GET", f"{HERE}/secrets/main-credentials"),
        Request("GET", f"{HERE}/secrets", {"labelSelector": "dbaas.io/cluster=main"}),
        Request("GET", "/apis/dbaas.io/v1/namespaces/shop/processes/main"),
        Request("GET", "/api/v1/namespaces/shop/configmaps/../secrets/main-leader"),
        Request("GET", "/api"),
        Request("GET", "/metrics"),
    ],
    ids=str,
)
def test_nothing_else_is(request_: Request) -> None:
    assert not is_within(REALM, request_)
