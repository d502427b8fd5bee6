"""Writes what an operation has come to, before it goes on."""

from __future__ import annotations

from dbaas.api.operation import OPS_REQUEST, OpsRequestStatus
from dbaas.contracts.client import Client
from dbaas.controllers.operation.record import dump_status
from dbaas.controllers.operation.request import Request


async def write_note(client: Client, request: Request, status: OpsRequestStatus, version: str = "") -> Request:
    """The request as it is then. Raises WriteConflict where somebody has written to it since that version."""
    gone = {"session": None} if request.runs else {}
    patch = {"status": {**gone, **dump_status(status), "phase": "Running"}}
    noted = await client.patch(OPS_REQUEST, request.key, patch, version=version, subresource="status")
    return Request(noted, request.spec, status, request.operation)
