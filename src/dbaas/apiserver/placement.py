"""What a Pod may say of where and as whom it runs: host names, nodes, tolerations, affinity, users.

Source: `pkg/apis/core/validation/validation.go` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.containers import USER_IN_RANGE, label_problems
from dbaas.apiserver.metadata import validate_key, validate_label_value, validate_name
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import invalid, required, unsupported

Spec = Mapping[str, Any]

ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_LONGEST = 2**31 - 1


def placement_problems(spec: Spec, path: str) -> Iterator[Cause]:
    """`path` is where the spec of the Pod stands."""
    yield from label_problems(f"{path}.hostname", spec.get("hostname"))
    yield from label_problems(f"{path}.subdomain", spec.get("subdomain"))
    for name in ("serviceAccountName", "nodeName", "priorityClassName"):
        if spec.get(name):
            yield from validate_name(f"{path}.{name}", spec[name], "subdomain")
    for key, value in (spec.get("nodeSelector") or {}).items():
        yield from validate_key(f"{path}.nodeSelector", key)
        yield from validate_label_value(f"{path}.nodeSelector", value)
    for index, each in enumerate(items(spec, "tolerations")):
        yield from _toleration_problems(each, f"{path}.tolerations[{index}]")
    for index, gate in enumerate(items(spec, "readinessGates")):
        yield from validate_key(f"{path}.readinessGates[{index}].conditionType", gate.get("conditionType") or "")
    for index, alias in enumerate(items(spec, "hostAliases")):
        yield from ip_problems(f"{path}.hostAliases[{index}].ip", alias.get("ip") or "")
    if spec.get("dnsPolicy") == "None" and not spec.get("dnsConfig"):
        yield required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
    yield from _spread_problems(spec, path)
    yield from _affinity_problems(spec.get("affinity") or {}, f"{path}.affinity")
    yield from _user_problems(spec.get("securityContext") or {}, f"{path}.securityContext")
    seconds = spec.get("activeDeadlineSeconds")
    if seconds is not None and not 1 <= seconds <= _LONGEST:
        why = f"must be between 1 and {_LONGEST}, inclusive"
        yield invalid(f"{path}.activeDeadlineSeconds", seconds, why)


def ip_problems(path: str, text: str) -> Iterator[Cause]:
    try:
        ip_address(text)
    except ValueError:
        yield invalid(path, text, ADDRESS)


def _toleration_problems(toleration: Spec, path: str) -> Iterator[Cause]:
    key, operator = toleration.get("key") or "", toleration.get("operator") or ""
    if key:
        yield from validate_key(f"{path}.key", key)
    elif operator != "Exists":
        why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        yield invalid(f"{path}.operator", operator, why)
    effect = toleration.get("effect") or ""
    if toleration.get("tolerationSeconds") is not None and effect != "NoExecute":
        yield invalid(f"{path}.effect", effect, "effect must be 'NoExecute' when `tolerationSeconds` is set")
    value = toleration.get("value") or ""
    if operator in ("", "Equal"):
        yield from validate_label_value(f"{path}.operator", value)
    elif operator == "Exists" and value:
        yield invalid(f"{path}.operator", value, "value must be empty when `operator` is 'Exists'")
    elif operator != "Exists":
        yield unsupported(f"{path}.operator", operator, ("Equal", "Exists"))
    if effect and effect not in _EFFECTS:
        yield unsupported(f"{path}.effect", effect, _EFFECTS)


def _spread_problems(spec: Spec, path: str) -> Iterator[Cause]:
    for index, each in enumerate(items(spec, "topologySpreadConstraints")):
        where = f"{path}.topologySpreadConstraints[{index}]"
        if (each.get("maxSkew") or 0) <= 0:
            yield invalid(f"{where}.maxSkew", each.get("maxSkew") or 0, "must be greater than zero")
        if not each.get("topologyKey"):
            yield required(f"{where}.topologyKey", "can not be empty")


def _affinity_problems(affinity: Spec, path: str) -> Iterator[Cause]:
    for kind in ("podAffinity", "podAntiAffinity"):
        part = "requiredDuringSchedulingIgnoredDuringExecution"
        for index, term in enumerate(items(affinity, kind, part)):
            where = f"{path}.{kind}.{part}[{index}].topologyKey"
            if not term.get("topologyKey"):
                yield required(where, "can not be empty")
            yield from validate_key(where, term.get("topologyKey") or "")
    wanted = (affinity.get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution")
    if wanted is not None and not wanted.get("nodeSelectorTerms"):
        where = f"{path}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"
        yield required(where, "must have at least one node selector term")


def _user_problems(context: Spec, path: str) -> Iterator[Cause]:
    for name in ("runAsUser", "runAsGroup", "fsGroup"):
        if context.get(name) is not None and not 0 <= context[name] < 2**31:
            yield invalid(f"{path}.{name}", context[name], USER_IN_RANGE)
