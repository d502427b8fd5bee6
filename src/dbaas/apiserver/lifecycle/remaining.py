"""What a namespace that is being deleted says of what is left in it.

Source: `pkg/controller/namespace/deletion` of Kubernetes; the failures it knows besides cannot happen here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.apiserver.resources import Resource


class Remaining:
    """Counted while the namespace is emptied."""

    def __init__(self) -> None:
        self._resources: Counter[str] = Counter()
        self._finalizers: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._resources)

    def count(self, resource: Resource, finalizers: Sequence[str]) -> None:
        self._resources[f"{resource.plural}.{resource.group}"] += 1
        self._finalizers.update(finalizers)

    def conditions(self, before: Sequence[Mapping[str, Any]], now: str) -> list[dict[str, Any]]:
        """All five, each with the moment at which its status changed, and behind them those of others."""
        kept = {each["type"]: each for each in before}
        made = []
        for kind, status, reason, message in self._findings():
            old = kept.pop(kind, None)
            since = old["lastTransitionTime"] if old is not None and old["status"] == status else now
            told = {"type": kind, "status": status, "lastTransitionTime": since, "reason": reason, "message": message}
            made.append(told)
        return [*made, *(dict(each) for each in kept.values())]

    def _findings(self) -> list[tuple[str, str, str, str]]:
        waiting = "All content successfully deleted, may be waiting on finalization"
        left = ("False", "ContentRemoved", "All content successfully removed")
        if self._resources:
            counts = ", ".join(sorted(f"{name} has {n} resource instances" for name, n in self._resources.items()))
            left = ("True", "SomeResourcesRemain", f"Some resources are remaining: {counts}")
        held = ("False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
        if self._finalizers:
            counts = ", ".join(sorted(f"{name} in {n} resource instances" for name, n in self._finalizers.items()))
            why = f"Some content in the namespace has finalizers remaining: {counts}"
            held = ("True", "SomeFinalizersRemain", why)
        parsed = "All legacy kube types successfully parsed"
        return [
            (f"{_DELETION}DiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered"),
            (f"{_DELETION}GroupVersionParsingFailure", "False", "ParsedGroupVersions", parsed),
            (f"{_DELETION}ContentFailure", "False", "ContentDeleted", waiting),
            ("NamespaceContentRemaining", *left),
            ("NamespaceFinalizersRemaining", *held),
        ]


_DELETION = "NamespaceDeletion"
