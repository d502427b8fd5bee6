"""What is particular to one built-in kind: what it gets filled in, and rules that a schema cannot say.

Source: the strategies under `pkg/registry` and the validation under `pkg/apis` in Kubernetes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dbaas.apiserver.addresses import endpoints_problems, service_problems, slice_problems
from dbaas.apiserver.failures import bad_request
from dbaas.apiserver.podspecs import job_change_problems, job_problems, pod_change_problems, pod_problems
from dbaas.apiserver.running import complete_containers, mark_pods_of_job, quality_of_service, schedule
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import invalid, required, too_long

_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_DATA_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
DATA_LIMIT = 1024 * 1024
# What a Secret of a type must hold, and how many of it at least.
_SECRET_KEYS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "kubernetes.io/tls": (("tls.crt", "tls.key"), 2),
    "kubernetes.io/basic-auth": (("username", "password"), 1),
    "kubernetes.io/ssh-auth": (("ssh-privatekey",), 1),
    "kubernetes.io/dockercfg": ((".dockercfg",), 1),
    "kubernetes.io/dockerconfigjson": ((".dockerconfigjson",), 1),
}


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
    deprecation: str = ""
    name_rule: str = "subdomain"
    blank: Mapping[str, Any] = field(default_factory=dict)  # structures that are there before anybody sets them


class Strategy:
    """The default: nothing particular. `old` is None for a creation."""

    def complete(self, new: dict[str, Any]) -> None:
        """Fills in what counts as written by the client: before anybody comes to own a field."""

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        """Fills in what the server sets: owned by nobody; before validation."""

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        """What is wrong beyond the schema and the metadata."""
        return []

    def begin_deletion(self, obj: dict[str, Any], time: str) -> None:
        """Changes an object that is about to be deleted for the first time."""

    def is_held(self, obj: Mapping[str, Any]) -> bool:
        """Whether something other than `metadata.finalizers` keeps an object that is being deleted."""
        return False


class Data(Strategy):
    """ConfigMaps and what they have in common with Secrets."""

    maps: tuple[str, ...] = ("data", "binaryData")
    whole = "[]"  # how kube-apiserver calls all of it

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = []
        size = 0
        for part in self.maps:
            for key, value in (new.get(part) or {}).items():
                size += len(value)
                if not _DATA_KEY.fullmatch(key) or key in (".", "..") or key.startswith(".."):
                    causes.append(Cause(f"{part}[{key}]", f'Invalid value: "{key}": {_DATA_KEY_TEXT}'))
        causes += [
            Cause(f"data[{key}]", f'Invalid value: "{key}": duplicate of key present in binaryData')
            for key in sorted((new.get("data") or {}).keys() & (new.get("binaryData") or {}).keys())
        ]
        if size > DATA_LIMIT:
            causes.append(too_long(self.whole, DATA_LIMIT))
        if old is not None and old.get("immutable"):
            causes += self._validate_immutable(new, old)
        return causes

    def _validate_immutable(self, new: Mapping[str, Any], old: Mapping[str, Any]) -> list[Cause]:
        fields = [field for field in self.maps if (new.get(field) or {}) != (old.get(field) or {})]
        if not new.get("immutable"):
            fields.insert(0, "immutable")
        message = "Forbidden: field is immutable when `immutable` is set"
        return [Cause(field, message, "FieldValueForbidden") for field in fields]


class SecretData(Data):
    """`stringData` is written, never stored."""

    maps = ("data",)
    whole = "data"

    def complete(self, new: dict[str, Any]) -> None:
        new["type"] = new.get("type") or "Opaque"
        for value in (new.get("data") or {}).values():
            try:
                base64.b64decode(value or "", validate=True)
            except (binascii.Error, ValueError, TypeError) as error:
                raise bad_request(
                    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
                ) from error
        clear = new.pop("stringData", None)
        if clear:
            encoded = {key: base64.b64encode(value.encode()).decode() for key, value in clear.items()}
            new["data"] = {**(new.get("data") or {}), **encoded}

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = super().validate(new, old)
        if old is not None and new["type"] != old["type"]:
            causes.append(Cause("type", f'Invalid value: "{new["type"]}": field is immutable'))
        data = new.get("data") or {}
        wanted, least = _SECRET_KEYS.get(new["type"], ((), 0))
        if sum(key in data for key in wanted) < least:
            causes += [required(f"data[{key}]") for key in wanted if key not in data]
        return causes


class Namespaces(Strategy):
    """A namespace is held by its finalizer in `spec` until all that is in it has gone."""

    def complete(self, new: dict[str, Any]) -> None:
        metadata = new["metadata"]
        if metadata.get("name"):
            metadata["labels"] = {**(metadata.get("labels") or {}), "kubernetes.io/metadata.name": metadata["name"]}

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if old is None:
            new["spec"] = {"finalizers": ["kubernetes"]}
            new["status"] = {"phase": "Active"}
        else:
            new["spec"] = dict(old.get("spec") or {})

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        phase = (new.get("status") or {}).get("phase")
        if old is None or phase == "Active" or new["metadata"].get("deletionTimestamp"):
            return []
        return [invalid("status.Phase", phase or "", "may only be 'Active' if `deletionTimestamp` is empty")]

    def begin_deletion(self, obj: dict[str, Any], time: str) -> None:
        obj["status"] = {**(obj.get("status") or {}), "phase": "Terminating"}

    def is_held(self, obj: Mapping[str, Any]) -> bool:
        return bool((obj.get("spec") or {}).get("finalizers"))


class Pods(Strategy):
    """A new Pod is pending; nothing here runs it."""

    def complete(self, new: dict[str, Any]) -> None:
        spec = new.get("spec")
        if isinstance(spec, dict):
            spec.setdefault("enableServiceLinks", True)
            complete_containers(spec)

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        spec = new.get("spec")
        if old is None and isinstance(spec, dict):
            new["status"] = {"phase": "Pending", "qosClass": quality_of_service(spec)}
            schedule(spec)

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = list(pod_problems(new.get("spec") or {}, "spec"))
        return causes if old is None else causes + list(pod_change_problems(new["spec"], old["spec"]))


class Services(Strategy):
    """No addresses are given out; a headless one says so twice."""

    def complete(self, new: dict[str, Any]) -> None:
        spec = new.get("spec")
        if not isinstance(spec, dict):
            return
        for port in spec.get("ports") or ():
            if isinstance(port, dict) and "port" in port:
                port.setdefault("targetPort", port["port"])

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if old is None:
            new["status"] = {"loadBalancer": {}}
        spec = new.get("spec")
        if isinstance(spec, dict) and spec.get("type", "ClusterIP") != "ExternalName":
            spec.setdefault("ipFamilies", ["IPv4"])
            spec.setdefault("ipFamilyPolicy", "SingleStack")
            if spec.get("clusterIP"):
                spec.setdefault("clusterIPs", [spec["clusterIP"]])

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(service_problems(new))


class Jobs(Strategy):
    """One Pod, once, unless it says otherwise. Its status is empty but there."""

    def complete(self, new: dict[str, Any]) -> None:
        spec = new.get("spec")
        if isinstance(spec, dict):
            if "completions" not in spec and "parallelism" not in spec:
                spec["completions"] = 1
            spec.setdefault("parallelism", 1)
            spec.setdefault("manualSelector", False)
            complete_containers((spec.get("template") or {}).get("spec") or {})

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if old is None:
            new["status"] = {}
            if isinstance(new.get("spec"), dict):
                mark_pods_of_job(new)
        labels = ((new.get("spec") or {}).get("template", {}).get("metadata") or {}).get("labels")
        if labels and not new["metadata"].get("labels"):
            new["metadata"]["labels"] = dict(labels)

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = list(job_problems(new["spec"]))
        return causes if old is None else causes + list(job_change_problems(new["spec"], old["spec"]))


class Events(Strategy):
    """Old and new fields of events stand side by side, empty ones too."""

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        new.setdefault("source", {})
        for empty in ("reportingComponent", "reportingInstance"):
            new.setdefault(empty, "")

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        about = new["involvedObject"].get("namespace", "")
        if new["metadata"]["namespace"] == (about or "default"):
            return []
        message = f'Invalid value: "{about}": does not match event.namespace'
        return [Cause("involvedObject.namespace", message)]


class EndpointSlices(Strategy):
    """Conditions of an endpoint are there, known or not."""

    def complete(self, new: dict[str, Any]) -> None:
        for endpoint in new.get("endpoints") or ():
            if isinstance(endpoint, dict):
                endpoint.setdefault("conditions", {})

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(slice_problems(new, old))


class Endpoints(Strategy):
    """What slices replace."""

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(endpoints_problems(new))


class Leases(Strategy):
    """A lease lasts, and changes hands never or more often."""

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        spec = new.get("spec") or {}
        bounds = {"leaseDurationSeconds": (1, "greater than 0"), "leaseTransitions": (0, "greater than or equal to 0")}
        return [
            invalid(f"spec.{field}", spec[field], f"must be {words}")
            for field, (least, words) in bounds.items()
            if spec.get(field) is not None and spec[field] < least
        ]


STRATEGIES: Mapping[str, Strategy] = {
    "configmaps": Data(),
    "secrets": SecretData(),
    "namespaces": Namespaces(),
    "pods": Pods(),
    "events": Events(),
    "services": Services(),
    "endpoints": Endpoints(),
    "leases.coordination.k8s.io": Leases(),
    "jobs.batch": Jobs(),
    "endpointslices.discovery.k8s.io": EndpointSlices(),
}

HABITS: Mapping[str, Habits] = {
    "configmaps": Habits(unconditional_update=True),
    "secrets": Habits(unconditional_update=True),
    "namespaces": Habits(unconditional_update=True, name_rule="label"),
    "services": Habits(
        unconditional_update=True,
        create_on_update=True,
        returns_deleted=True,
        name_rule="label1035",
        blank={"spec": {}},
    ),
    "endpoints": Habits(
        unconditional_update=True,
        create_on_update=True,
        deprecation="v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
    ),
    "endpointslices.discovery.k8s.io": Habits(unconditional_update=True, counts_generations=True, counts_labels=True),
    "pods": Habits(
        unconditional_update=True,
        counts_generations=True,
        returns_deleted=True,
        ends_gracefully=True,
        blank={"spec": {"containers": None}},
    ),
    "serviceaccounts": Habits(unconditional_update=True, returns_deleted=True),
    "events.events.k8s.io": Habits(unconditional_update=True, create_on_update=True, collects_garbage=False),
    "events": Habits(unconditional_update=True, create_on_update=True, collects_garbage=False),
    "leases.coordination.k8s.io": Habits(create_on_update=True, blank={"spec": {}}),
    "customresourcedefinitions.apiextensions.k8s.io": Habits(counts_generations=True, blank={"spec": {"names": {}}}),
    "jobs.batch": Habits(
        unconditional_update=True,
        counts_generations=True,
        orphans_dependents=True,
        blank={"spec": {"template": {"spec": {"containers": None}}}},
    ),
}
