"""What the spec of a Pod must say, by itself or as the template of a Job, and what may change in it.

For built-in kinds kube-apiserver does not look at the list types of schemas: it has its own rules, and few lists have
one. Source: `pkg/apis/core/validation` and `pkg/apis/batch/validation` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.wording import duplicate, invalid, required, without_value

Spec = Mapping[str, Any]

_KINDS = ("initContainers", "containers")
_CHANGEABLE = frozenset({"activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "schedulingGates"})
_POD_CHANGES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_WHERE_TO_RUN = frozenset({"nodeSelector", "tolerations", "affinity", "schedulingGates"})
_COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_FIXED = ("completions", "completionMode", "selector")


def pod_problems(spec: Spec, path: str) -> Iterator[Cause]:
    """`path` is where the spec of the Pod stands."""
    yield from repeated(items(spec, "volumes"), f"{path}.volumes")
    if not items(spec, "containers"):
        yield required(f"{path}.containers")
    volumes = {each.get("name") for each in items(spec, "volumes")}
    names: set[str] = set()
    for kind in _KINDS:
        for index, each in enumerate(items(spec, kind)):
            where = f"{path}.{kind}[{index}]"
            if each.get("name") in names:
                yield duplicate(f"{where}.name", each["name"])
            names.add(each.get("name", ""))
            yield from _container_problems(each, where, volumes)


def _container_problems(container: Spec, where: str, volumes: set[Any]) -> Iterator[Cause]:
    if not container.get("image"):
        yield required(f"{where}.image")
    for index, port in enumerate(items(container, "ports")):
        if not port.get("containerPort"):
            yield required(f"{where}.ports[{index}].containerPort")
    seen = set()
    for index, mount in enumerate(items(container, "volumeMounts")):
        if mount.get("name") not in volumes:
            yield invalid(f"{where}.volumeMounts[{index}].name", mount.get("name"), "", "FieldValueNotFound")
        if mount.get("mountPath") in seen:
            yield invalid(f"{where}.volumeMounts[{index}].mountPath", mount.get("mountPath"), "must be unique")
        seen.add(mount.get("mountPath"))


def pod_change_problems(new: Spec, old: Spec) -> Iterator[Cause]:
    if not equal(_fixed_part(new), _fixed_part(old)):
        yield without_value("spec", _POD_CHANGES, "FieldValueForbidden")


def _fixed_part(spec: Spec) -> dict[str, Any]:
    fixed = {key: value for key, value in spec.items() if key not in _CHANGEABLE}
    for kind in _KINDS:
        fixed[kind] = [{**each, "image": ""} for each in items(spec, kind)]
    return fixed


def job_problems(spec: Spec) -> Iterator[Cause]:
    for field in _COUNTS:
        if (spec.get(field) or 0) < 0:
            yield invalid(f"spec.{field}", spec[field], "must be greater than or equal to 0")
    pod = (spec.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") not in ("OnFailure", "Never"):
        yield required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    yield from pod_problems(pod, "spec.template.spec")


def job_change_problems(new: Spec, old: Spec) -> Iterator[Cause]:
    for field in _FIXED:
        is_elastic = field == "completions" and old.get("completionMode") == "Indexed"
        if not is_elastic and not equal(new.get(field), old.get(field)):
            yield invalid(f"spec.{field}", new.get(field), "field is immutable")
    is_suspended = bool(old.get("suspend"))
    if not equal(*(_fixed_template(each.get("template") or {}, is_suspended) for each in (new, old))):
        yield without_value("spec.template", "field is immutable")


def _fixed_template(template: Spec, is_suspended: bool) -> Spec:
    """A Job that has not begun may still be told where to run."""
    if not is_suspended:
        return template
    pod = template.get("spec") or {}
    return {"spec": {key: value for key, value in pod.items() if key not in _WHERE_TO_RUN}}


def repeated(elements: Iterable[Spec], path: str) -> Iterator[Cause]:
    """Each element with the name of an earlier one."""
    seen: set[str] = set()
    for index, each in enumerate(elements):
        name = each.get("name") or ""
        if name and name in seen:
            yield duplicate(f"{path}[{index}].name", name)
        seen.add(name)
