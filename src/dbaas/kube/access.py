"""Where an API server is and who we are to it: the result of reading a kubeconfig, and what a transport needs."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dbaas.core.errors import DbaasError
from dbaas.core.key_pair import KeyPair, load_key_pair
from dbaas.core.secrets import Secret
from dbaas.kube.impersonation import Headers


class BadKubeconfig(DbaasError):
    """The access cannot be used as it stands; the message names the file or entry and what to change."""

    reason = "BadKubeconfig"


@dataclass(frozen=True)
class LoginCommand:
    """A program that prints an ExecCredential when it is asked who we are (client-go, `exec` of a kubeconfig's user).

    `env` is its whole environment; `version` that of `client.authentication.k8s.io` that it speaks; `cluster` what it
    is told of the server, where it wants to know; `hint` what to do where the program is missing.
    """

    argv: tuple[str, ...]
    version: str
    directory: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    cluster: Mapping[str, object] | None = None
    hint: str = ""


@dataclass(frozen=True)
class Access:
    """`server` is a URL that may have a path; `proxy` the URL of an HTTP proxy on the way to it.

    At most one of `token`, `token_file`, `password` and `command` says who we are, a certificate may come beside them.
    Files are read again while they are used: whoever rotates what is in them need not tell us. `ca`, `certificate` and
    `private_key` are PEM texts; without `ca` the system's authorities count. `headers` go with every request,
    some of them several times.
    """

    server: str
    context: str = ""
    namespace: str = "default"
    ca: str = ""
    verify: bool = True
    server_name: str = ""
    token: Secret | None = None
    token_file: Path | None = None
    username: str = ""
    password: Secret | None = None
    command: LoginCommand | None = None
    certificate: str = ""
    private_key: Secret | None = None
    key_files: tuple[Path, Path] | None = None
    proxy: str = ""
    headers: Headers = ()

    @property
    def key_pair(self) -> KeyPair | None:
        return KeyPair(self.certificate, self.private_key) if self.certificate and self.private_key else None

    @property
    def is_loopback(self) -> bool:
        host = urlsplit(self.server).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def build_ssl_context(access: Access, pair: KeyPair | None = None) -> ssl.SSLContext | None:
    """None where the server is not HTTPS; `pair` is shown instead of the access's own. Raises BadKubeconfig."""
    if not access.server.startswith("https://"):
        return None
    try:
        context = ssl.create_default_context(cadata=access.ca or None)
        if not access.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        pair = pair or access.key_pair
        if pair is not None:
            load_key_pair(context, pair)
    except (ssl.SSLError, ValueError) as error:
        raise BadKubeconfig(f"cannot use the certificates of context {access.context!r}: {error}") from error
    return context
