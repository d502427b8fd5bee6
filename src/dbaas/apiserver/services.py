"""What Services must say, and what of their addresses is filled in, as on a cluster that has IPv4 alone.

Source: `pkg/apis/core/validation` and `pkg/registry/core/service/storage/alloc.go` in Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from dbaas.apiserver.builtins.columns import items
from dbaas.apiserver.containers import IN_RANGE, PROTOCOLS, label_problems, port_name_problems
from dbaas.apiserver.metadata import validate_key, validate_label_value, validate_name
from dbaas.apiserver.placement import ip_problems
from dbaas.apiserver.running import replace_empty
from dbaas.apiserver.schemas import Cause
from dbaas.apiserver.schemas.wording import duplicate, format_value, invalid, required, unsupported, without_value

Spec = Mapping[str, Any]

HEADLESS = "None"
LOOPBACK = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_ADDRESS_FIELDS = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_BALANCED_ONLY = "may only be used when `type` is 'LoadBalancer'"
_EMPTY_IS_NONE = ("clusterIP", "externalName", "externalTrafficPolicy", "loadBalancerIP")
_INNER = ("Cluster", "Local")
_USUAL = {"sessionAffinity": "None", "type": "ClusterIP"}
_NAMED = "may not be set for ExternalName services"
_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def complete_service(spec: dict[str, Any]) -> None:
    """Defaults that count as the client's. An empty text is none, where Go cannot tell the two from each other."""
    for field in _EMPTY_IS_NONE:
        if spec.get(field) == "":
            del spec[field]
    replace_empty(spec, _USUAL)
    if spec.get("type") != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec.get("sessionAffinity") == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        config.setdefault("clientIP", {}).setdefault("timeoutSeconds", 10800)
    elif spec.get("sessionAffinity") in (None, "None"):
        spec.pop("sessionAffinityConfig", None)
    if _is_outside(spec):
        spec["externalTrafficPolicy"] = spec.get("externalTrafficPolicy") or "Cluster"
    for port in spec.get("ports") or ():
        if isinstance(port, dict):
            port.setdefault("targetPort", port.get("port") or 0)


def give_addresses(spec: dict[str, Any], old: Spec | None) -> list[Cause]:
    """The families of addresses, and the address that a Service has kept; new ones are not given out.

    For what they are refused: then nothing else is looked at.
    """
    before = old or {}
    if not _is_outside(spec) and spec.get("externalTrafficPolicy") == before.get("externalTrafficPolicy"):
        spec.pop("externalTrafficPolicy", None)
    if spec.get("type", "ClusterIP") == "ExternalName":
        for field in _ADDRESS_FIELDS:
            if field in spec and spec[field] == before.get(field):
                del spec[field]  # it is let go
        if spec.get("internalTrafficPolicy") in _INNER:
            del spec["internalTrafficPolicy"]
        return []
    if before.get("type", "ClusterIP") != "ExternalName":
        if not spec.get("clusterIP") and before.get("clusterIP"):
            spec["clusterIP"] = before["clusterIP"]
        has_moved = spec.get("clusterIP") != before.get("clusterIP")
        if not spec.get("clusterIPs") and before.get("clusterIPs") and not has_moved:
            spec["clusterIPs"] = before["clusterIPs"]
        elif has_moved and spec.get("clusterIPs") == before.get("clusterIPs"):
            spec.pop("clusterIPs", None)
    if spec.get("clusterIP"):
        spec["clusterIPs"] = spec.get("clusterIPs") or [spec["clusterIP"]]
    if old is not None and _keeps_both_if_it_can(spec, before):
        return []
    if spec.get("ipFamilyPolicy") is None and before.get("ipFamilyPolicy"):
        spec["ipFamilyPolicy"] = before["ipFamilyPolicy"]
    unfit = list(_family_problems(spec, before.get("clusterIPs") or ()))
    if unfit:
        return unfit
    _release_family(spec, before)
    found = list(_policy_problems(spec, before)) or list(_stack_problems(spec))
    if not found:
        _choose_families(spec)
    return found


def _keeps_both_if_it_can(spec: Spec, before: Spec) -> bool:
    """Then nothing of it is looked at again, whatever the cluster has come to be."""
    same = ("type", "clusterIPs", "ipFamilies")
    policies = {spec.get("ipFamilyPolicy"), before.get("ipFamilyPolicy") or "PreferDualStack"}
    return policies == {"PreferDualStack"} and all((spec.get(f) or []) == (before.get(f) or []) for f in same)


def _release_family(spec: dict[str, Any], before: Spec) -> None:
    """Who wants one family only need not name what is let go."""
    if _policy(spec) == "SingleStack":
        for field in ("clusterIPs", "ipFamilies"):
            if field in before and spec.get(field) == before[field]:
                spec[field] = before[field][:1]


def _policy(spec: Spec) -> str:
    return spec.get("ipFamilyPolicy") or ("RequireDualStack" if _is_free(spec) else "SingleStack")


