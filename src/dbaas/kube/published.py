"""What an API server says that it serves: the schemas of kinds, by OpenAPI v3.

Everybody who may log in may read it, unlike definitions, and it is what writes are held to.
(https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3)
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from dbaas.api.resource import Kind

INDEX = "/openapi/v3"
GROUP_VERSION_KIND = "x-kubernetes-group-version-kind"
Schema = Mapping[str, Any]


class Reads(Protocol):
    """What is needed of a client."""

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]: ...


class Published:
    """The index says by a hash whether a group has changed, so a look at what has not costs one small request."""

    def __init__(self, client: Reads) -> None:
        self._client = client
        self._seen: Mapping[str, str] | None = None

    async def look(self, kinds: Collection[Kind]) -> Mapping[Kind, Schema] | None:
        """The schemas of those that are served; None where all is as at the last look.

        Raises ApiError, TransportError; the next look then starts anew.
        """
        index = (await self._client.read(INDEX)).get("paths") or {}
        groups = {f"apis/{kind.api_version}" for kind in kinds}
        addresses = {group: str(index[group]["serverRelativeURL"]) for group in sorted(groups) if group in index}
        if addresses == self._seen:
            return None
        self._seen = None
        wanted = {(kind.group, kind.version, kind.kind): kind for kind in kinds}
        found: dict[Kind, Schema] = {}
        for address in addresses.values():
            path, _, query = address.partition("?")
            document = await self._client.read(path, dict(parse_qsl(query)))
            for schema in document["components"]["schemas"].values():
                for each in schema.get(GROUP_VERSION_KIND) or ():
                    if kind := wanted.get((each["group"], each["version"], each["kind"])):
                        found[kind] = schema
        self._seen = addresses
        return found
