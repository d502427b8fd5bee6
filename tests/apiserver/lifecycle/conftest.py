"""Owners and dependents for the tests of the loops."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from dbaas.apiserver.server import ApiServer
from fixtures.apiserver import send

ROUNDS = 200


@dataclass
class World:
    """ConfigMaps of the default namespace that own each other."""

    server: ApiServer
    path: str = "/api/v1/namespaces/default/configmaps"

    async def make(self, name: str, *owners: dict[str, Any], **metadata: object) -> dict[str, Any]:
        references = [self.reference(owner) for owner in owners]
        body = {"metadata": {"name": name, "ownerReferences": references, **metadata}}
        status, made = await send(self.server, "POST", self.path, body)
        assert status == 201, made
        found: dict[str, Any] = made
        return found

    @staticmethod
    def reference(owner: dict[str, Any]) -> dict[str, Any]:
        metadata = owner["metadata"]
        return {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": metadata["name"],
            "uid": metadata["uid"],
            "blockOwnerDeletion": True,
        }

    async def delete(self, name: str, propagation: str = "Background") -> dict[str, Any]:
        _, answer = await send(self.server, "DELETE", f"{self.path}/{name}", {"propagationPolicy": propagation})
        found: dict[str, Any] = answer
        return found

    async def get(self, name: str) -> dict[str, Any] | None:
        status, found = await send(self.server, "GET", f"{self.path}/{name}")
        return found if status == 200 else None

    async def names(self) -> set[str]:
        _, listed = await send(self.server, "GET", self.path)
        return {item["metadata"]["name"] for item in listed["items"]}

    async def settle(self) -> None:
        """Lets the loops run until they wait."""
        for _ in range(ROUNDS):
            await asyncio.sleep(0)


@pytest.fixture
def world(server: ApiServer) -> World:
    return World(server)
