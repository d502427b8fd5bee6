"""The generated part of the Helm chart: what `dbaas install` applies, with the chart's values in it.

The objects are made under every combination of what they depend on and folded into templates. The namespace is left
to Helm; definitions are in the folder that Helm installs first and never removes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.metadata import version
from itertools import product
from typing import Any, cast

from dbaas.app.installing import plan_installation
from dbaas.manifests.installation import Body, Certificates, Installation, build_installation
from folding import Mode, Switch, Template, Values

FOLDER = "deploy/helm/dbaas"
TEMPLATES = f"{FOLDER}/templates/generated"
CRDS = f"{FOLDER}/crds"
LEAST_KUBERNETES = "1.28"  # match conditions of webhooks

_HOME, _PLACE, _LABELS = "@HOME@", "@PLACE@", {"@KEY@": "@VALUE@"}
_YES, _NO = frozenset({"yes"}), frozenset({"no"})
_HELD = "$.Values.namespaces | has"
_SWITCHES: Mapping[str, Mapping[frozenset[str], str]] = {
    "namespaced": {_YES: "$.Values.namespaces", _NO: "not $.Values.namespaces"},
    "home": {_YES: f"{_HELD} $.Release.Namespace", _NO: f"not ({_HELD} $.Release.Namespace)"},
    "default": {_YES: f'{_HELD} "default"', _NO: f'not ({_HELD} "default")'},
    "parted": {_YES: "$.Values.selector", _NO: "not $.Values.selector"},
    "monitoring": {_YES: "$.Values.monitoring", _NO: "not $.Values.monitoring"},
    "webhooks": {
        frozenset({"own"}): 'eq $.Values.webhooks "own"',
        frozenset({"cert-manager"}): 'eq $.Values.webhooks "cert-manager"',
        frozenset({"off"}): 'eq $.Values.webhooks "off"',
        frozenset({"own", "cert-manager"}): 'ne $.Values.webhooks "off"',
    },
}
_WORDS = {
    _HOME: "{{ $.Release.Namespace }}",
    _PLACE: "{{ $namespace }}",
    "@IMAGE@": '{{ include "dbaas.image" $ }}',
    "@VERSION@": "{{ $.Chart.AppVersion }}",
    "@NAMESPACES@": '{{ join "," $.Values.namespaces }}',
    "@KEY@=@VALUE@": '{{ include "dbaas.selector" $ }}',
    "@OPEN@": '{{ "{{" }}',  # what Prometheus reads as a template, and Helm must not
}
_KEPT = {"helm.sh/resource-policy": "keep"}
Name = tuple[str, str, str]


def files() -> Iterator[tuple[str, Body]]:
    """Path and content of the chart's description and of each definition."""
    this = version("dbaas")
    yield (
        f"{FOLDER}/Chart.yaml",
        {
            "apiVersion": "v2",
            "name": "dbaas",
            "description": "One declarative API for databases: clusters, and what lives inside servers",
            "type": "application",
            "version": this,
            "appVersion": this,
            "kubeVersion": f">={LEAST_KUBERNETES}.0-0",
        },
    )
    for body in build_installation(plan_installation("", this)):
        if body["kind"] == "CustomResourceDefinition":
            yield f"{CRDS}/{body['metadata']['name']}.yaml", body


def templates() -> Iterator[tuple[str, str]]:
    """Path and text of each template: one for each kind."""
    planned = replace(plan_installation("@IMAGE@", "@VERSION@"), definitions=(), namespace=_HOME)
    modes = list(product(*[("yes", "no")] * 5, ("own", "cert-manager", "off")))
    objects: dict[Name, dict[Mode, Body]] = {}
    for mode in modes:
        for body in _build(planned, mode):
            name = (body["kind"], body["metadata"].get("namespace", ""), body["metadata"]["name"])
            objects.setdefault(name, {})[mode] = body
    template = Template([Switch(conditions) for conditions in _SWITCHES.values()])
    pages: dict[str, list[str]] = {}
    for (kind, namespace, _), variants in objects.items():
        lines = ["---", *template.fold(variants, modes)]
        if namespace == _PLACE:
            lines = ['{{- range $namespace := without $.Values.namespaces $.Release.Namespace "default" }}', *lines]
            lines.append("{{- end }}")
        if kind == "DatabaseEngine":
            lines = ["{{- if $.Values.catalogue }}", *lines, "{{- end }}"]
        pages.setdefault(f"{TEMPLATES}/{kind.lower()}.yaml", []).extend(lines)
    for path, lines in pages.items():
        yield path, _write(lines)


def _build(planned: Installation, mode: Mode) -> list[Body]:
    namespaced, home, default, parted, monitoring, webhooks = mode
    places = [_PLACE, *([_HOME] if home == "yes" else []), *(["default"] if default == "yes" else [])]
    asked = replace(
        planned,
        namespaces=tuple(places) if namespaced == "yes" else (),
        labels=_LABELS if parted == "yes" else {},
        monitoring=monitoring == "yes",
        webhooks=cast("Certificates", webhooks),
    )
    bodies = [_open(body, places) for body in build_installation(asked) if body["kind"] != "Namespace"]
    for body in bodies:
        if body["kind"] == "Deployment":
            _open_pods(body)
        elif body["kind"] == "DatabaseEngine":
            body["metadata"]["annotations"] = _KEPT
    return bodies


def _open(value: Any, places: list[str]) -> Any:
    """A copy in which values stand in the places of what stood for them."""
    if value == _LABELS:
        return Values("selector")
    if isinstance(value, list) and value == places:
        return Values("namespaces")
    if isinstance(value, dict):
        return {name: _open(inner, places) for name, inner in value.items()}
    if isinstance(value, list):
        return [_open(inner, places) for inner in value]
    if isinstance(value, str):
        value = value.replace("{{", "@OPEN@")
        return re.sub(r"(--namespaces=).*", r"\1@NAMESPACES@", value)
    return value


def _open_pods(deployment: Body) -> None:
    """What people set for the pods of any chart."""
    deployment["spec"]["replicas"] = "@REPLICAS@"
    template = deployment["spec"]["template"]
    template["metadata"]["annotations"] = Values("podAnnotations", optional=True)
    pod = template["spec"]
    for name in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        pod[name] = Values(name, optional=True)
    pod["imagePullSecrets"] = Values("image.pullSecrets", optional=True)
    (container,) = pod["containers"]
    container["imagePullPolicy"] = Values("image.pullPolicy", optional=True)
    container["env"] = Values("env", optional=True)
    container["resources"] = Values("resources")


def _write(lines: list[str]) -> str:
    text = "\n".join(lines) + "\n"
    text = text.replace("'@REPLICAS@'", "{{ $.Values.replicas }}")
    for mark, words in _WORDS.items():
        text = text.replace(mark, words)
    return text
