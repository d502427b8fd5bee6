"""How a process of ours reaches this machine's API: a kubeconfig like the home's, with a token for its cluster."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from dbaas.core.errors import DbaasError
from dbaas.core.home import Home
from dbaas.core.limited_tokens import Realm, derive_token
from dbaas.core.secrets import Secret


class ApiAccessMissing(DbaasError):
    """The home has no kubeconfig, or none that can be read."""

    reason = "ApiAccessMissing"


def read_api_access(home: Path, realm: Realm) -> bytes:
    """Raises ApiAccessMissing.

    The home's own has the token in the address too, which one client needs: others would log it.
    """
    try:
        body = json.loads(Home(home).kubeconfig.read_bytes())
        for each in body["clusters"]:
            address = urlsplit(each["cluster"]["server"])
            each["cluster"]["server"] = f"{address.scheme}://{address.netloc.rpartition('@')[2]}"
        for each in body["users"]:
            each["user"] = {"token": derive_token(Secret(each["user"]["token"]), realm).reveal()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ApiAccessMissing(f"there is no kubeconfig in {home} that a server can use: {error}") from error
    return json.dumps(body, indent=2).encode()
