"""What instances that agree through the API have besides their pods: an account with the rights to do so. Pure.

No more than Patroni's own way asks for (patroni.dcs.kubernetes): each says in its pod how it is, and all write notes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dbaas.api.core import CONFIG_MAP, POD, POD_DISRUPTION_BUDGET, ROLE, ROLE_BINDING, SERVICE_ACCOUNT
from dbaas.api.resource import Kind
from dbaas.contracts.provider import Workload
from dbaas.manifests.permissions import Rule, build_rule
from dbaas.providers.statefulset.names import account_name, pod_name

GRANTS: Mapping[Kind, Sequence[str]] = {
    POD: ("get", "list", "watch", "patch"),
    CONFIG_MAP: ("get", "list", "watch", "create", "patch"),
}
"""All that members are given. Nobody can give what he has not, so whoever makes their Role has it too."""
_FOUND_BY_LABEL = ("list", "watch", "create")  # these know no names


def render_membership(
    cluster: str, workload: Workload, metadata: Callable[[str], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Nothing where no instance uses the API. `metadata` makes that of a child."""
    if not any(each.uses_api for each in workload.instances):
        return
    name = account_name(cluster)
    yield {
        "apiVersion": SERVICE_ACCOUNT.api_version, "kind": SERVICE_ACCOUNT.kind, "metadata": metadata(name),
        "automountServiceAccountToken": False,
    }  # fmt: skip
    yield {
        "apiVersion": ROLE.api_version, "kind": ROLE.kind, "metadata": metadata(name),
        "rules": _rules(cluster, workload),
    }  # fmt: skip
    role = {"apiGroup": ROLE.group, "kind": ROLE.kind, "name": name}
    account = {"kind": SERVICE_ACCOUNT.kind, "name": name, "namespace": metadata(name)["namespace"]}
    yield {
        "apiVersion": ROLE_BINDING.api_version, "kind": ROLE_BINDING.kind, "metadata": metadata(name),
        "roleRef": role, "subjects": [account],
    }  # fmt: skip


def build_budget(metadata: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """A node that is emptied takes one pod of these at a time with it; the next one goes when that one serves again."""
    return {
        "apiVersion": POD_DISRUPTION_BUDGET.api_version,
        "kind": POD_DISRUPTION_BUDGET.kind,
        "metadata": dict(metadata),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": dict(labels)}},
    }


def _rules(cluster: str, workload: Workload) -> list[Rule]:
    """Reading and changing by name: theirs, and nobody else's."""
    names = {
        POD: [pod_name(each) for each in workload.instances],
        CONFIG_MAP: [f"{cluster}-{note}" for note in workload.notes],
    }
    rules: list[Rule] = []
    for kind, verbs in GRANTS.items():
        rules.append(build_rule(kind, [verb for verb in verbs if verb in _FOUND_BY_LABEL]))
        rules.append(build_rule(kind, [verb for verb in verbs if verb not in _FOUND_BY_LABEL], names[kind]))
    return rules
