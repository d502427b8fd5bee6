"""A custom kind that most tests use; made once on the shared kube-apiserver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from conformance.kubernetes_api.other_versions import why_only_usual
from fixtures.control_plane import Answer, Api

GROUP = "conformance.example.com"
VERSION = f"{GROUP}/v1"
DEFINITION: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}"},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {
            "plural": "widgets",
            "singular": "widget",
            "kind": "Widget",
            "shortNames": ["wd"],
            "categories": ["all"],
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "additionalPrinterColumns": [
                    {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
                    {
                        "name": "Ready",
                        "type": "string",
                        "jsonPath": '.status.conditions[?(@.type=="Ready")].status',
                        "priority": 1,
                    },
                    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
                ],
                "selectableFields": [{"jsonPath": ".spec.colour"}],
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "description": "Something that has a size",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["size"],
                                "properties": {
                                    "size": {"type": "integer", "minimum": 0, "description": "How large it is"},
                                    "colour": {"type": "string", "default": "grey", "enum": ["grey", "red"]},
                                    "parts": {
                                        "type": "array",
                                        "maxItems": 5,
                                        "x-kubernetes-list-type": "map",
                                        "x-kubernetes-list-map-keys": ["name"],
                                        "items": {
                                            "type": "object",
                                            "required": ["name"],
                                            "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
                                        },
                                    },
                                },
                            },
                            "status": {
                                "type": "object",
                                "properties": {
                                    "seen": {"type": "integer"},
                                    "conditions": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {"type": {"type": "string"}, "status": {"type": "string"}},
                                        },
                                    },
                                },
                            },
                        },
                    }
                },
            }
        ],
    },
}


@dataclass(frozen=True)
class Widgets:
    """The widgets of one test's namespace."""

    api: Api

    @property
    def path(self) -> str:
        return self.api.collection("widgets", GROUP)

    def at(self, name: str, subresource: str = "") -> str:
        return f"{self.path}/{name}" + (f"/{subresource}" if subresource else "")

    async def create(self, name: str = "one", size: int = 1, **metadata: object) -> Any:
        """The stored object."""
        answer = await self.api.post(self.path, widget(name, size, **metadata))
        assert answer.status == 201, answer.body
        return answer.body

    async def get(self, name: str = "one") -> Answer:
        return await self.api.get(self.at(name))


def widget(name: str = "one", size: int = 1, **metadata: object) -> dict[str, Any]:
    """A widget as a client would send it."""
    return {
        "apiVersion": VERSION,
        "kind": "Widget",
        "metadata": {"name": name, **metadata},
        "spec": {"size": size},
    }


@pytest_asyncio.fixture
async def widgets(api: Api) -> Widgets:
    await api.define(DEFINITION)
    return Widgets(api)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Of items of this folder alone, before their fixtures."""
    if item.get_closest_marker("kube_apiserver") is None or not isinstance(item, pytest.Function):
        return
    if why := why_only_usual(item.path.stem, item.originalname):
        pytest.skip(why)
