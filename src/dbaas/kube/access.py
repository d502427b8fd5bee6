"""Where an API server is and who we are to it: the result of reading a kubeconfig, and what a transport needs."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dbaas.core.errors import DbaasError
from dbaas.core.secrets import Secret


class BadKubeconfig(DbaasError):
    """The access cannot be used as it stands; the message names the file or entry and what to change."""

    reason = "BadKubeconfig"


@dataclass(frozen=True)
class Access:
    """`server` is a URL that may have a path. At most one of `token` and `token_file`; the file is re-read when used.

    `ca`, `certificate` and `private_key` are PEM texts; without `ca` the system's authorities count.
    """

    server: str
    context: str = ""
    namespace: str = "default"
    ca: str = ""
    verify: bool = True
    server_name: str = ""
    token: Secret | None = None
    token_file: Path | None = None
    certificate: str = ""
    private_key: Secret | None = None

    @property
    def is_loopback(self) -> bool:
        host = urlsplit(self.server).hostname or ""
        return host in ("localhost", "::1") or host.startswith("127.")


def build_ssl_context(access: Access) -> ssl.SSLContext | None:
    """None where the server is not HTTPS. Raises BadKubeconfig."""
    if not access.server.startswith("https://"):
        return None
    try:
        context = ssl.create_default_context(cadata=access.ca or None)
        if not access.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if access.certificate and access.private_key:
            _load_certificate(context, access.certificate, access.private_key)
    except (ssl.SSLError, ValueError) as error:
        raise BadKubeconfig(f"cannot use the certificates of context {access.context!r}: {error}") from error
    return context


def _load_certificate(context: ssl.SSLContext, certificate: str, private_key: Secret) -> None:
    """The ssl module reads key pairs from files only: the file lives for the moment of the call, readable by us."""
    descriptor, name = tempfile.mkstemp(prefix="dbaas-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{certificate}\n{private_key.reveal()}\n")
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
