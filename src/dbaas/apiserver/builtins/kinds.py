"""The kinds that are served without a CustomResourceDefinition, with the names and columns Kubernetes gives them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from dbaas.apiserver.builtins import events, jobs, networking, pods
from dbaas.apiserver.builtins.columns import AGE, NAME, Column, field, items, text
from dbaas.apiserver.builtins.definitions import PREFIX, components, definitions
from dbaas.apiserver.schemas import Schema

_CORE = "io.k8s.api.core.v1."


@dataclass(frozen=True)
class BuiltinKind:
    """`definition` names the kind's component in OpenAPI; `short_names` and `categories` are what discovery tells.

    A kind that is not stored is a question: it can be created only, and the answer stands in its status.
    """

    group: str
    version: str
    kind: str
    plural: str
    singular: str
    definition: str
    columns: tuple[Column, ...]
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    has_status: bool = False
    categories: tuple[str, ...] = ()
    is_stored: bool = True

    @property
    def schema(self) -> Mapping[str, Any]:
        """An openAPIV3Schema; parts of it are `$ref`s into `openapi`."""
        return definitions()[self.definition]

    @property
    def openapi(self) -> dict[str, dict[str, Any]]:
        """`components.schemas` of an OpenAPI v3 document that holds this kind and all that it refers to."""
        return components(self.definition)

    def compile(self) -> Schema:
        """The compiled schema, the same one each time."""
        return _compiled(self.definition)


@cache
def _compiled(definition: str) -> Schema:
    referred = {PREFIX + name: each for name, each in definitions().items()}
    return Schema.compile(definitions()[definition], referred)


BUILTIN_KINDS: tuple[BuiltinKind, ...] = (
    BuiltinKind(
        "",
        "v1",
        "Namespace",
        "namespaces",
        "namespace",
        _CORE + "Namespace",
        (NAME, text("Status", lambda obj: field(obj, "status", "phase")), AGE),
        short_names=("ns",),
        namespaced=False,
        has_status=True,
    ),
    BuiltinKind(
        "",
        "v1",
        "Secret",
        "secrets",
        "secret",
        _CORE + "Secret",
        (NAME, text("Type", lambda obj: obj.get("type")), text("Data", lambda obj: len(items(obj, "data"))), AGE),
    ),
    BuiltinKind(
        "",
        "v1",
        "ConfigMap",
        "configmaps",
        "configmap",
        _CORE + "ConfigMap",
        (NAME, text("Data", lambda obj: len(items(obj, "data")) + len(items(obj, "binaryData"))), AGE),
        short_names=("cm",),
    ),
    BuiltinKind(
        "",
        "v1",
        "Service",
        "services",
        "service",
        _CORE + "Service",
        networking.SERVICE_COLUMNS,
        short_names=("svc",),
        has_status=True,
        categories=("all",),
    ),
    BuiltinKind(
        "",
        "v1",
        "Endpoints",
        "endpoints",
        "endpoints",
        _CORE + "Endpoints",
        networking.ENDPOINTS_COLUMNS,
        short_names=("ep",),
    ),
    BuiltinKind(
        "",
        "v1",
        "Pod",
        "pods",
        "pod",
        _CORE + "Pod",
        pods.COLUMNS,
        short_names=("po",),
        has_status=True,
        categories=("all",),
    ),
    BuiltinKind(
        "",
        "v1",
        "ServiceAccount",
        "serviceaccounts",
        "serviceaccount",
        _CORE + "ServiceAccount",
        (NAME, AGE),
        short_names=("sa",),
    ),
    BuiltinKind("", "v1", "Event", "events", "event", _CORE + "Event", events.COLUMNS, short_names=("ev",)),
    BuiltinKind(
        "events.k8s.io",
        "v1",
        "Event",
        "events",
        "event",
        "io.k8s.api.events.v1.Event",
        events.COLUMNS,
        short_names=("ev",),
    ),
    BuiltinKind(
        "discovery.k8s.io",
        "v1",
        "EndpointSlice",
        "endpointslices",
        "endpointslice",
        "io.k8s.api.discovery.v1.EndpointSlice",
        networking.SLICE_COLUMNS,
    ),
    BuiltinKind(
        "coordination.k8s.io",
        "v1",
        "Lease",
        "leases",
        "lease",
        "io.k8s.api.coordination.v1.Lease",
        (NAME, text("Holder", lambda obj: field(obj, "spec", "holderIdentity") or ""), AGE),
    ),
    BuiltinKind(
        "batch",
        "v1",
        "Job",
        "jobs",
        "job",
        "io.k8s.api.batch.v1.Job",
        jobs.COLUMNS,
        has_status=True,
        categories=("all",),
    ),
    BuiltinKind(
        "apiextensions.k8s.io",
        "v1",
        "CustomResourceDefinition",
        "customresourcedefinitions",
        "customresourcedefinition",
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
        (NAME, Column("Created At", "date", lambda obj, now: field(obj, "metadata", "creationTimestamp"))),
        short_names=("crd", "crds"),
        namespaced=False,
        has_status=True,
        categories=("api-extensions",),
    ),
    BuiltinKind(
        "authentication.k8s.io",
        "v1",
        "SelfSubjectReview",
        "selfsubjectreviews",
        "selfsubjectreview",
        "io.k8s.api.authentication.v1.SelfSubjectReview",
        (NAME, AGE),
        namespaced=False,
        is_stored=False,
    ),
    BuiltinKind(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectAccessReview",
        "selfsubjectaccessreviews",
        "selfsubjectaccessreview",
        "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
        (NAME, AGE),
        namespaced=False,
        is_stored=False,
    ),
    BuiltinKind(
        "authorization.k8s.io",
        "v1",
        "SelfSubjectRulesReview",
        "selfsubjectrulesreviews",
        "selfsubjectrulesreview",
        "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
        (NAME, AGE),
        namespaced=False,
        is_stored=False,
    ),
)
