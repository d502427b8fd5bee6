"""Custom: statements that the cluster's DatabaseEngine declares, by name; an OpsRequest says what is put into them."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

# Alone, because whatever restarts the server would break a statement off, and nobody could tell what it has done.
OPERATION = Operation("Custom", declared=True, alone=True, needs_running=True, waits_for_ready=True)
