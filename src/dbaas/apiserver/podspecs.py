"""What the spec of a Pod must say, by itself or as the template of a Job, and what may change in it.

For built-in kinds kube-apiserver does not look at the list types of schemas: it has its own rules, and few lists have
one. Source: `pkg/apis/core/validation` and `pkg/apis/batch/validation` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.containers import container_problems
from dbaas.apiserver.placement import placement_problems
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.wording import duplicate, invalid, required, without_value
from dbaas.apiserver.volumes import volume_problems

Spec = Mapping[str, Any]

_KINDS = ("containers", "initContainers")
_CHANGEABLE = frozenset({"activeDeadlineSeconds", "tolerations", "schedulingGates"})
_POD_CHANGES = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_WHERE_TO_RUN = frozenset({"nodeSelector", "tolerations", "affinity", "schedulingGates"})
_COUNTS = ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished")
_FIXED = ("completions", "completionMode", "selector", "backoffLimitPerIndex", "podFailurePolicy")


def pod_problems(spec: Spec, path: str) -> Iterator[Cause]:
    """`path` is where the spec of the Pod stands."""
    yield from repeated(items(spec, "volumes"), f"{path}.volumes")
    volumes = set()  # the names of those that can be mounted
    for index, volume in enumerate(items(spec, "volumes")):
        wrong = list(volume_problems(volume, f"{path}.volumes[{index}]"))
        yield from wrong
        if not wrong:
            volumes.add(volume["name"])
    yield from placement_problems(spec, path)
    if not items(spec, "containers"):
        yield required(f"{path}.containers")
    names: set[str] = set()
    for kind in _KINDS:
        for index, each in enumerate(items(spec, kind)):
            where = f"{path}.{kind}[{index}]"
            if each.get("name") in names:
                yield duplicate(f"{where}.name", each["name"])
            names.add(each.get("name", ""))
            yield from container_problems(each, where, volumes)


def pod_change_problems(new: Spec, old: Spec) -> Iterator[Cause]:
    for kind in ("containers", "initContainers"):
        if len(items(new, kind)) != len(items(old, kind)):
            yield without_value(f"spec.{kind}", "pod updates may not add or remove containers", "FieldValueForbidden")
            return
    if old.get("activeDeadlineSeconds") and new.get("activeDeadlineSeconds") is None:
        why = "must not update from a positive integer to nil value"
        yield invalid("spec.activeDeadlineSeconds", None, why)
    if any(
        not any(_is_same_toleration(one, other) for other in items(new, "tolerations"))
        for one in items(old, "tolerations")
    ):
        why = "existing toleration can not be modified except its tolerationSeconds"
        yield without_value("spec.tolerations", why, "FieldValueForbidden")
    if not equal(_fixed_part(new), _fixed_part(old)):
        yield without_value("spec", _POD_CHANGES, "FieldValueForbidden")


def _is_same_toleration(one: Spec, other: Spec) -> bool:
    return all(one.get(field) == other.get(field) for field in ("key", "operator", "value", "effect"))


def _fixed_part(spec: Spec) -> dict[str, Any]:
    fixed = {key: value for key, value in spec.items() if key not in _CHANGEABLE}
    for kind in _KINDS:
        fixed[kind] = [{**each, "image": ""} for each in items(spec, kind)]
    return fixed


def job_problems(spec: Spec) -> Iterator[Cause]:
    for field in _COUNTS:
        if (spec.get(field) or 0) < 0:
            yield invalid(f"spec.{field}", spec[field], "must be greater than or equal to 0")
    yield from _index_problems(spec)
    if spec.get("selector") is None:
        yield required("spec.selector")
        yield invalid("spec.template.metadata.labels", None, "`selector` does not match template `labels`")
    pod = (spec.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") not in ("OnFailure", "Never"):
        yield required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')
    yield from pod_problems(pod, "spec.template.spec")


def _index_problems(spec: Spec) -> Iterator[Cause]:
    is_indexed = spec.get("completionMode") == "Indexed"
    if is_indexed and spec.get("completions") is None:
        yield required("spec.completions", "when completion mode is Indexed")
    for field in () if is_indexed else ("backoffLimitPerIndex", "maxFailedIndexes"):
        if spec.get(field) is not None:
            yield invalid(f"spec.{field}", spec[field], "requires indexed completion mode")
    if spec.get("maxFailedIndexes") is not None and spec.get("backoffLimitPerIndex") is None:
        yield required("spec.backoffLimitPerIndex", "when maxFailedIndexes is specified")


def job_change_problems(new: Spec, old: Spec) -> Iterator[Cause]:
    for field in _FIXED:
        if equal(new.get(field), old.get(field)):
            continue
        if field == "completions" and new.get("completionMode") == "Indexed":
            if new.get(field) is not None and new[field] != new.get("parallelism"):
                yield invalid(f"spec.{field}", new[field], "can only be modified in tandem with spec.parallelism")
        else:
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
