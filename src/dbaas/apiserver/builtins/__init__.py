"""The kinds that are served without a CustomResourceDefinition."""

from __future__ import annotations

from dbaas.apiserver.builtins.columns import Column
from dbaas.apiserver.builtins.kinds import BUILTIN_KINDS, BuiltinKind

__all__ = ["BUILTIN_KINDS", "BuiltinKind", "Column"]
