"""Kinds that are stored as another kind: the same events are served by two groups under different names.

Source: Kubernetes, `pkg/apis/events/v1/conversion.go`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Translation:
    """`collection` is where the objects are stored; `names` the stored name of each field that is called otherwise."""

    collection: str
    names: Mapping[str, str]

    def inward(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """As it is stored."""
        return {self.names.get(field, field): value for field, value in obj.items()}

    def outward(self, obj: Mapping[str, Any]) -> dict[str, Any]:
        """As it is served."""
        served = {stored: field for field, stored in self.names.items()}
        return {served.get(field, field): value for field, value in obj.items()}


TRANSLATIONS: Mapping[str, Translation] = {
    "events.events.k8s.io": Translation(
        "events",
        {
            "regarding": "involvedObject",
            "note": "message",
            "reportingController": "reportingComponent",
            "deprecatedSource": "source",
            "deprecatedFirstTimestamp": "firstTimestamp",
            "deprecatedLastTimestamp": "lastTimestamp",
            "deprecatedCount": "count",
        },
    )
}
