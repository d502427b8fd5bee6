"""Kinds, keys and the stored form of an object: a small header that is read often, and the rest as raw JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import orjson

GROUP = "dbaas.io"
VERSION = "v1"
FINALIZER = f"{GROUP}/finalizer"
FIELD_MANAGER = "dbaas"

ANNOTATION_PAUSED = f"{GROUP}/paused"
ANNOTATION_RECONCILE_AT = f"{GROUP}/reconcile-at"
ANNOTATION_FORCE_DELETE = f"{GROUP}/force-delete"
ANNOTATION_CONFIRM_DELETE = f"{GROUP}/confirm-delete"
ANNOTATION_ALLOW_DESTRUCTIVE = f"{GROUP}/allow-destructive"
ANNOTATION_MADE_AT = f"{GROUP}/made-at"  # written by ourselves: when what the object stands for was made
LABEL_CLUSTER = f"{GROUP}/cluster"
LABEL_ENGINE = f"{GROUP}/engine"
LABEL_INSTANCE = f"{GROUP}/instance"
LABEL_POOLER = f"{GROUP}/pooler"
"""Of the pods of a pooler alone: its cluster. They do not have the cluster's label, by which its servers are found."""


class Key(NamedTuple):
    """Names one object of a kind; `namespace` is empty for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Kind:
    """One kind that an API server serves. `group` is empty for the core group."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = field(default=(), compare=False)

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The full name, as documents use it: `databases.dbaas.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The URL path; without a namespace, the collection over all of them."""
        parts = [f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"]
        if namespace and self.namespaced:
            parts.append(f"namespaces/{namespace}")
        parts.append(self.plural)
        parts.extend(part for part in (name, subresource) if part)
        return "/".join(parts)

    def __str__(self) -> str:
        return self.kind


class OwnerReference(msgspec.Struct, frozen=True, gc=False):
    """`metadata.ownerReferences[]`."""

    apiVersion: str  # noqa: N815 - wire name
    kind: str
    name: str
    uid: str
    controller: bool = False


class Metadata(msgspec.Struct, frozen=True, gc=False):
    """The header of an object: what caches, indices and queues read without opening the rest."""

    name: str
    namespace: str = ""
    uid: str = ""
    resourceVersion: str = ""  # noqa: N815 - wire name
    generation: int = 0
    creationTimestamp: str = ""  # noqa: N815 - wire name
    deletionTimestamp: str | None = None  # noqa: N815 - wire name
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    finalizers: list[str] = []
    ownerReferences: list[OwnerReference] = []  # noqa: N815 - wire name

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)

    @property
    def is_deleting(self) -> bool:
        return self.deletionTimestamp is not None

    @property
    def owner(self) -> OwnerReference | None:
        """The owner that controls the object, if any."""
        return next((owner for owner in self.ownerReferences if owner.controller), None)


class _Header(msgspec.Struct):
    metadata: Metadata


_HEADER = msgspec.json.Decoder(_Header)


class _Spec(msgspec.Struct):
    spec: dict[str, Any] | None = None


class _Status(msgspec.Struct):
    status: Any = None


_SPEC = msgspec.json.Decoder(_Spec)
_STATUS = msgspec.json.Decoder(_Status)


@dataclass(frozen=True, slots=True)
class Resource:
    """One stored object. `raw` is its JSON without managedFields; `body` decodes it anew at each call.

    `applied` is what field manager `dbaas` owns by server-side apply, as `fieldsV1`; empty where nothing is known.
    """

    kind: Kind
    metadata: Metadata
    raw: bytes = field(repr=False)
    applied: bytes = field(default=b"", repr=False)
    key: Key = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.metadata.key)  # caches and indices ask for it again and again

    def body(self) -> dict[str, Any]:
        """A fresh dict that the caller may change."""
        decoded: dict[str, Any] = orjson.loads(self.raw)
        return decoded

    @property
    def spec(self) -> dict[str, Any]:
        return _SPEC.decode(self.raw).spec or {}  # a status may be large

    @property
    def status(self) -> dict[str, Any]:
        return _STATUS.decode(self.raw).status or {}

    def __str__(self) -> str:
        return f"{self.kind.kind} {self.key}"


def is_paused(resource: Resource) -> bool:
    """Whether people have asked that nothing be done about it for now."""
    return resource.metadata.annotations.get(ANNOTATION_PAUSED, "").lower() == "true"


def parse_resource(kind: Kind, raw: bytes) -> Resource:
    """Raises msgspec.ValidationError where the bytes are not an object with metadata."""
    return Resource(kind, _HEADER.decode(raw).metadata, raw)


def build_resource(kind: Kind, body: dict[str, Any]) -> Resource:
    """The same from a dict, with managedFields dropped."""
    metadata = {k: v for k, v in body.get("metadata", {}).items() if k != "managedFields"}
    return parse_resource(kind, orjson.dumps({**body, "metadata": metadata}))
