"""What is particular to one built-in kind: what it gets filled in, and rules that a schema cannot say.

Source: the strategies under `pkg/registry` and the validation under `pkg/apis` in Kubernetes.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from dbaas.apiserver.addresses import endpoints_problems, slice_problems
from dbaas.apiserver.containers import has_unreadable_amounts
from dbaas.apiserver.failures import bad_request
from dbaas.apiserver.failures import invalid as invalid_object
from dbaas.apiserver.placement import ip_problems
from dbaas.apiserver.podspecs import job_change_problems, job_problems, pod_change_problems, pod_problems
from dbaas.apiserver.running import (
    complete_containers,
    complete_words,
    mark_pods_of_job,
    open_host_ports,
    quality_of_service,
    request_limits,
    schedule,
)
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import invalid, json_type, required, too_long
from dbaas.apiserver.services import (
    complete_service,
    give_addresses,
    service_problems,
    service_warnings,
)

_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_DATA_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
    "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_COORDINATED = ("strategy", "preferredHolder")
DATA_LIMIT = 1024 * 1024
# What a Secret of a type must hold, and how many of it at least.
_SECRET_KEYS: Mapping[str, tuple[tuple[str, ...], int]] = {
    "kubernetes.io/tls": (("tls.crt", "tls.key"), 2),
    "kubernetes.io/basic-auth": (("username", "password"), 1),
    "kubernetes.io/ssh-auth": (("ssh-privatekey",), 1),
    "kubernetes.io/dockercfg": ((".dockercfg",), 1),
    "kubernetes.io/dockerconfigjson": ((".dockerconfigjson",), 1),
}


class Strategy:
    """The default: nothing particular. `old` is None for a creation."""

    copes_without: tuple[str, ...] = ()  # of required fields, so that more can be told where one is missing
    fills_spec = False  # whether a spec that is not there has its defaults
    bytes_field = ""  # whose values are bytes
    kept_by_status: tuple[tuple[str, ...], ...] = ()  # paths that nobody changes with a status
    checks: tuple[str, ...] = ()  # fields of which the kind's own rules alone tell which values there are

    def complete(self, new: dict[str, Any]) -> None:
        """Fills in what counts as written by the client: before anybody comes to own a field."""

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        """Fills in what the server sets: owned by nobody; before validation."""

    def prepare_status(self, new: dict[str, Any], old: Mapping[str, Any]) -> None:
        """The same where the status is written."""

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        """What is wrong beyond the schema and the metadata."""
        return []

    def warn(self, new: Mapping[str, Any]) -> list[str]:
        """What is allowed and of no use."""
        return []

    def begin_deletion(self, obj: dict[str, Any], time: str) -> None:
        """Changes an object that is about to be deleted for the first time."""

    def is_held(self, obj: Mapping[str, Any]) -> bool:
        """Whether something other than `metadata.finalizers` keeps an object that is being deleted."""
        return False


class Data(Strategy):
    """ConfigMaps and what they have in common with Secrets."""

    bytes_field = "binaryData"

    maps: tuple[str, ...] = ("data", "binaryData")
    whole = "[]"  # how kube-apiserver calls all of it

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = []
        size = 0
        for part in self.maps:
            for key, value in (new.get(part) or {}).items():
                size += len(value)
                if key in (".", "..") or key.startswith(".."):
                    causes.append(invalid(f"{part}[{key}]", key, _dots_text(key)))
                elif not _DATA_KEY.fullmatch(key):
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


def _dots_text(key: str) -> str:
    return f"must not be '{key}'" if key in (".", "..") else "must not start with '..'"


class SecretData(Data):
    """`stringData` is written, never stored."""

    bytes_field = "data"

    maps = ("data",)
    whole = "data"

    def complete(self, new: dict[str, Any]) -> None:
        new["type"] = new.get("type") or "Opaque"
        if not isinstance(new.get("data") or {}, dict):
            return  # which the schema refuses
        for value in (new.get("data") or {}).values():
            try:
                base64.b64decode(value or "", validate=True)
            except (binascii.Error, ValueError, TypeError) as error:
                raise bad_request(
                    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0'
                ) from error
        clear = new.pop("stringData", None)
        if clear:
            _require_texts(clear)
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


def _require_texts(data: object) -> None:
    """Raises Failure 400."""
    wrong = data if not isinstance(data, dict) else next((v for v in data.values() if not isinstance(v, str)), None)
    if wrong is not None:
        place = f"cannot unmarshal {json_type(wrong)} into Go struct field Secret.stringData of type string"
        raise bad_request(f'Secret in version "v1" cannot be handled as a Secret: json: {place}')


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

    kept_by_status = (("metadata", "ownerReferences"), ("metadata", "deletionTimestamp"))

    def complete(self, new: dict[str, Any]) -> None:
        spec = new.get("spec")
        if isinstance(spec, dict):
            spec.setdefault("enableServiceLinks", True)
            complete_words(spec)
            complete_containers(spec)
            if spec.get("hostNetwork"):
                open_host_ports(spec)
            _require_amounts(spec, "Pod")
            request_limits(spec)
            if account := spec.get("serviceAccountName") or spec.get("serviceAccount"):
                spec["serviceAccountName"] = spec["serviceAccount"] = account
        status = new.get("status")
        if isinstance(status, dict) and status.get("podIP"):
            if (status.get("podIPs") or [{}])[0] != {"ip": status["podIP"]}:
                status["podIPs"] = [{"ip": status["podIP"]}]
        elif isinstance(status, dict) and status.get("podIPs"):
            status["podIP"] = status["podIPs"][0].get("ip", "")

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        spec = new.get("spec")
        if old is None and isinstance(spec, dict):
            new["status"] = {"phase": "Pending", "qosClass": quality_of_service(spec)}
            schedule(spec)
        elif old is not None and isinstance(spec, dict):
            for field in ("priority", "preemptionPolicy"):
                if field in old["spec"]:
                    spec.setdefault(field, old["spec"][field])
            schedule(spec)

    def prepare_status(self, new: dict[str, Any], old: Mapping[str, Any]) -> None:
        """What a Pod gets of a node was settled with its creation; who replaces its status may leave that out. Whose it
        is, and whether it goes, is not told here."""
        metadata, before = new["metadata"], old["metadata"]
        for _, field in self.kept_by_status:
            metadata.pop(field, None)
            if field in before:
                metadata[field] = before[field]
        settled, status = (old.get("status") or {}).get("qosClass"), new.get("status")
        if settled and isinstance(status, dict) and not status.get("qosClass"):
            new["status"] = {**status, "qosClass": settled}

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        causes = list(pod_problems(new.get("spec") or {}, "spec"))
        for index, each in enumerate((new.get("status") or {}).get("podIPs") or ()):
            causes += ip_problems(f"status.podIPs[{index}]", each.get("ip") or "")
        return causes if old is None else causes + list(pod_change_problems(new.get("spec") or {}, old["spec"]))


def _require_amounts(spec: Mapping[str, Any], kind: str) -> None:
    """Raises Failure 400."""
    if has_unreadable_amounts(spec):
        why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        raise bad_request(f'{kind} in version "v1" cannot be handled as a {kind}: {why}')


class Services(Strategy):
    """No addresses are given out; a headless one says so twice."""

    fills_spec = True
    checks = ("spec.ipFamilies", "spec.ipFamilyPolicy")

    def complete(self, new: dict[str, Any]) -> None:
        complete_service(new["spec"])

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if old is None:
            new["status"] = {"loadBalancer": {}}
        spec = new.get("spec")
        causes = give_addresses(spec, old and old.get("spec")) if isinstance(spec, dict) else []
        if causes:
            raise invalid_object("Service", "", new["metadata"].get("name", ""), causes)

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(service_problems(new))

    def warn(self, new: Mapping[str, Any]) -> list[str]:
        return list(service_warnings(new["spec"]))


class Jobs(Strategy):
    """One Pod, once, unless it says otherwise. Its status is empty but there."""

    fills_spec = True

    def complete(self, new: dict[str, Any]) -> None:
        spec = new["spec"]
        if "completions" not in spec and "parallelism" not in spec:
            spec["completions"] = 1
        spec.setdefault("parallelism", 1)
        spec.setdefault("manualSelector", False)
        spec["template"] = spec.get("template") or {}
        pod = spec["template"].get("spec") or {}
        complete_words(pod)
        complete_containers(pod)
        _require_amounts(pod, "Job")

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if old is None:
            new["status"] = {}
            if isinstance(new.get("spec"), dict):
                mark_pods_of_job(new)
        spec = new.get("spec")
        labels = ((spec if isinstance(spec, dict) else {}).get("template", {}).get("metadata") or {}).get("labels")
        if labels and not new["metadata"].get("labels"):
            new["metadata"]["labels"] = dict(labels)

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        spec = new.get("spec") or {}
        causes = list(job_problems(spec))
        status = new.get("status") or {}
        causes += [
            invalid(f"status.{field}", status[field], "must be greater than or equal to 0")
            for field in ("active", "succeeded", "failed")
            if (status.get(field) or 0) < 0
        ]
        return causes if old is None else causes + list(job_change_problems(spec, old["spec"]))


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

    copes_without = ("addressType",)
    checks = ("addressType",)

    def complete(self, new: dict[str, Any]) -> None:
        new.setdefault("ports", [])
        for endpoint in new.setdefault("endpoints", []):
            endpoint.setdefault("conditions", {})

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(slice_problems(new, old))

    def warn(self, new: Mapping[str, Any]) -> list[str]:
        return ["spec.addressType: FQDN endpoints are deprecated"] if new["addressType"] == "FQDN" else []


class Endpoints(Strategy):
    """What slices replace."""

    def validate(self, new: Mapping[str, Any], old: Mapping[str, Any] | None) -> list[Cause]:
        return list(endpoints_problems(new))


class Leases(Strategy):
    """A lease lasts, and changes hands never or more often. Fields of coordinated election, an alpha feature, go."""

    def complete(self, new: dict[str, Any]) -> None:
        new["spec"] = new.get("spec") or {}

    def prepare(self, new: dict[str, Any], old: Mapping[str, Any] | None) -> None:
        if isinstance(new["spec"], dict):
            new["spec"] = {name: each for name, each in new["spec"].items() if name not in _COORDINATED}

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
