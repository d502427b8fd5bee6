"""What instances have agreed on, as they say themselves."""

from __future__ import annotations

import json

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.manifests.agreement import find_unsettled, read_roles


def there(kind: Kind, name: str, *, labels: dict[str, str] | None = None, **annotations: str) -> Resource:
    return build_resource(kind, {"metadata": {"name": name, "namespace": "shop", "labels": labels or {},
                                              "annotations": annotations}})  # fmt: skip


def pod(name: str, role: str = "", **annotations: str) -> Resource:
    return there(POD, name, labels={"dbaas.io/role": role} if role else {}, **annotations)


def test_without_pods_the_only_instance_is_the_primary() -> None:
    assert read_roles(declare(), []) is None


def test_who_takes_writes_is_whom_they_agreed_on_even_where_a_dead_one_is_still_labelled() -> None:
    children = [
        pod("main", "primary"), pod("main-2", "primary"), pod("main-3", "replica"),
        there(CONFIG_MAP, "main-leader", leader="main-2"), there(CONFIG_MAP, "main-config", leader="main"),
    ]  # fmt: skip
    assert read_roles(declare(), children) == {"main": "", "main-2": "primary", "main-3": "replica"}
    assert read_roles(declare(), children[:3]) == {"main": "", "main-2": "", "main-3": "replica"}


def test_settings_that_wait_for_a_start_are_told_by_instance() -> None:
    said = json.dumps({"pending_restart_reason": {"max_connections": {"old_value": "100"}}})
    assert find_unsettled([pod("main", status=said), pod("main-2", status="{}"), pod("main-3", status="no JSON")]) == (
        "main must be started anew before these settings count: max_connections",
    )
