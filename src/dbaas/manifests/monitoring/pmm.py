"""The client of Percona Monitoring and Management beside an instance, which sends what the exporter tells. Pure.

Its settings are those of docs.percona.com, "Run PMM Client as a Docker container", and of `pmm-admin add external`. It
is told of the exporter and not of the server: so it needs no login there, and does for every engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.manifests.monitoring.agents import PATH, Exporters
from dbaas.manifests.pods import CONTAINER_SECURITY

CLIENT = "pmm-client"
FOLDER = "/tmp"
ACCOUNT = 1002  # that of the image
_RESOURCES = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}}


def build_pmm_client(config: MonitoringConfigSpec, exporters: Exporters, scratch: str) -> dict[str, Any]:
    """`scratch` is a volume of the pod that is its own. Everything else about it is in its environment."""
    assert config.pmm is not None, "the schema asks for the block"
    resources = config.pmm.resources
    return {
        "name": CLIENT,
        "image": config.pmm.image,
        "env": [*_who(), *_settings(config, exporters), *_password(config)],
        "resources": resources.model_dump(exclude_defaults=True) if resources is not None else _RESOURCES,
        "securityContext": {**CONTAINER_SECURITY, "runAsUser": ACCOUNT, "runAsGroup": ACCOUNT},
        "lifecycle": {"preStop": {"exec": {"command": ["pmm-admin", "unregister", "--force"]}}},
        "volumeMounts": [{"name": scratch, "mountPath": FOLDER}],
    }


def _who() -> list[dict[str, Any]]:
    """Kubernetes expands `$(NAME)` only with what stands before it."""
    fields = {"POD_NAME": "metadata.name", "POD_NAMESPACE": "metadata.namespace"}
    return [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in fields.items()]


def _settings(config: MonitoringConfigSpec, exporters: Exporters) -> list[dict[str, str]]:
    assert config.pmm is not None
    node = "$(POD_NAMESPACE)-$(POD_NAME)"
    settings: Mapping[str, str] = {
        "PMM_AGENT_SERVER_ADDRESS": f"{config.pmm.server_host}:{config.pmm.server_port}",
        "PMM_AGENT_SERVER_USERNAME": config.pmm.server_user,
        "PMM_AGENT_SERVER_INSECURE_TLS": "0" if config.pmm.verify_tls else "1",
        "PMM_AGENT_SETUP": "1",
        "PMM_AGENT_SETUP_FORCE": "1",  # a pod that comes back has the name of one that is known
        "PMM_AGENT_SETUP_NODE_TYPE": "container",
        "PMM_AGENT_SETUP_NODE_NAME": node,
        "PMM_AGENT_SETUP_METRICS_MODE": "push",
        "PMM_AGENT_SIDECAR": "1",  # tries again itself where its server is away
        "PMM_AGENT_SIDECAR_SLEEP": "5",
        "PMM_AGENT_CONFIG_FILE": f"{FOLDER}/pmm-agent.yaml",
        "PMM_AGENT_PATHS_TEMPDIR": FOLDER,
        "PMM_AGENT_PRERUN_SCRIPT": "pmm-admin status --wait=10s; " + " ".join(_add(node, exporters)),
    }
    return [{"name": name, "value": value} for name, value in settings.items()]


def _add(node: str, exporters: Exporters) -> list[str]:
    """Without a look at it first: the exporter may start later than the client."""
    return [
        "pmm-admin", "add", "external", f"--service-name={node}", f"--listen-port={exporters.port}",
        f"--metrics-path={PATH}", f"--group={exporters.engine}", f"--cluster={exporters.cluster}",
        "--metrics-mode=push", "--skip-connection-check",
    ]  # fmt: skip


def _password(config: MonitoringConfigSpec) -> list[dict[str, Any]]:
    """The client reads it from its environment only. A Secret that is missing must not keep a server from starting."""
    login = config.credentials_secret_ref
    if login is None:
        return []
    source = {"secretKeyRef": {"name": login.name, "key": login.key, "optional": True}}
    return [{"name": "PMM_AGENT_SERVER_PASSWORD", "valueFrom": source}]
