"""The pod of an instance: what fills its volume, the server, and what runs beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.pods import Hook, PodSchedulingPolicy, as_kubernetes
from dbaas.api.profiles import resources_of
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.provider import CheckCommand, Exporter, Instance, SecretKey, ServerImage, Workload
from dbaas.manifests.monitoring import Exporters, asks_service, build_pmm_client
from dbaas.manifests.pods import CONTAINER_SECURITY, build_pod_security, build_probe
from dbaas.manifests.volumes import build_scratch, from_config_map, from_secret, mount_claim, project
from dbaas.providers.statefulset.names import SERVER, claim_name, config_key, config_name
from dbaas.providers.statefulset.places import PLACES, expand, names_of

SHELL = "/bin/sh"
EXPORTER = "exporter"
METRICS = "metrics"
AGENT = "agent"
START_SECONDS = 600  # until the first process must have opened its port; recovery goes on behind it
LEAST_READY_SECONDS = 2
SECRET_FOLDER = "/etc/dbaas-login"
_EXPORTER_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


def build_pod(
    instance: Instance, workload: Workload, spec: DatabaseClusterSpec, image: ServerImage, labels: Mapping[str, str]
) -> dict[str, Any]:
    """The spec of its template. The account of the API is not in it: a server has no business there."""
    containers = [_server(instance, spec, image)]
    volumes = _volumes(instance)
    if workload.exporter is not None:
        containers.append(_exporter(workload.exporter, instance))
        volumes.append(_login_volume(workload.exporter.login))
        if workload.monitoring is not None and not asks_service(workload.monitoring):
            exporters = Exporters(labels[LABEL_CLUSTER], workload.engine, workload.exporter.port)
            containers.append(build_pmm_client(workload.monitoring, exporters, AGENT))
            volumes.append(build_scratch(AGENT))
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": build_pod_security(image.user, image.group),
        "terminationGracePeriodSeconds": ceil(instance.stop.timeout_seconds),
        "initContainers": [_initialiser(instance, spec, image)] if instance.init else [],
        "containers": containers,
        "volumes": volumes,
        **_scheduling(spec.pod_scheduling_policy, labels),
    }


def _server(instance: Instance, spec: DatabaseClusterSpec, image: ServerImage) -> dict[str, Any]:
    names = names_of(instance, PLACES)
    container = {
        **_container(SERVER, "run", instance, spec, image),
        "ports": [{"name": p.name, "containerPort": p.number, "protocol": "TCP"} for p in instance.ports],
    }
    if instance.ready is not None:
        period = max(LEAST_READY_SECONDS, ceil(instance.ready.period_seconds))
        container["readinessProbe"] = _probe(instance.ready, names, period)
    if instance.alive is not None:
        container["livenessProbe"] = _probe(instance.alive, names, ceil(instance.alive.period_seconds))
        container["startupProbe"] = {**_probe(instance.alive, names, 1), "failureThreshold": START_SECONDS}
    hooks = {
        name: _hook(hook)
        for name, hook in (("postStart", spec.hooks.post_start), ("preStop", spec.hooks.pre_stop))
        if hook is not None
    } if spec.hooks else {}  # fmt: skip
    return {**container, "lifecycle": hooks} if hooks else container


def _initialiser(instance: Instance, spec: DatabaseClusterSpec, image: ServerImage) -> dict[str, Any]:
    return _container("init", "init", instance, spec, image)


def _container(
    name: str, script: str, instance: Instance, spec: DatabaseClusterSpec, image: ServerImage
) -> dict[str, Any]:
    """Why it ended stands in the pod's status: its last words, where it failed."""
    return {
        "name": name,
        "image": image.reference,
        "command": [SHELL, f"{PLACES.scripts}/{script}"],
        "env": [{"name": key, "value": value} for key, value in sorted(instance.env.items())],
        "resources": resources_of(spec).model_dump(exclude_defaults=True),
        "securityContext": dict(CONTAINER_SECURITY),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "data", "mountPath": PLACES.directory},
            {"name": "files", "mountPath": PLACES.mounted, "readOnly": True},
            {"name": "run", "mountPath": PLACES.run},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "memory", "mountPath": "/dev/shm"},
        ],
    }


def _volumes(instance: Instance) -> list[dict[str, Any]]:
    """Files of Secrets and of the ConfigMap are in one folder, as the engine has them side by side."""
    plain = {config_key(file.path): f"files/{file.path}" for file in instance.files if file.secret is None}
    scripts = {name: f"scripts/{name}" for name in ("run", *(("init",) if instance.init else ()))}
    sources = [from_config_map(config_name(instance), {**scripts, **plain})]
    sources += [
        from_secret(file.secret.name, {file.secret.key: f"files/{file.path}"})
        for file in instance.files
        if file.secret is not None
    ]
    return [
        mount_claim("data", claim_name(instance)),
        project("files", sources),
        build_scratch("run"),
        build_scratch("tmp"),
        build_scratch("memory", in_memory=True),
    ]


def _login_volume(credentials: SecretKey) -> dict[str, Any]:
    return project("login", [from_secret(credentials.name, {credentials.key: "password"})])


def _exporter(exporter: Exporter, instance: Instance) -> dict[str, Any]:
    """By an account of its own, which reads the password as a member of the pod's group."""
    names = {
        **names_of(instance, PLACES),
        "PASSWORD_FILE": f"{SECRET_FOLDER}/password", "METRICS_PORT": str(exporter.port),
    }  # fmt: skip
    return {
        "name": EXPORTER,
        "image": exporter.image.reference,
        "args": list(expand(exporter.arguments, names)),
        "env": [{"name": key, "value": expand([value], names)[0]} for key, value in sorted(exporter.env.items())],
        "ports": [{"name": METRICS, "containerPort": exporter.port, "protocol": "TCP"}],
        "resources": _EXPORTER_RESOURCES,
        "securityContext": {**CONTAINER_SECURITY, "runAsUser": exporter.image.user},
        "volumeMounts": [{"name": "login", "mountPath": SECRET_FOLDER, "readOnly": True}],
    }


def _probe(check: CheckCommand, names: Mapping[str, str], period: int) -> dict[str, Any]:
    return build_probe(
        command=expand(check.command, names), port=check.port, path=check.path, period=max(1, period),
        timeout=max(1, ceil(check.timeout_seconds)), failures=check.failures,
    )  # fmt: skip


def _hook(hook: Hook) -> dict[str, Any]:
    if hook.exec is not None:
        return {"exec": {"command": list(hook.exec.command)}}
    assert hook.http_get is not None
    return {"httpGet": {"path": hook.http_get.path, "port": hook.http_get.port, "scheme": "HTTP"}}


def _scheduling(policy: PodSchedulingPolicy | None, selector: Mapping[str, str]) -> dict[str, Any]:
    if policy is None:
        return {}
    said = as_kubernetes(policy)
    said.pop("topologySpreadConstraints", None)
    if policy.topology_spread_constraints:
        said["topologySpreadConstraints"] = [
            {
                "maxSkew": each.max_skew,
                "topologyKey": each.topology_key,
                "whenUnsatisfiable": each.when_unsatisfiable,
                "labelSelector": {"matchLabels": dict(selector)},
            }
            for each in policy.topology_spread_constraints
        ]
    return said
