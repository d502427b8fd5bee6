"""The pod of an instance: what fills its volume, the server, and what runs beside it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.pods import Hook
from dbaas.api.profiles import resources_of
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.exporting import Exporter
from dbaas.contracts.provider import CheckCommand, Instance, SecretKey, ServerImage, Workload
from dbaas.manifests.monitoring import Exporters, asks_service, build_pmm_client
from dbaas.manifests.pods import API_FOLDER, CONTAINER_SECURITY, build_api_access, build_pod_security, build_probe
from dbaas.manifests.volumes import build_scratch, from_config_map, from_secret, mount_claim, project
from dbaas.providers.statefulset.names import (
    SERVER,
    account_name,
    claim_name,
    config_key,
    config_name,
    secret_path,
)
from dbaas.providers.statefulset.places import ADDRESS, PLACES, Places, expand, names_of
from dbaas.providers.statefulset.scripts import script_names
from dbaas.providers.statefulset.spreading import build_scheduling

SHELL = "/bin/sh"
EXPORTER = "exporter"
METRICS = "metrics"
AGENT = "agent"
API = "api"
START_SECONDS = 600  # until the first process must have opened its port; recovery goes on behind it
LEAST_READY_SECONDS = 2
# Whatever holds a server on a leash and is not alive is killed and not asked: by the time that a pod has to end, others
# would have elected somebody else beside a server that still takes writes. Kubernetes gives no less.
LEASH_SECONDS = 1
SECRET_FOLDER = "/etc/dbaas-login"
_EXPORTER_RESOURCES = {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}}


@dataclass(frozen=True)
class PodSource:
    """What all pods of one cluster are made of. `labels` are those that they have in common."""

    workload: Workload
    spec: DatabaseClusterSpec
    image: ServerImage
    labels: Mapping[str, str]
    places: Places = PLACES


def build_pod(instance: Instance, source: PodSource) -> dict[str, Any]:
    """The spec of its template. A token for the API is in the container alone that has business there, if any."""
    workload, labels = source.workload, source.labels
    containers = [_server(instance, source)]
    volumes = [*_volumes(instance), *([build_api_access(API)] if instance.uses_api else [])]
    if workload.exporter is not None:
        containers.append(_exporter(workload.exporter, instance, source.places))
        volumes.append(_login_volume(workload.exporter.login))
        if workload.monitoring is not None and not asks_service(workload.monitoring):
            exporters = Exporters(labels[LABEL_CLUSTER], workload.engine, workload.exporter.port)
            containers.append(build_pmm_client(workload.monitoring, exporters, AGENT))
            volumes.append(build_scratch(AGENT))
    return {
        **(_account(account_name(labels[LABEL_CLUSTER])) if instance.uses_api else {}),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": build_pod_security(source.image.user, source.image.group),
        "terminationGracePeriodSeconds": ceil(instance.stop.timeout_seconds),
        "initContainers": [_container("init", "init", instance, source)] if instance.init else [],
        "containers": containers,
        "volumes": volumes,
        **build_scheduling(source.spec.pod_scheduling_policy, labels, are_several=len(workload.instances) > 1),
    }


def _account(name: str) -> dict[str, str]:
    """By both of its names: Kubernetes fills in the older one, and one that we have not said would stay behind."""
    return {"serviceAccountName": name, "serviceAccount": name}


def _server(instance: Instance, source: PodSource) -> dict[str, Any]:
    names, wanted = names_of(instance, source.places), source.spec.hooks
    container = {
        **_container(SERVER, "run", instance, source),
        "ports": [{"name": p.name, "containerPort": p.number, "protocol": "TCP"} for p in instance.ports],
    }
    if instance.ready is not None:
        period = max(LEAST_READY_SECONDS, ceil(instance.ready.period_seconds))
        container["readinessProbe"] = render_probe(instance.ready, names, period)
    if instance.alive is not None:
        alive = render_probe(instance.alive, names, ceil(instance.alive.period_seconds))
        at_once = {"terminationGracePeriodSeconds": LEASH_SECONDS} if instance.leash else {}
        container["livenessProbe"] = {**alive, **at_once}
        container["startupProbe"] = {**render_probe(instance.alive, names, 1), "failureThreshold": START_SECONDS}
    hooks = {
        name: _hook(hook)
        for name, hook in (("postStart", wanted.post_start), ("preStop", wanted.pre_stop))
        if hook is not None
    } if wanted else {}  # fmt: skip
    if instance.uses_api:
        container["volumeMounts"].append({"name": API, "mountPath": API_FOLDER, "readOnly": True})
    return {**container, "lifecycle": hooks} if hooks else container


def _container(name: str, script: str, instance: Instance, source: PodSource) -> dict[str, Any]:
    """Why it ended stands in the pod's status: its last words, where it failed."""
    places = source.places
    return {
        "name": name,
        "image": source.image.reference,
        "command": [SHELL, f"{places.scripts}/{script}"],
        "env": _environment(instance, places),
        "resources": resources_of(source.spec).model_dump(exclude_defaults=True),
        "securityContext": dict(CONTAINER_SECURITY),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": "data", "mountPath": places.directory},
            {"name": "files", "mountPath": places.mounted, "readOnly": True},
            {"name": "run", "mountPath": places.run},
            {"name": "tmp", "mountPath": "/tmp"},
            {"name": "memory", "mountPath": "/dev/shm"},
        ],
    }