def _is_free(spec: Spec) -> bool:
    """Whether its addresses are nobody's business but the client's."""
    return spec.get("clusterIP") == HEADLESS and not spec.get("selector")


def _is_outside(spec: Spec) -> bool:
    kind = spec.get("type", "ClusterIP")
    return kind in ("LoadBalancer", "NodePort") or (kind == "ClusterIP" and bool(spec.get("externalIPs")))


def _choose_families(spec: dict[str, Any]) -> None:
    policy = spec["ipFamilyPolicy"] = _policy(spec)
    families = spec["ipFamilies"] = list(spec.get("ipFamilies") or _FAMILIES[:1])
    if _is_free(spec) and policy != "SingleStack" and len(families) < 2:
        families.append(_FAMILIES[families[0] == "IPv4"])


def _policy_problems(spec: Spec, before: Spec) -> Iterator[Cause]:
    """Of the number of addresses and families."""
    policy = _policy(spec)
    for field, one, several in (
        ("clusterIPs", "cluster IP", "cluster IPs"),
        ("ipFamilies", "IP family", "IP families"),
    ):
        count, had = len(spec.get(field) or ()), len(before.get(field) or ())
        if policy == "SingleStack" and count > 1:
            why = f"must be 'RequireDualStack' or 'PreferDualStack' when multiple {several} are specified"
            yield invalid("spec.ipFamilyPolicy", policy, why)
        elif policy != "SingleStack" and 0 < count < had:
            why = f"must be 'SingleStack' to release the secondary {one}"
            yield invalid("spec.ipFamilyPolicy", policy, why)


def service_warnings(spec: Spec) -> Iterator[str]:
    """Source: `pkg/api/service/warnings.go`."""
    if spec.get("clusterIP") == HEADLESS:
        for field in ("loadBalancerIP", "externalIPs"):
            if spec.get(field):
                yield f"spec.{field} is ignored for headless services"
        if spec.get("sessionAffinity") != "None":
            yield "spec.SessionAffinity is ignored for headless services"
    if spec.get("externalName") and spec.get("type") != "ExternalName":
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.get("trafficDistribution") == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'


def _family_problems(spec: Spec, known: Sequence[str]) -> Iterator[Cause]:
    """Of addresses and their families, as they are written. `known` are addresses that it has already."""
    families, addresses = spec.get("ipFamilies") or (), spec.get("clusterIPs") or ()
    for index, each in enumerate(families):
        if each not in _FAMILIES:
            yield unsupported(f"spec.ipFamilies[{index}]", each, _FAMILIES)
        if each in families[:index]:
            yield duplicate(f"spec.ipFamilies[{index}]", each)
    if spec.get("ipFamilyPolicy") is not None and spec["ipFamilyPolicy"] not in _POLICIES:
        yield unsupported("spec.ipFamilyPolicy", spec["ipFamilyPolicy"], _POLICIES)
    first = spec.get("clusterIP") or ""
    if not first and addresses:
        yield invalid("spec.clusterIPs", addresses, "must be empty when `clusterIP` is not specified")
    elif addresses and addresses[0] != first:
        yield invalid("spec.clusterIPs", addresses, "first value must match `clusterIP`")
    for index, each in enumerate(addresses):
        if index == 0 and each == HEADLESS:
            if len(addresses) > 1:
                yield invalid("spec.clusterIPs", addresses, "'None' must be the first and only value")
            continue
        if each not in known:
            yield from ip_problems(f"spec.clusterIPs[{index}]", each)


def _stack_problems(spec: Spec) -> Iterator[Cause]:
    """What this cluster has not."""
    if _is_free(spec):
        return
    families = spec.get("ipFamilies") or ()
    if _policy(spec) == "RequireDualStack":
        why = "this cluster is not configured for dual-stack services"
        yield invalid("spec.ipFamilyPolicy", "RequireDualStack", why)
    for index, each in enumerate(families):
        if each == "IPv6":
            yield invalid(f"spec.ipFamilies[{index}]", each, "not configured on this cluster")


def service_problems(service: Spec) -> Iterator[Cause]:
    """All but those of its addresses."""
    spec = service.get("spec") or {}
    kind, is_headless = spec.get("type", "ClusterIP"), spec.get("clusterIP") == HEADLESS
    ports = items(spec, "ports")
    if not ports and not is_headless and kind != "ExternalName":
        yield required("spec.ports")
    if kind in ("LoadBalancer", "NodePort") and is_headless:
        yield invalid("spec.clusterIPs[0]", HEADLESS, f"may not be set to 'None' for {kind} services")
    if kind == "ExternalName":
        yield from _external_name_problems(spec)
    elif kind not in _TYPES:
        yield unsupported("spec.type", kind, _TYPES)
    yield from _ports_problems(ports)
    for key, value in (spec.get("selector") or {}).items():
        yield from validate_key("spec.selector", key)
        yield from validate_label_value("spec.selector", value)
    yield from _affinity_problems(spec)
    for index, each in enumerate(items(spec, "externalIPs")):
        yield from _outer_address_problems(f"spec.externalIPs[{index}]", each)
    yield from _balancer_problems(spec, kind)
    yield from _traffic_problems(spec)


