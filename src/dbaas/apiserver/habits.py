"""In what built-in kinds differ although the same verbs act on them.

Source: the strategies under `pkg/registry` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Habits:
    """In what the kinds differ although the same verbs act on them. Source: each kind's strategy in Kubernetes."""

    unconditional_update: bool = False
    create_on_update: bool = False
    counts_generations: bool = False
    counts_labels: bool = False  # as part of what a generation is
    returns_deleted: bool = False
    orphans_dependents: bool = False
    collects_garbage: bool = True
    ends_gracefully: bool = False
    qualifies_finalizers: bool = False  # refuses plain names; only custom kinds warn of them
    deprecation: str = ""
    name_rule: str = "subdomain"
    blank: Mapping[str, Any] = field(default_factory=dict)  # structures that are there before anybody sets them


HABITS: Mapping[str, Habits] = {
    "configmaps": Habits(qualifies_finalizers=True, unconditional_update=True),
    "secrets": Habits(qualifies_finalizers=True, unconditional_update=True),
    "namespaces": Habits(qualifies_finalizers=True, unconditional_update=True, name_rule="label"),
    "services": Habits(
        qualifies_finalizers=True,
        unconditional_update=True,
        create_on_update=True,
        returns_deleted=True,
        name_rule="label1035",
        blank={"spec": {}},
    ),
    "endpoints": Habits(
        qualifies_finalizers=True,
        unconditional_update=True,
        create_on_update=True,
        deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    "endpointslices.discovery.k8s.io": Habits(
        qualifies_finalizers=True,
        unconditional_update=True,
        counts_generations=True,
        counts_labels=True,
        blank={"endpoints": [], "ports": []},
    ),
    "pods": Habits(
        qualifies_finalizers=True,
        unconditional_update=True,
        counts_generations=True,
        returns_deleted=True,
        ends_gracefully=True,
        blank={"spec": {"containers": None}},
    ),
    "serviceaccounts": Habits(qualifies_finalizers=True, unconditional_update=True, returns_deleted=True),
    "events.events.k8s.io": Habits(unconditional_update=True, create_on_update=True, collects_garbage=False),
    "events": Habits(unconditional_update=True, create_on_update=True, collects_garbage=False),
    "leases.coordination.k8s.io": Habits(create_on_update=True, blank={"spec": {}}),
    "customresourcedefinitions.apiextensions.k8s.io": Habits(counts_generations=True, blank={"spec": {"names": {}}}),
    "jobs.batch": Habits(
        qualifies_finalizers=True,
        unconditional_update=True,
        counts_generations=True,
        orphans_dependents=True,
        blank={"spec": {"template": {"spec": {"containers": None}}}},
    ),
}
