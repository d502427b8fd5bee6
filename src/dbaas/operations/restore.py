"""Restore: the data of a backup. There are no backups so far."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

OPERATION = Operation(
    "Restore",
    missing="this version has no backups that could be restored: restore a dump with the engine's own client meanwhile",
)
