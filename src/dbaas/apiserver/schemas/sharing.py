"""Schemas that are in use, by their text: versions and servers of one process that say the same share one schema."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from weakref import WeakValueDictionary

import orjson

from dbaas.apiserver.schemas.schema import Schema

_shared: WeakValueDictionary[bytes, Schema] = WeakValueDictionary()


def share_schema(spec: Mapping[str, Any]) -> Schema:
    """The compiled openAPIV3Schema of a custom kind. Raises SchemaRefused."""
    digest = _digest(spec)
    schema = _shared.get(digest)
    if schema is None:
        schema = _shared[digest] = Schema.compile(spec)
    return schema


def is_in_use(spec: Mapping[str, Any]) -> bool:
    """Whether objects are validated by just that: then it was looked through before it was let in."""
    return _digest(spec) in _shared


def _digest(spec: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(spec)).digest()
