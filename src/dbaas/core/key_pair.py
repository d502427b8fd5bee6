"""A certificate with its key, and how a TLS context gets them."""

from __future__ import annotations

import os
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dbaas.core.secrets import Secret


@dataclass(frozen=True)
class KeyPair:
    """Both are PEM texts."""

    certificate: str
    private_key: Secret


def load_key_pair(context: ssl.SSLContext, pair: KeyPair) -> None:
    """What the context shows from the next handshake on. Raises ssl.SSLError where the two do not belong together.

    The ssl module reads key pairs from files only: the file lives for the moment of the call, readable by us.
    """
    descriptor, name = tempfile.mkstemp(prefix="dbaas-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{pair.certificate}\n{pair.private_key.reveal()}\n")
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
