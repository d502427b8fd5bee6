"""Tests of `kube.impersonation`, and that a real API server understands it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.contracts.transport import Request
from dbaas.core.clock import SystemClock
from dbaas.kube.http import HttpTransport
from dbaas.kube.impersonation import build_impersonation
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport


def test_each_group_and_each_value_has_a_header_of_its_own() -> None:
    extra = {"scopes": ["read", "write"], "acme.com/Pro ject%": ["x"]}
    assert build_impersonation("bob", "7", ["shop", "ops"], extra) == (
        ("impersonate-user", "bob"),
        ("impersonate-uid", "7"),
        ("impersonate-group", "shop"),
        ("impersonate-group", "ops"),
        ("impersonate-extra-scopes", "read"),
        ("impersonate-extra-scopes", "write"),
        ("impersonate-extra-acme.com%2FPro%20ject%25", "x"),
    )


def test_who_speaks_for_nobody_says_nothing() -> None:
    assert build_impersonation("") == ()


@pytest.mark.parametrize("more", [{"uid": "7"}, {"groups": ["shop"]}, {"extra": {"scopes": ["read"]}}])
def test_a_group_without_a_user_is_nobody(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"no user \(as\)"):
        build_impersonation("", **more)


@pytest.mark.kube_apiserver
@pytest.mark.parametrize("kind", [HttpTransport, LightTransport])
async def test_a_real_server_sees_all_of_whom_we_speak_for(kind: Any, kube_state: Path, tmp_path: Path) -> None:
    config = yaml.safe_load((kube_state / "kubeconfig").read_text())
    config["users"][0]["user"] |= {
        "as": "bob", "as-uid": "7", "as-groups": ["shop", "ops"],
        "as-user-extra": {"acme.com/project": ["one", "two"]},
    }  # fmt: skip
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    transport = kind(load_kubeconfig([tmp_path / "config"]).access(), SystemClock())
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    path, sent = "/apis/authentication.k8s.io/v1/selfsubjectreviews", {"content-type": "application/json"}
    try:
        answer = await transport.request(Request("POST", path, {}, sent, json.dumps(body).encode()))
    finally:
        await transport.close()
    assert answer.status == 201, answer.body
    told = json.loads(answer.body)["status"]["userInfo"]
    assert (told["username"], told["uid"], set(told["groups"])) == ("bob", "7", {"shop", "ops", "system:authenticated"})
    assert told["extra"] == {"acme.com/project": ["one", "two"]}
