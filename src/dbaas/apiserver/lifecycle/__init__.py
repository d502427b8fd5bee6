"""What a cluster's controller manager does for every object: garbage, namespaces, definitions, old events."""

from __future__ import annotations

from dbaas.apiserver.lifecycle.lifecycle import Lifecycle

__all__ = ["Lifecycle"]
