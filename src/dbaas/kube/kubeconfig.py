"""Reads kubeconfig files as kubectl does: several are one, where the first that says something wins.

What we cannot do is refused with its reason rather than skipped: a login that silently is another one is worse than
none. Source: client-go, `tools/clientcmd`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import yaml

from dbaas.core.secrets import Secret
from dbaas.kube.access import Access, BadKubeconfig, LoginCommand
from dbaas.kube.impersonation import Headers, build_impersonation
from dbaas.kube.logins import API_GROUP
from dbaas.kube.proxies import find_proxy


@dataclass(frozen=True)
class _Entry:
    """A cluster, user or context, and the file it came from: paths in it are relative to that."""

    body: Mapping[str, Any]
    file: Path

    def text(self, name: str) -> str:
        value = self.body.get(name)
        return "" if value is None else str(value)

    def pem(self, name: str) -> str:
        """`<name>-data` in base64 wins over the file that `<name>` names."""
        if data := self.text(f"{name}-data"):
            try:
                return base64.b64decode(data, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError) as error:
                raise BadKubeconfig(f"cannot read {name}-data in {self.file}: {error}") from error
        return _read(self.path(name)) if self.text(name) else ""

    def path(self, name: str) -> Path:
        return self.file.parent / Path(self.text(name)).expanduser()


@dataclass(frozen=True)
class Kubeconfig:
    """All entries of some files. `current` is empty where no file chooses a context."""

    current: str
    clusters: Mapping[str, _Entry]
    users: Mapping[str, _Entry]
    contexts: Mapping[str, _Entry]

    def access(self, context: str = "", environment: Mapping[str, str] | None = None) -> Access:
        """Of the named context or the current one. Raises BadKubeconfig.

        `environment` is what a login's command inherits, and what may name a proxy.
        """
        name = context or self.current
        if not name:
            raise BadKubeconfig("cannot choose a context: none was given and the kubeconfig has no current-context")
        chosen = self.contexts.get(name)
        if chosen is None:
            known = ", ".join(sorted(self.contexts)) or "none"
            raise BadKubeconfig(f"cannot find context {name!r} in the kubeconfig: it has {known}")
        cluster = self.clusters.get(chosen.text("cluster"))
        if cluster is None:
            raise BadKubeconfig(f"cannot use context {name!r}: its cluster {chosen.text('cluster')!r} is not defined")
        user = self.users.get(chosen.text("user"))
        if user is None and chosen.text("user"):
            raise BadKubeconfig(f"cannot use context {name!r}: its user {chosen.text('user')!r} is not defined")
        return _build_access(name, chosen, cluster, user or _Entry({}, chosen.file), environment or {})


def load_kubeconfig(files: Sequence[Path]) -> Kubeconfig:
    """Files that do not exist are skipped, as kubectl does. Raises BadKubeconfig where a file cannot be read."""
    current = ""
    found: dict[str, dict[str, _Entry]] = {"clusters": {}, "users": {}, "contexts": {}}
    for file in files:
        if not file.exists():
            continue
        body = _parse(file)
        current = current or str(body.get("current-context") or "")
        for section, entries in found.items():
            for name, entry in _read_section(body, section, file):
                entries.setdefault(name, entry)
    return Kubeconfig(current, found["clusters"], found["users"], found["contexts"])


def split_paths(text: str, separator: str = ":") -> list[Path]:
    """The value of KUBECONFIG: a list of files; empty parts do not count."""
    return [Path(part).expanduser() for part in text.split(separator) if part]


def _parse(file: Path) -> Mapping[str, Any]:
    try:
        body = yaml.load(_read(file), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise BadKubeconfig(f"cannot read {file}: it is not YAML: {error}") from error
    if body is not None and not isinstance(body, dict):
        raise BadKubeconfig(f"cannot read {file}: it is not a kubeconfig")
    return body or {}


def _read_section(body: Mapping[str, Any], section: str, file: Path) -> list[tuple[str, _Entry]]:
    singular = section.removesuffix("s")
    try:
        return [(str(item["name"]), _Entry(item.get(singular) or {}, file)) for item in body.get(section) or ()]
    except (TypeError, KeyError, AttributeError) as error:
        raise BadKubeconfig(f"cannot read {file}: {section} must be a list of names with a {singular} each") from error


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKubeconfig(f"cannot read {file}: {error}") from error


def _build_access(name: str, context: _Entry, cluster: _Entry, user: _Entry, environment: Mapping[str, str]) -> Access:
    if user.body.get("auth-provider"):
        raise BadKubeconfig(f"cannot use context {name!r}: auth-provider has left Kubernetes (1.26); use exec")
    server = cluster.text("server")
    if not server.startswith(("http://", "https://")):
        raise BadKubeconfig(f"cannot use context {name!r}: its server {server!r} is not an http or https URL")
    token, private_key = user.text("token"), user.pem("client-key")
    address = urlsplit(server)
    # a laptop's URL has its token for kubectl, which sends none over plain HTTP; we send it in a header
    server = urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2])).rstrip("/")
    password = user.text("password") or (address.password or "" if not token else "")
    has_token_file = bool(user.text("tokenFile")) and not token
    has_command = bool(user.body.get("exec")) and not token and not has_token_file
    return Access(
        server=server,
        context=name,
        namespace=context.text("namespace") or "default",
        ca=cluster.pem("certificate-authority"),
        verify=not cluster.body.get("insecure-skip-tls-verify"),
        server_name=cluster.text("tls-server-name"),
        token=Secret(token) if token else None,
        token_file=user.path("tokenFile") if has_token_file else None,
        username=user.text("username") or (address.username or ""),
        password=Secret(password) if password and not token and not has_token_file else None,
        command=_build_command(name, server, cluster, user, environment) if has_command else None,
        certificate=user.pem("client-certificate"),
        private_key=Secret(private_key) if private_key else None,
        key_files=_key_files(user),
        proxy=_find_proxy(name, server, cluster, environment),
        headers=_impersonate(name, user),
    )


def _key_files(user: _Entry) -> tuple[Path, Path] | None:
    """Both in files: then they are read again while they are used."""
    names = ("client-certificate", "client-key")
    if not all(user.text(name) and not user.text(f"{name}-data") for name in names):
        return None
    return user.path(names[0]), user.path(names[1])


def _find_proxy(name: str, server: str, cluster: _Entry, environment: Mapping[str, str]) -> str:
    proxy = cluster.text("proxy-url") or find_proxy(server, environment)
    if proxy and not proxy.startswith(("http://", "https://")):
        raise BadKubeconfig(f"cannot use context {name!r}: its proxy {proxy!r} is neither http nor https")
    return proxy


def _impersonate(name: str, user: _Entry) -> Headers:
    groups = [str(group) for group in user.body.get("as-groups") or ()]
    try:
        extra = {str(key): [str(v) for v in values] for key, values in (user.body.get("as-user-extra") or {}).items()}
        return build_impersonation(user.text("as"), user.text("as-uid"), groups, extra)
    except AttributeError as error:
        raise BadKubeconfig(f"cannot use context {name!r}: as-user-extra must be lists of values by name") from error
    except ValueError as error:
        raise BadKubeconfig(f"cannot use context {name!r}: {error}") from error


def _build_command(
    name: str, server: str, cluster: _Entry, user: _Entry, environment: Mapping[str, str]
) -> LoginCommand:
    told = _Entry(user.body["exec"], user.file)
    group, _, version = told.text("apiVersion").partition("/")
    if group != API_GROUP or version not in ("v1", "v1beta1"):
        raise BadKubeconfig(
            f"cannot use context {name!r}: its exec speaks {told.text('apiVersion')!r}, we {API_GROUP}/v1 and v1beta1"
        )
    if told.text("interactiveMode") == "Always":
        raise BadKubeconfig(f"cannot use context {name!r}: its exec wants to ask at the terminal (interactiveMode)")
    if not told.text("command"):
        raise BadKubeconfig(f"cannot use context {name!r}: its exec has no command")
    program = told.text("command")
    if "/" in program:  # relative to the file that names it, as in client-go
        program = str(told.path("command"))
    added = {str(each["name"]): str(each.get("value") or "") for each in told.body.get("env") or ()}
    return LoginCommand(
        argv=(program, *(str(arg) for arg in told.body.get("args") or ())),
        version=version,
        directory=user.file.parent.absolute(),
        env={**environment, **added},
        cluster=_describe_cluster(server, cluster) if told.body.get("provideClusterInfo") else None,
        hint=" ".join(told.text("installHint").split()),
    )


def _describe_cluster(server: str, cluster: _Entry) -> dict[str, object]:
    """What a login's command is told (`Cluster` of client.authentication.k8s.io/v1)."""
    ca = cluster.pem("certificate-authority")
    named = {
        "server": server,
        "tls-server-name": cluster.text("tls-server-name"),
        "insecure-skip-tls-verify": bool(cluster.body.get("insecure-skip-tls-verify")),
        "certificate-authority-data": base64.b64encode(ca.encode()).decode(),
        "proxy-url": cluster.text("proxy-url"),
        "config": _exec_extension(cluster),
    }
    return {key: value for key, value in named.items() if value}


def _exec_extension(cluster: _Entry) -> object:
    found = [e.get("extension") for e in cluster.body.get("extensions") or () if e.get("name") == f"{API_GROUP}/exec"]
    return found[0] if found else None
