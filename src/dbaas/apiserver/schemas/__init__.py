"""Structural schemas: unknown fields, pruning, defaulting, validation with CEL rules, worded as kube-apiserver does."""

from __future__ import annotations

from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.expressions.failures import TakesLong
from dbaas.apiserver.schemas.schema import Schema, SchemaRefused, unsupported_rules
from dbaas.apiserver.schemas.sharing import is_in_use, share_schema
from dbaas.apiserver.schemas.structure import schema_problems

__all__ = [
    "Cause",
    "Schema",
    "SchemaRefused",
    "TakesLong",
    "is_in_use",
    "schema_problems",
    "share_schema",
    "unsupported_rules",
]