def _external_name_problems(spec: Spec) -> Iterator[Cause]:
    for field in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(field) or (field == "clusterIPs" and spec.get("clusterIP")):
            yield without_value(f"spec.{field}", _NAMED, "FieldValueForbidden")
    name = spec.get("externalName") or ""
    if not name:
        yield required("spec.externalName")
    else:
        yield from validate_name("spec.externalName", name.removesuffix("."), "subdomain")


def _ports_problems(ports: Sequence[Spec]) -> Iterator[Cause]:
    names: set[str] = set()
    seen: set[tuple[str, int]] = set()
    for index, port in enumerate(ports):
        path, name, number = f"spec.ports[{index}]", port.get("name") or "", port.get("port") or 0
        if len(ports) > 1 and not name:
            yield required(f"{path}.name")
        yield from label_problems(f"{path}.name", name)
        if name and name in names:
            yield duplicate(f"{path}.name", name)
        names.add(name)
        yield from _number_problems(port, path)
        key = port.get("protocol") or "TCP", number
        if key in seen:
            shown = f'"Protocol":"{key[0]}","AppProtocol":null,"Port":{key[1]},"TargetPort":0,"NodePort":0'
            yield Cause(path, f'Duplicate value: {{"Name":"",{shown}}}', "FieldValueDuplicate")
        seen.add(key)


def _number_problems(port: Spec, path: str) -> Iterator[Cause]:
    number, target, protocol = port.get("port") or 0, port.get("targetPort"), port.get("protocol") or ""
    if not 1 <= number <= 65535:
        yield invalid(f"{path}.port", number, IN_RANGE)
    if not protocol:
        yield required(f"{path}.protocol")
    elif protocol not in PROTOCOLS:
        yield unsupported(f"{path}.protocol", protocol, PROTOCOLS)
    if isinstance(target, str):
        yield from port_name_problems(f"{path}.targetPort", target)
    elif isinstance(target, int) and not 1 <= target <= 65535:
        yield invalid(f"{path}.targetPort", target, IN_RANGE)
    if port.get("appProtocol"):
        yield from validate_key(f"{path}.appProtocol", port["appProtocol"])


def _affinity_problems(spec: Spec) -> Iterator[Cause]:
    affinity = spec.get("sessionAffinity") or ""
    if not affinity:
        yield required("spec.sessionAffinity")
    elif affinity not in ("ClientIP", "None"):
        yield unsupported("spec.sessionAffinity", affinity, ("ClientIP", "None"))
    seconds = (((spec.get("sessionAffinityConfig") or {}).get("clientIP")) or {}).get("timeoutSeconds")
    if affinity == "ClientIP" and seconds is not None and not 0 < seconds <= 86400:
        path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        yield invalid(path, seconds, "must be greater than 0 and less than 86400")


def _outer_address_problems(path: str, text: str) -> Iterator[Cause]:
    found = list(ip_problems(path, text))
    yield from found
    if not found and (text.startswith("127.") or text == "::1"):
        yield invalid(path, text, LOOPBACK)


def _balancer_problems(spec: Spec, kind: str) -> Iterator[Cause]:
    ranges = items(spec, "loadBalancerSourceRanges")
    if kind != "LoadBalancer":
        for field, path in (("loadBalancerSourceRanges", "LoadBalancerSourceRanges"), *_SAME):
            if spec.get(field) not in (None, []):
                yield without_value(f"spec.{path}", _BALANCED_ONLY, "FieldValueForbidden")
    elif spec.get("loadBalancerClass"):
        yield from validate_key("spec.loadBalancerClass", spec["loadBalancerClass"])
    for index, each in enumerate(ranges):
        try:
            ip_network(each.strip(), strict=False)
        except ValueError:
            yield Cause(f"spec.LoadBalancerSourceRanges[{index}]", f"Invalid value: {format_value(each)}: {_CIDR}")


_SAME = (("loadBalancerClass", "loadBalancerClass"), ("allocateLoadBalancerNodePorts", "allocateLoadBalancerNodePorts"))


def _traffic_problems(spec: Spec) -> Iterator[Cause]:
    outer = spec.get("externalTrafficPolicy")
    if outer and not _is_outside(spec):
        yield invalid("spec.externalTrafficPolicy", outer, "may only be set for externally-accessible services")
    elif outer and outer not in ("Cluster", "Local"):
        yield unsupported("spec.externalTrafficPolicy", outer, ("Cluster", "Local"))
    inner = spec.get("internalTrafficPolicy")
    if inner and inner not in _INNER:
        yield unsupported("spec.internalTrafficPolicy", inner, _INNER)
    spread = spec.get("trafficDistribution")
    if spread and spread not in _DISTRIBUTIONS:
        yield unsupported("spec.trafficDistribution", spread, _DISTRIBUTIONS)
