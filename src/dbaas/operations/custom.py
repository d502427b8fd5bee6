"""Custom: an operation that the cluster's DatabaseEngine declares. No DatabaseEngine can declare one so far."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

OPERATION = Operation(
    "Custom",
    missing="the cluster's DatabaseEngine declares no operations of its own: use one of the other types",
)
