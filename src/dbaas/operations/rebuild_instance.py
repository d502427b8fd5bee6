"""RebuildInstance: the data of one replica is thrown away and copied anew; an action of the provider."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

OPERATION = Operation("RebuildInstance", action="rebuild", alone=True, needs_running=True)
