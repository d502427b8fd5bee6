"""What the containers of a Pod must say: names, ports, environment, amounts, probes and mounts.

Source: `pkg/apis/core/validation/validation.go` in Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.metadata import validate_name
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import duplicate, invalid, required, unsupported, without_value
from dbaas.core.quantity import parse_quantity

Spec = Mapping[str, Any]

IN_RANGE = "must be between 1 and 65535, inclusive"
NOT_NEGATIVE = "must be greater than or equal to 0"
USER_IN_RANGE = "must be between 0 and 2147483647, inclusive"
PROTOCOLS = ("SCTP", "TCP", "UDP")
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELDS = frozenset({"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"})
_FIELDS |= {"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}
_MEASURES = ("cpu", "memory", "ephemeral-storage")
_COUNTS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_DOTS = "must not contain '..'"


def container_problems(container: Spec, where: str, volumes: Collection[Any]) -> Iterator[Cause]:
    """`volumes` are the names of those that the Pod has."""
    yield from label_problems(f"{where}.name", container.get("name"))
    image = container.get("image") or ""
    if not image:
        yield required(f"{where}.image")
    elif image != image.strip() and ".template." not in where:  # only a Pod itself is refused for it
        yield invalid(f"{where}.image", image, "must not have leading or trailing whitespace")
    yield from _port_problems(container, f"{where}.ports")
    for index, each in enumerate(items(container, "env")):
        yield from _variable_problems(each, f"{where}.env[{index}]")
    yield from _mount_problems(container, where, volumes)
    yield from _amount_problems(container.get("resources") or {}, f"{where}.resources")
    for name, handler in (container.get("lifecycle") or {}).items():
        if isinstance(handler, Mapping):
            yield from _handler_problems(handler, f"{where}.lifecycle.{name}")
    for name in _PROBES:
        if (probe := container.get(name)) is not None:
            yield from _probe_problems(probe, f"{where}.{name}", must_succeed_once=name != "readinessProbe")
    yield from _context_problems(container.get("securityContext") or {}, f"{where}.securityContext")


def has_unreadable_amounts(spec: Spec) -> bool:
    """Whether something in the resources of a Pod's containers is no quantity."""
    amounts = [
        amount
        for kind in ("initContainers", "containers")
        for container in items(spec, kind)
        if isinstance(container, Mapping)
        for part in ("requests", "limits")
        for amount in ((container.get("resources") or {}).get(part) or {}).values()
    ]
    return any(_number(amount) is None for amount in amounts)


def label_problems(path: str, name: str | None) -> list[Cause]:
    """Of a name that is a DNS label, if there is one."""
    return validate_name(path, name, "label") if name else []


