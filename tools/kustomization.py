"""The pages of deploy/kustomize: the objects of `dbaas install`, for whoever installs by kustomize or GitOps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from dbaas.app.installing import plan_installation
from dbaas.manifests.installation import Body, Installation, build_installation

FOLDER = "deploy/kustomize"
EXAMPLE = "shop"
"""Of the overlay for some namespaces: whoever uses it puts theirs in its place."""

Pages = Iterator[tuple[str, Sequence[Mapping[str, Any]]]]


def pages() -> Pages:
    """Path and documents of each file. Entries of the catalogue are apart: definitions must be served before them."""
    this = version("dbaas")
    planned = replace(plan_installation(f"dbaas:{this}", this), definitions=())
    yield f"{FOLDER}/base/kustomization.yaml", [_kustomization("../../crds", "objects.yaml")]
    yield f"{FOLDER}/base/objects.yaml", _objects(planned)
    narrow = f"{FOLDER}/overlays/namespaced"
    yield f"{narrow}/kustomization.yaml", [_kustomization("../../../crds", "objects.yaml")]
    yield f"{narrow}/objects.yaml", _objects(replace(planned, namespaces=(EXAMPLE,)))
    yield from _cert_manager(planned)
    yield from _monitoring(planned)
    yield f"{FOLDER}/catalogue/kustomization.yaml", [_kustomization("entries.yaml")]
    yield f"{FOLDER}/catalogue/entries.yaml", planned.entries


def definitions(names: Sequence[str]) -> Mapping[str, Any]:
    """The kustomization of the folder with the definitions."""
    return _kustomization(*names)


def _objects(asked: Installation) -> list[Body]:
    return build_installation(replace(asked, entries=()))


def _cert_manager(planned: Installation) -> Pages:
    """Over the base: what cert-manager needs, and what changes or goes because the operator makes no certificate."""
    folder, base = f"{FOLDER}/overlays/cert-manager", {_name(body): body for body in _objects(planned)}
    wanted = {_name(body): body for body in _objects(replace(planned, webhooks="cert-manager"))}
    changed = [body for name, body in wanted.items() if name in base and base[name] != body]
    resources = [body for name, body in wanted.items() if name not in base]
    files = {"resources": ["../../base", "certificates.yaml"], "patches": [{"path": "replaced.yaml"}]}
    yield f"{folder}/kustomization.yaml", [{**_kustomization(), **files}]
    yield f"{folder}/certificates.yaml", resources
    yield f"{folder}/replaced.yaml", changed


def _monitoring(planned: Installation) -> Pages:
    """Over the base, for clusters with the Prometheus operator. The dashboards are a base of their own."""
    folder, base = f"{FOLDER}/overlays/monitoring", {_name(body) for body in _objects(planned)}
    added = [body for body in _objects(replace(planned, monitoring=True)) if _name(body) not in base]
    yield f"{folder}/kustomization.yaml", [_kustomization("../../base", "../../../dashboards", "monitors.yaml")]
    yield f"{folder}/monitors.yaml", added


def _kustomization(*resources: str) -> dict[str, Any]:
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(resources),
    }


def _name(body: Body) -> tuple[str, str, str]:
    return body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"]
