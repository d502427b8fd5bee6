"""Backup: one backup now. There are no backups so far."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

OPERATION = Operation(
    "Backup", missing="this version makes no backups: dump the databases with the engine's own client meanwhile"
)