def port_name_problems(path: str, name: str) -> Iterator[Cause]:
    """Source: apimachinery, `IsValidPortName`."""
    if len(name) > 15:
        yield invalid(path, name, "must be no more than 15 characters")
    if not re.fullmatch("[-a-z0-9]+", name):
        yield invalid(path, name, "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not re.search("[a-z]", name):
        yield invalid(path, name, "must contain at least one letter (a-z)")
    if "--" in name:
        yield invalid(path, name, "must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        yield invalid(path, name, "must not begin or end with a hyphen")


def _port_problems(container: Spec, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for index, port in enumerate(items(container, "ports")):
        where, name, number = f"{path}[{index}]", port.get("name") or "", port.get("containerPort") or 0
        if name:
            problems = list(port_name_problems(f"{where}.name", name))
            yield from problems
            if not problems and name in seen:
                yield duplicate(f"{where}.name", name)
            seen.add(name)
        if not number:
            yield required(f"{where}.containerPort")
        elif not 1 <= number <= 65535:
            yield invalid(f"{where}.containerPort", number, IN_RANGE)
        if port.get("hostPort") and not 1 <= port["hostPort"] <= 65535:
            yield invalid(f"{where}.hostPort", port["hostPort"], IN_RANGE)
        if port.get("protocol") not in PROTOCOLS:
            yield unsupported(f"{where}.protocol", port.get("protocol") or "", PROTOCOLS)


def _variable_problems(variable: Spec, where: str) -> Iterator[Cause]:
    name = variable.get("name") or ""
    if not name:
        yield required(f"{where}.name")
    elif not re.fullmatch("[ -<>-~]+", name):
        why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
        yield invalid(f"{where}.name", name, why)
    source = variable.get("valueFrom")
    if source is None:
        return
    path = f"{where}.valueFrom"
    given = [each for each in _SOURCES if source.get(each) is not None]
    if "fieldRef" in given:
        yield from _field_problems(source["fieldRef"].get("fieldPath") or "", f"{path}.fieldRef.fieldPath")
    for each in ("configMapKeyRef", "secretKeyRef"):
        if each in given and not source[each].get("key"):
            yield required(f"{path}.{each}.key")
    if not given:
        yield invalid(path, "", f"must specify one of: {', '.join(f'`{n}`' for n in _SOURCES[:-1])} or `fileKeyRef`")
    elif variable.get("value"):
        yield invalid(path, "", "may not be specified when `value` is not empty")
    elif len(given) > 1:
        yield invalid(path, "", "may not have more than one field specified at a time")


def _field_problems(field: str, path: str) -> Iterator[Cause]:
    if not field:
        yield required(path)
    elif field not in _FIELDS and not re.fullmatch(r"metadata\.(labels|annotations)\['.*'\]", field):
        yield invalid(path, field, f"error converting fieldPath: field label not supported: {field}")


def _mount_problems(container: Spec, where: str, volumes: Collection[Any]) -> Iterator[Cause]:
    seen = set()
    for index, mount in enumerate(items(container, "volumeMounts")):
        path, target = f"{where}.volumeMounts[{index}]", mount.get("mountPath") or ""
        if not mount.get("name"):
            yield required(f"{path}.name")
        if mount.get("name") not in volumes:
            yield invalid(f"{path}.name", mount.get("name"), "", "FieldValueNotFound")
        if not target:
            yield required(f"{path}.mountPath")
        if target in seen:
            yield invalid(f"{path}.mountPath", target, "must be unique")
        seen.add(target)
        if ".." in (mount.get("subPath") or "").split("/"):
            yield invalid(f"{where}.volumeMounts.subPath", mount["subPath"], _DOTS)


def _amount_problems(resources: Spec, path: str) -> Iterator[Cause]:
    limits = resources.get("limits") or {}
    for part in ("limits", "requests"):
        for name, amount in (resources.get(part) or {}).items():
            where = f"{path}.{part}[{name}]"
            yield from _measure_problems(name, where)
            number, limit = _number(amount), _number(limits.get(name))
            if number is not None and number < 0:
                yield invalid(where, str(amount), NOT_NEGATIVE)
            elif part == "requests" and number is not None and limit is not None and number > limit:
                why = f"must be less than or equal to {name} limit of {limits[name]}"
                yield invalid(f"{path}.requests", str(amount), why)


def _measure_problems(name: str, where: str) -> Iterator[Cause]:
    if name not in _MEASURES and "/" not in name and not name.startswith("hugepages-"):
        yield invalid(where, name, "must be a standard resource type or fully qualified")
        yield invalid(where, name, "must be a standard resource for containers")


def _number(amount: object) -> Decimal | None:
    try:
        return parse_quantity(str(amount))
    except ValueError:
        return None


def _handler_problems(handler: Spec, path: str) -> Iterator[Cause]:
    given = [each for each in _HANDLERS if handler.get(each) is not None]
    if not given:
        yield required(path, "must specify a handler type")
    for each in given[1:]:
        yield without_value(f"{path}.{each}", "may not specify more than 1 handler type", "FieldValueForbidden")
    for each in given[:1]:
        found, where = handler[each], f"{path}.{each}"
        if each == "exec" and not found.get("command"):
            yield required(f"{where}.command")
        if each in ("httpGet", "tcpSocket"):
            yield from _target_problems(found.get("port"), f"{where}.port")


def _target_problems(port: object, path: str) -> Iterator[Cause]:
    if isinstance(port, str):
        yield from port_name_problems(path, port)
    elif isinstance(port, int) and not 1 <= port <= 65535:
        yield invalid(path, port, IN_RANGE)


def _probe_problems(probe: Spec, path: str, *, must_succeed_once: bool) -> Iterator[Cause]:
    yield from _handler_problems(probe, path)
    for name in _COUNTS:
        if (probe.get(name) or 0) < 0:
            yield invalid(f"{path}.{name}", probe[name], NOT_NEGATIVE)
    if must_succeed_once and probe.get("successThreshold", 1) not in (0, 1):
        yield invalid(f"{path}.successThreshold", probe["successThreshold"], "must be 1")


def _context_problems(context: Spec, path: str) -> Iterator[Cause]:
    for name in ("runAsUser", "runAsGroup"):
        if context.get(name) is not None and not 0 <= context[name] < 2**31:
            yield invalid(f"{path}.{name}", context[name], USER_IN_RANGE)
    if context.get("privileged") and context.get("allowPrivilegeEscalation") is False:
        yield invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true")
