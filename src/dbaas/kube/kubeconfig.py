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
from dbaas.kube.access import Access, BadKubeconfig

_UNSUPPORTED_USER = {
    "exec": "a login by a command",
    "auth-provider": "a login by an auth provider",
    "username": "a login by password",
    "as": "impersonation",
    "as-uid": "impersonation",
    "as-groups": "impersonation",
}


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

    def access(self, context: str = "") -> Access:
        """Of the named context or the current one. Raises BadKubeconfig."""
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
        return _build_access(name, chosen, cluster, user or _Entry({}, chosen.file))


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


def _build_access(name: str, context: _Entry, cluster: _Entry, user: _Entry) -> Access:
    for setting, what in _UNSUPPORTED_USER.items():
        if user.body.get(setting):
            raise BadKubeconfig(f"cannot use context {name!r}: {what} ({setting}) is not supported; use a token")
    if cluster.text("proxy-url"):
        raise BadKubeconfig(f"cannot use context {name!r}: a proxy (proxy-url) is not supported")
    server = cluster.text("server")
    if not server.startswith(("http://", "https://")):
        raise BadKubeconfig(f"cannot use context {name!r}: its server {server!r} is not an http or https URL")
    token, private_key = user.text("token"), user.pem("client-key")
    address = urlsplit(server)
    if address.username and not token:
        raise BadKubeconfig(f"cannot use context {name!r}: a login by password (in its URL) is not supported")
    # a laptop's URL has its token for kubectl, which sends none over plain HTTP; we send it in a header
    server = urlunsplit(address._replace(netloc=address.netloc.rpartition("@")[2]))
    has_token_file = bool(user.text("tokenFile")) and not token
    return Access(
        server=server.rstrip("/"),
        context=name,
        namespace=context.text("namespace") or "default",
        ca=cluster.pem("certificate-authority"),
        verify=not cluster.body.get("insecure-skip-tls-verify"),
        server_name=cluster.text("tls-server-name"),
        token=Secret(token) if token else None,
        token_file=user.path("tokenFile") if has_token_file else None,
        certificate=user.pem("client-certificate"),
        private_key=Secret(private_key) if private_key else None,
    )
