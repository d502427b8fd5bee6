"""MonitoringConfig: whether all that it names is there. Clusters read it themselves; nothing holds its deletion up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from dbaas.api.core import SECRET, SERVICE_MONITOR
from dbaas.api.monitoring import MONITORING_CONFIG, MonitoringConfigSpec
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client, Forbidden, NotFound
from dbaas.contracts.reconcile import Condition, Controller, Outcome, token_of
from dbaas.manifests.monitoring import asks_service_monitor

LOOK_AGAIN_SECONDS = 60.0  # nobody watches kinds that may not be served, nor rights


class Fault(NamedTuple):
    """What keeps an agent from its work, as a condition shows it."""

    reason: str
    message: str


NOT_SERVED = Fault(
    "MonitoringNotServed",
    "this Kubernetes cluster has no ServiceMonitor: install the Prometheus operator, or set "
    "prometheus.serviceMonitorEnabled to false, so that annotations are made instead",
)


class MonitoringConfigController:
    """One for all of them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def build(self) -> Controller:
        return Controller(MONITORING_CONFIG, self.reconcile, references=refer_to_login, refers_to=(SECRET,), workers=2)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Ready when its Secret has the key, and the kind that its agent asks for is served."""
        spec = MonitoringConfigSpec.model_validate(resource.spec)
        status = {"endpoint": spec.endpoint} if spec.endpoint else {}
        fault = await find_login_fault(self._client, resource.metadata.namespace, spec)
        looks_again = asks_service_monitor(spec)
        if fault is None and looks_again:
            fault = await self._find_unserved(resource.metadata.namespace)
        return Outcome(
            conditions=(_judge(fault),),
            status=status,
            phase="Ready" if fault is None else "Failed",
            message=_judge(fault).message,
            requeue_after=LOOK_AGAIN_SECONDS if looks_again else None,
        )

    async def _find_unserved(self, namespace: str) -> Fault | None:
        try:
            await self._client.list(SERVICE_MONITOR, namespace=namespace, fresh=True)
        except NotFound:
            return NOT_SERVED
        except Forbidden as error:
            return Fault("MonitoringForbidden", f"ServiceMonitors cannot be seen: {error.message}")
        return None


async def find_login_fault(client: Client, namespace: str, spec: MonitoringConfigSpec) -> Fault | None:
    """What is wrong with the Secret that the agent logs in with; None where it is as it must be, or none is needed."""
    login = spec.credentials_secret_ref
    if login is None:
        missing = "the server takes metrics only from who logs in: name the Secret with the password"
        return Fault("CredentialsMissing", missing) if spec.type == "pmm" else None
    key = Key(namespace, login.name)
    secret = await client.get(SECRET, key)
    if secret is None:
        return Fault("SecretNotFound", f"there is no Secret {key}")
    if not (secret.body().get("data") or {}).get(login.key):
        return Fault("SecretKeyMissing", f"Secret {key} has nothing under the key {login.key!r}")
    return None


def refer_to_login(config: Resource) -> Iterable[str]:
    name = (config.spec.get("credentialsSecretRef") or {}).get("name")
    if name:
        yield token_of(SECRET, Key(config.metadata.namespace, str(name)))


def _judge(fault: Fault | None) -> Condition:
    if fault is not None:
        return Condition("Ready", "False", *fault)
    return Condition("Ready", "True", "Ready", "all that it names is there")
