"""Switchover: another instance becomes the primary, as planned; an action of the provider."""

from __future__ import annotations

from dbaas.contracts.operation import Operation

OPERATION = Operation("Switchover", action="switchover", alone=True, needs_running=True, waits_for_ready=True)
