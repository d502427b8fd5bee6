"""The official Python client on one server, and a transcript of what it was answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from dbaas.core.randomness import SystemRandomness, name_suffix

MERGE, STRATEGIC = "application/merge-patch+json", "application/strategic-merge-patch+json"
JSON, APPLY = "application/json-patch+json", "application/apply-patch+yaml"
MOMENTS = ("creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime")
VOLATILE = ("uid", "resourceVersion", "continue", *MOMENTS)
GO_VALUE = re.compile(r'Invalid value: "\{.*\}": strict')  # ours leaves out the object that was made of the patch
UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass
class Connection:
    """One server by the official client; `namespace` is this test's own, `kind` is "embedded" or "kube"."""

    kind: str
    api: client.ApiClient
    kubeconfig: Path
    namespace: str = field(default_factory=lambda: f"t-{name_suffix(SystemRandomness(), 10)}")

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api)


@contextmanager
def connect(kind: str, kubeconfig: Path) -> Iterator[Connection]:
    """With a namespace that is made and deleted."""
    settings = client.Configuration()
    config.load_kube_config(str(kubeconfig), client_configuration=settings)
    with client.ApiClient(settings) as api:
        connection = Connection(kind, api, kubeconfig)
        metadata = client.V1ObjectMeta(name=connection.namespace)
        connection.core.create_namespace(client.V1Namespace(metadata=metadata))
        try:
            yield connection
        finally:
            connection.core.delete_namespace(connection.namespace)


@dataclass
class Transcript:
    """Calls in order, each as its name, its status and its answer without what differs from run to run."""

    connection: Connection
    lines: list[tuple[str, int, Any]] = field(default_factory=list)

    def call(self, name: str, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """What the function gives; None where it was refused."""
        try:
            answer = function(*arguments, **options)
        except ApiException as error:
            self.lines.append((name, error.status, self._plain(json.loads(error.body))))
            return None
        self.lines.append((name, 200, self._plain(self.connection.api.sanitize_for_serialization(answer))))
        return answer

    def statuses(self) -> dict[str, int]:
        return {name: status for name, status, _ in self.lines}

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: "*" if name in VOLATILE else self._plain(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._plain(each) for each in value]
        if isinstance(value, str):
            value = GO_VALUE.sub('Invalid value: "": strict', value)
            return UNIQUE.sub("UID", value.replace(self.connection.namespace, "NAMESPACE"))
        return value
