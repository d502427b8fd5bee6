"""What members have besides their pods: no more rights than they need, and nodes that are emptied in turn."""

from __future__ import annotations

from typing import Any

from conformance.provider import MEMBER_WORKLOAD, SERVER_WORKLOAD
from dbaas.providers.statefulset.membership import GRANTS, build_budget, render_membership


def metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "shop"}


def rules() -> list[dict[str, Any]]:
    (role,) = [each for each in render_membership("main", MEMBER_WORKLOAD, metadata) if each["kind"] == "Role"]
    return [dict(rule) for rule in role["rules"]]


def test_an_instance_alone_has_no_account() -> None:
    assert list(render_membership("main", SERVER_WORKLOAD, metadata)) == []


def test_the_account_is_bound_to_its_role_and_mounts_its_token_nowhere_by_itself() -> None:
    account, role, binding = render_membership("main", MEMBER_WORKLOAD, metadata)
    assert account["automountServiceAccountToken"] is False
    assert (binding["roleRef"]["kind"], binding["roleRef"]["name"]) == ("Role", role["metadata"]["name"])
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "main-members", "namespace": "shop"}]


def test_what_they_change_is_theirs_by_name() -> None:
    for rule in rules():
        if {"get", "patch"} & set(rule["verbs"]):
            names = rule["resourceNames"]
            assert names in (["main-0", "main-2-0", "main-3-0"], ["main-config", "main-leader"])
        else:
            assert set(rule["verbs"]) <= {"list", "watch", "create"}
    assert not [rule for rule in rules() if {"secrets", "endpoints"} & set(rule["resources"])]
    assert not [rule for rule in rules() if {"delete", "update", "deletecollection"} & set(rule["verbs"])]


def test_all_that_they_get_is_named_as_given() -> None:
    given = {(kind.plural, verb) for kind, verbs in GRANTS.items() for verb in verbs}
    assert {(rule["resources"][0], verb) for rule in rules() for verb in rule["verbs"]} == given


def test_a_node_that_is_emptied_takes_one_instance_with_it() -> None:
    budget = build_budget(metadata("main"), {"dbaas.io/cluster": "main"})
    assert budget["spec"] == {"maxUnavailable": 1, "selector": {"matchLabels": {"dbaas.io/cluster": "main"}}}
