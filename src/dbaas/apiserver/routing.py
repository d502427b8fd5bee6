"""What a path means: which kind, where, which object, which part of it."""

from __future__ import annotations

import msgspec

from dbaas.apiserver.failures import method_not_allowed, not_found, unknown_path
from dbaas.apiserver.resources import Catalogue, Resource

_VERBS_OF_ONE = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_VERBS_OF_ALL = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}


class Target(msgspec.Struct, frozen=True):
    """The collection (no name), an object, or a subresource of it. `namespace` is "" for all of them or for none."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def spans_namespaces(self) -> bool:
        return self.resource.namespaced and not self.namespace


def find_target(path: str, catalogue: Catalogue) -> Target | None:
    """None where the path names no kind that is served. Raises Failure 404 for a part that this kind has not."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 3:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 4:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if not all(rest) or version not in catalogue.groups().get(group, ()):
        return None
    target = _find_in_version(catalogue, group, version, rest)
    if target is None:
        if any(resource.custom for resource in catalogue.in_group(group, version)):
            return None
        raise unknown_path()
    return target


def _find_in_version(catalogue: Catalogue, group: str, version: str, rest: list[str]) -> Target | None:
    namespace = ""
    if rest[0] == "namespaces" and len(rest) >= 3 and catalogue.find(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    resource = catalogue.find(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        return None
    name, subresource = [*rest[1:], "", ""][:2]
    if name and (resource.review is not None or (resource.namespaced and not namespace)):
        return None
    if subresource and subresource not in resource.subresources:
        if resource.custom:
            raise not_found(resource, name)
        return None
    return Target(resource, namespace, name, subresource)


def check_method(target: Target, method: str) -> None:
    """Raises Failure 405."""
    if not _allows(target, method):
        raise method_not_allowed()


def _allows(target: Target, method: str) -> bool:
    if target.subresource:
        return method == "PUT" or (method in ("GET", "PATCH") and target.subresource != "finalize")
    if target.spans_namespaces and method != "GET":
        return False
    verb = (_VERBS_OF_ONE if target.name else _VERBS_OF_ALL).get(method)
    return verb in target.resource.verbs
