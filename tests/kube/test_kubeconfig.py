"""Tests of `kube.kubeconfig`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.kube.access import BadKubeconfig
from dbaas.kube.kubeconfig import load_kubeconfig, split_paths

EXEC = "client.authentication.k8s.io/v1"
PEM = "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _config(name: str = "main", *, cluster: Any = None, user: Any = None, **context: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": "https://127.0.0.1:6443"} | (cluster or {})}],
        "users": [{"name": name, "user": user or {}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name} | context}],
    }


def _write(folder: Path, body: Any, name: str = "config") -> Path:
    path = folder / name
    path.write_text(body if isinstance(body, str) else yaml.safe_dump(body))
    return path


def test_the_current_context_is_read_with_all_it_names(tmp_path: Path) -> None:
    cluster = {"certificate-authority-data": _encode(PEM), "tls-server-name": "api", "server": "https://h:1/prefix/"}
    path = _write(tmp_path, _config(cluster=cluster, user={"token": "t0ken"}, namespace="shop"))
    access = load_kubeconfig([path]).access()
    assert (access.context, access.namespace, access.server) == ("main", "shop", "https://h:1/prefix")
    assert (access.ca, access.server_name, access.verify) == (PEM, "api", True)
    assert access.token is not None
    assert access.token.reveal() == "t0ken"
    assert "t0ken" not in repr(access)


def test_files_are_relative_to_the_kubeconfig_that_names_them(tmp_path: Path) -> None:
    user = {"client-certificate": "pki/me.crt", "client-key": "pki/me.key", "tokenFile": "token"}
    (tmp_path / "pki").mkdir()
    for name in ("me.crt", "me.key", "ca.crt"):
        (tmp_path / "pki" / name).write_text(f"{name} {PEM}")
    path = _write(tmp_path, _config(cluster={"certificate-authority": "pki/ca.crt"}, user=user))
    access = load_kubeconfig([path]).access()
    assert access.ca.startswith("ca.crt")
    assert access.certificate.startswith("me.crt")
    assert access.private_key is not None
    assert access.private_key.reveal().startswith("me.key")
    assert access.token_file == tmp_path / "token"


def test_of_several_files_the_first_that_says_something_wins(tmp_path: Path) -> None:
    first = _config("main", cluster={"server": "https://first:1"})
    del first["current-context"]
    second = _config("main", cluster={"server": "https://second:1"})
    third = _config("other", cluster={"server": "https://other:1"})
    paths = [_write(tmp_path, body, name) for body, name in ((first, "a"), (second, "b"), (third, "c"))]
    config = load_kubeconfig([tmp_path / "missing", *paths])
    assert config.current == "main"
    assert config.access().server == "https://first:1"
    assert config.access("other").server == "https://other:1"
    assert list(config.contexts) == ["main", "other"]


def test_a_login_by_command_is_read_with_what_it_inherits_and_is_told(tmp_path: Path) -> None:
    told = {
        "apiVersion": EXEC,
        "command": "./bin/login",
        "args": ["--cluster", "main"],
        "env": [{"name": "REGION", "value": "north"}],
        "installHint": "get it\nfrom us",
        "provideClusterInfo": True,
    }
    extension = {"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}
    cluster = {"certificate-authority-data": _encode(PEM), "extensions": [extension]}
    path = _write(tmp_path, _config(cluster=cluster, user={"exec": told}))
    command = load_kubeconfig([path]).access(environment={"PATH": "/bin", "REGION": "south"}).command
    assert command is not None
    assert command.argv == (str(tmp_path / "bin/login"), "--cluster", "main")
    assert command.env == {"PATH": "/bin", "REGION": "north"}
    assert (command.version, command.hint) == ("v1", "get it from us")
    assert command.cluster == {
        "server": "https://127.0.0.1:6443",
        "certificate-authority-data": _encode(PEM),
        "config": {"audience": "x"},
    }


def test_a_login_by_password_and_whom_it_speaks_for_are_read(tmp_path: Path) -> None:
    user = {"username": "ann", "password": "hunter2", "as": "bob", "as-uid": "7", "as-groups": ["shop", "ops"]}
    access = load_kubeconfig([_write(tmp_path, _config(user=user))]).access()
    assert access.password is not None
    assert (access.username, access.password.reveal()) == ("ann", "hunter2")
    groups = [("impersonate-group", "shop"), ("impersonate-group", "ops")]
    assert list(access.headers) == [("impersonate-user", "bob"), ("impersonate-uid", "7"), *groups]
    assert "hunter2" not in repr(access)


def test_a_proxy_comes_from_the_cluster_or_else_from_the_environment(tmp_path: Path) -> None:
    environment = {"HTTPS_PROXY": "http://outer:3128"}
    far = {"server": "https://api.example.com"}
    named = _write(tmp_path, _config(cluster=far | {"proxy-url": "http://inner:1"}), "named")
    unnamed = _write(tmp_path, _config(cluster=far), "unnamed")
    assert load_kubeconfig([named]).access(environment=environment).proxy == "http://inner:1"
    assert load_kubeconfig([unnamed]).access(environment=environment).proxy == "http://outer:3128"
    assert load_kubeconfig([unnamed]).access().proxy == ""


def test_a_token_wins_over_a_token_file(tmp_path: Path) -> None:
    path = _write(tmp_path, _config(user={"token": "t", "tokenFile": "f"}))
    assert load_kubeconfig([path]).access().token_file is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"user": {"exec": {"command": "aws"}}}, "its exec speaks ''"),
        ({"user": {"exec": {"apiVersion": EXEC}}}, "its exec has no command"),
        ({"user": {"exec": {"apiVersion": EXEC, "command": "x", "interactiveMode": "Always"}}}, "interactiveMode"),
        ({"user": {"auth-provider": {"name": "gcp"}}}, "auth-provider has left Kubernetes"),
        ({"user": {"as-groups": ["a", "b"]}}, r"for no user \(as\)"),
        ({"user": {"as": "root", "as-user-extra": ["b"]}}, "as-user-extra must be lists"),
        ({"cluster": {"proxy-url": "socks5://proxy:1"}}, "its proxy 'socks5://proxy:1' is neither http nor https"),
        ({"cluster": {"server": "unix:///x"}}, "is not an http or https URL"),
        ({"cluster": {"certificate-authority-data": "%%%"}}, "cannot read certificate-authority-data"),
        ({"cluster": {"certificate-authority": "missing.crt"}}, "cannot read .*missing.crt"),
        ({"user_name": "nobody"}, "its user 'nobody' is not defined"),
        ({"cluster_name": "nowhere"}, "its cluster 'nowhere' is not defined"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    names = {part: change.pop(f"{part}_name") for part in ("user", "cluster") if f"{part}_name" in change}
    path = _write(tmp_path, _config(**change) if not names else _with_names(names))
    with pytest.raises(BadKubeconfig, match=message):
        load_kubeconfig([path]).access()


def _with_names(names: dict[str, str]) -> dict[str, Any]:
    config = _config()
    config["contexts"][0]["context"] |= names
    return config


def test_an_unknown_context_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    config = load_kubeconfig([_write(tmp_path, _config())])
    with pytest.raises(BadKubeconfig, match="cannot find context 'prod' in the kubeconfig: it has main"):
        config.access("prod")
    with pytest.raises(BadKubeconfig, match="none was given"):
        load_kubeconfig([]).access()


@pytest.mark.parametrize("text", ["a: [", "- 1", "clusters: 3", "clusters: [{cluster: {}}]"])
def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadKubeconfig, match="config"):
        load_kubeconfig([_write(tmp_path, text)])


def test_an_empty_file_says_nothing_at_all(tmp_path: Path) -> None:
    assert load_kubeconfig([_write(tmp_path, "")]).current == ""


def test_a_list_of_paths_is_split_and_empty_parts_do_not_count() -> None:
    assert split_paths("/a::/b:") == [Path("/a"), Path("/b")]
