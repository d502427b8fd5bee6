"""Writes the schemas of the built-in kinds, taken from a running kube-apiserver, for the embedded API server.

Run it when the Kubernetes version that we follow changes:

    tools/builtin_schemas.py --kubeconfig FILE [--kubectl PATH] [--check]

Descriptions are left out; so are defaults that only state a zero value. What Kubernetes fills in by code and not by
its schema is in DEFAULTS.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/dbaas/apiserver/builtins/definitions.json"
DOCUMENTS = (
    "api/v1",
    "apis/batch/v1",
    "apis/coordination.k8s.io/v1",
    "apis/discovery.k8s.io/v1",
    "apis/events.k8s.io/v1",
    "apis/apiextensions.k8s.io/v1",
    "apis/authentication.k8s.io/v1",
    "apis/authorization.k8s.io/v1",
)
CORE = "io.k8s.api.core.v1."
BATCH = "io.k8s.api.batch.v1."
EXTENSIONS = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
META = "io.k8s.apimachinery.pkg.apis.meta.v1."
ROOTS = (
    *(CORE + kind for kind in ("Namespace", "Secret", "ConfigMap", "Service", "Endpoints", "Pod")),
    *(CORE + kind for kind in ("ServiceAccount", "Event")),
    "io.k8s.api.discovery.v1.EndpointSlice",
    "io.k8s.api.events.v1.Event",
    "io.k8s.api.coordination.v1.Lease",
    BATCH + "Job",
    EXTENSIONS + "CustomResourceDefinition",
    "io.k8s.api.authentication.v1.SelfSubjectReview",
    "io.k8s.api.authorization.v1.SelfSubjectAccessReview",
    "io.k8s.api.authorization.v1.SelfSubjectRulesReview",
    META + "DeleteOptions",
    META + "Status",
)
DEFAULTS: dict[tuple[str, str], object] = {
    (CORE + "Secret", "type"): "Opaque",
    (CORE + "ServiceSpec", "type"): "ClusterIP",
    (CORE + "ServiceSpec", "sessionAffinity"): "None",
    (CORE + "EndpointPort", "protocol"): "TCP",
    ("io.k8s.api.discovery.v1.EndpointPort", "protocol"): "TCP",
    ("io.k8s.api.discovery.v1.EndpointPort", "name"): "",
    (CORE + "PodSpec", "restartPolicy"): "Always",
    (CORE + "PodSpec", "dnsPolicy"): "ClusterFirst",
    (CORE + "PodSpec", "schedulerName"): "default-scheduler",
    (CORE + "PodSpec", "terminationGracePeriodSeconds"): 30,
    (CORE + "PodSpec", "securityContext"): {},
    (CORE + "Container", "terminationMessagePath"): "/dev/termination-log",
    (CORE + "Container", "terminationMessagePolicy"): "File",
    (CORE + "Container", "resources"): {},
    (CORE + "Probe", "timeoutSeconds"): 1,
    (CORE + "Probe", "periodSeconds"): 10,
    (CORE + "Probe", "successThreshold"): 1,
    (CORE + "Probe", "failureThreshold"): 3,
    (CORE + "HTTPGetAction", "scheme"): "HTTP",
    (CORE + "HTTPGetAction", "path"): "/",
    (CORE + "ObjectFieldSelector", "apiVersion"): "v1",
    (CORE + "SecretVolumeSource", "defaultMode"): 420,
    (CORE + "ConfigMapVolumeSource", "defaultMode"): 420,
    (CORE + "ProjectedVolumeSource", "defaultMode"): 420,
    (CORE + "DownwardAPIVolumeSource", "defaultMode"): 420,
    (BATCH + "JobSpec", "completionMode"): "NonIndexed",
    (BATCH + "JobSpec", "suspend"): False,
    (BATCH + "JobSpec", "backoffLimit"): 6,
    (BATCH + "JobSpec", "podReplacementPolicy"): "TerminatingOrFailed",
    (EXTENSIONS + "CustomResourceDefinitionSpec", "conversion"): {"strategy": "None"},
}


def read_components(kubectl: str, kubeconfig: Path) -> dict[str, Any]:
    """All schemas of the documents that hold our kinds."""
    components: dict[str, Any] = {}
    for document in DOCUMENTS:
        answer = subprocess.run(
            [kubectl, "--kubeconfig", str(kubeconfig), "get", "--raw", f"/openapi/v3/{document}"],
            check=True,
            capture_output=True,
        )
        components |= json.loads(answer.stdout)["components"]["schemas"]
    return components


def references(node: object) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    target = node.get("$ref")
    own = {target.rsplit("/", 1)[-1]} if isinstance(target, str) else set()
    return own.union(*map(references, node.values()))


def reachable(components: dict[str, Any]) -> set[str]:
    seen: set[str] = set()
    waiting = list(ROOTS)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += references(components[name])
    return seen


def lean(schema: dict[str, Any]) -> dict[str, Any]:
    """One schema without prose and without defaults that say nothing."""
    kept = {key: value for key, value in schema.items() if key not in ("description", "properties")}
    if kept.get("default") in ({}, "", 0, False):
        del kept["default"]
    for key in ("items", "additionalProperties"):
        if isinstance(kept.get(key), dict):
            kept[key] = lean(kept[key])
    if "properties" in schema:
        kept["properties"] = {name: lean(each) for name, each in schema["properties"].items()}
    return kept


def build(components: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: lean(components[name]) for name in sorted(reachable(components))}
    del chosen[EXTENSIONS + "ValidationRule"]["properties"]["reason"]["enum"]  # checked with the rule, under its path
    for (definition, field), value in DEFAULTS.items():
        chosen[definition]["properties"][field]["default"] = value
    return chosen


def write(definitions: dict[str, Any]) -> str:
    """One line for each, in an order that is always the same."""
    lines = (
        f"{json.dumps(name)}:{json.dumps(each, sort_keys=True, separators=(',', ':'))}"
        for name, each in sorted(definitions.items())
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--kubectl", default="kubectl")
    parser.add_argument("--check", action="store_true", help="only say whether they are what is there")
    chosen = parser.parse_args()
    definitions = build(read_components(chosen.kubectl, chosen.kubeconfig))
    if chosen.check:
        raise SystemExit(TARGET.read_text() != write(definitions))
    TARGET.write_text(write(definitions))
    print(f"{TARGET}: {len(definitions)} definitions, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