def _environment(instance: Instance, places: Places) -> list[dict[str, Any]]:
    """Kubernetes itself puts the value of a variable in the place of its name, in those behind it."""
    names = {**names_of(instance, places), "ADDRESS": f"$({ADDRESS})"}
    given = [{"name": key, "value": expand([value], names)[0]} for key, value in sorted(instance.env.items())]
    if not any(names["ADDRESS"] in each["value"] for each in given):
        return given
    told = {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}
    return [{"name": ADDRESS, "valueFrom": told}, *given]


def _volumes(instance: Instance) -> list[dict[str, Any]]:
    return [
        mount_claim("data", claim_name(instance)),
        build_files(instance),
        build_scratch("run"),
        build_scratch("tmp"),
        build_scratch("memory", in_memory=True),
    ]


def build_files(instance: Instance) -> dict[str, Any]:
    """A volume. Files of Secrets and of the ConfigMap are in one folder, as the engine has them side by side."""
    plain = {config_key(file.path): f"files/{file.path}" for file in instance.files if file.secret is None}
    scripts = {name: f"scripts/{name}" for name in script_names(instance)}
    sources = [from_config_map(config_name(instance), {**scripts, **plain})]
    sources += [from_secret(secret.name, {secret.key: path}) for path, secret in _mounted_secrets(instance).items()]
    return project("files", sources)


def _mounted_secrets(instance: Instance) -> Mapping[str, SecretKey]:
    """By the path where each is mounted: as a whole file, or to be put into one."""
    found = {f"files/{file.path}": file.secret for file in instance.files if file.secret is not None}
    for file in instance.files:
        found |= {secret_path(file.path, variable): key for variable, key in sorted(file.secrets.items())}
    return found


def _login_volume(credentials: SecretKey) -> dict[str, Any]:
    return project("login", [from_secret(credentials.name, {credentials.key: "password"})])


def _exporter(exporter: Exporter, instance: Instance, places: Places) -> dict[str, Any]:
    """By an account of its own, which reads the password as a member of the pod's group."""
    names = {
        **names_of(instance, places),
        "PASSWORD_FILE": f"{SECRET_FOLDER}/password", "METRICS_HOST": "", "METRICS_PORT": str(exporter.port),
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


def render_probe(check: CheckCommand, names: Mapping[str, str], period: int) -> dict[str, Any]:
    """`names` are those that its command may use; `period` in seconds."""
    return build_probe(
        command=expand(check.command, names), port=check.port, path=check.path, period=max(1, period),
        timeout=max(1, ceil(check.timeout_seconds)), failures=check.failures,
    )  # fmt: skip


def _hook(hook: Hook) -> dict[str, Any]:
    if hook.exec is not None:
        return {"exec": {"command": list(hook.exec.command)}}
    assert hook.http_get is not None
    return {"httpGet": {"path": hook.http_get.path, "port": hook.http_get.port, "scheme": "HTTP"}}
