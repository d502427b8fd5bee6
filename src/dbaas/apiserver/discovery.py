"""What clients read to learn what is served: legacy documents, the aggregated one, and the version."""

from __future__ import annotations

import base64
import hashlib
import platform
from collections.abc import Mapping
from typing import Any

from dbaas.apiserver.resources import Catalogue, Resource

KUBERNETES_VERSION = ("1", "35", "v1.35.4+dbaas")  # what this server behaves like, for clients that compare versions
HEALTH_PATHS = ("/healthz", "/livez", "/readyz")


def version_document() -> dict[str, str]:
    major, minor, git_version = KUBERNETES_VERSION
    return {
        "major": major,
        "minor": minor,
        "gitVersion": git_version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": f"Python {platform.python_version()}",
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }


def find_document(path: str, catalogue: Catalogue) -> dict[str, Any] | None:
    """The legacy discovery document at a path, None where there is none."""
    parts = path.strip("/").split("/")
    match parts:
        case ["api"]:
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
        case ["apis"]:
            groups = [_group(group, versions) for group, versions in catalogue.groups().items() if group]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["api", version]:
            return _resource_list("", version, catalogue)
        case ["apis", group] if group in catalogue.groups():
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, catalogue.groups()[group])}
        case ["apis", group, version]:
            return _resource_list(group, version, catalogue)
    return None


def aggregated_document(path: str, version: str, catalogue: Catalogue) -> dict[str, Any]:
    """`APIGroupDiscoveryList`: everything under /api or /apis in one answer."""
    legacy = path.strip("/") == "api"
    items = []
    for group, versions in catalogue.groups().items():
        if (group == "") is legacy:
            listed = [_aggregated_version(catalogue, group, each) for each in versions]
            items.append({"metadata": {"name": group} if group else {}, "versions": listed})
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def root_document(catalogue: Catalogue) -> dict[str, list[str]]:
    """The paths there are, as `GET /` lists them."""
    paths = ["/api", "/apis", *HEALTH_PATHS, "/openapi/v3", "/version"]
    for group, versions in catalogue.groups().items():
        paths += [f"/apis/{group}/{version}" if group else f"/api/{version}" for version in versions]
        if group:
            paths.append(f"/apis/{group}")
    return {"paths": sorted(paths)}


def _group(group: str, versions: list[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": listed, "preferredVersion": listed[0]}


def _resource_list(group: str, version: str, catalogue: Catalogue) -> dict[str, Any] | None:
    if version not in catalogue.groups().get(group, ()):
        return None
    resources: list[dict[str, Any]] = []
    for resource in sorted(catalogue.in_group(group, version), key=lambda each: each.plural):
        resources.append(_legacy_resource(resource))
        resources += [_legacy_subresource(resource, name) for name in resource.subresources]
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def _legacy_resource(resource: Resource) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
        **_names(resource),
    }
    if resource.review is not None:
        return listed
    digest = hashlib.sha256(f"{resource.group}/{resource.version}/{resource.kind}".encode()).digest()
    return {**listed, "storageVersionHash": base64.b64encode(digest[:8]).decode()}


def _legacy_subresource(resource: Resource, name: str) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _subresource_verbs(name),
    }
    return {**listed, "group": "autoscaling", "version": "v1", "kind": "Scale"} if name == "scale" else listed


def _aggregated_version(catalogue: Catalogue, group: str, version: str) -> dict[str, Any]:
    resources = sorted(catalogue.in_group(group, version), key=lambda each: each.plural)
    return {"version": version, "resources": [_aggregated(each) for each in resources], "freshness": "Current"}


def _aggregated(resource: Resource) -> dict[str, Any]:
    own_kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    scale = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    listed: dict[str, Any] = {
        "resource": resource.plural,
        "responseKind": own_kind,
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
        **_names(resource),
    }
    subresources = [
        {
            "subresource": name,
            "responseKind": scale if name == "scale" else own_kind,
            "verbs": _subresource_verbs(name),
        }
        for name in resource.subresources
    ]
    return {**listed, "subresources": subresources} if subresources else listed


def _names(resource: Resource) -> Mapping[str, list[str]]:
    names = {"shortNames": list(resource.short_names), "categories": list(resource.categories)}
    return {key: value for key, value in names.items() if value}


def _subresource_verbs(name: str) -> list[str]:
    return ["update"] if name == "finalize" else ["get", "patch", "update"]
