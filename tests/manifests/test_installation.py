"""Tests of `manifests.installation` and its parts: what an installation consists of, whatever is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.reconcile import Controller, Outcome
from dbaas.manifests.installation import (
    LABEL_INSTALLATION,
    LEASE_NAME,
    Body,
    Installation,
    build_installation,
    wide_name,
)
from dbaas.manifests.permissions import Needs

SHOP = Kind("shops.example", "v1", "Shop", "shops")
DEFINITION = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "s"}}


async def _fine(_: Resource) -> Outcome:
    return Outcome()


def _build(**asked: Any) -> list[Body]:
    needs = Needs([Controller(SHOP, _fine, refers_to=(SECRET,))], [SHOP])
    return build_installation(Installation(needs, "dbaas:1", "1", definitions=[DEFINITION], **asked))


def _of(bodies: list[Body], kind: str) -> Iterator[Body]:
    return (body for body in bodies if body["kind"] == kind)


def _one(bodies: list[Body], kind: str) -> Body:
    (found,) = _of(bodies, kind)
    return found


def _roles(bodies: list[Body]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Namespace (empty: all of them) and name of each, with its rules."""
    found = [*_of(bodies, "ClusterRole"), *_of(bodies, "Role")]
    return {(b["metadata"].get("namespace", ""), b["metadata"]["name"]): b["rules"] for b in found}


def _reads(rules: list[dict[str, Any]], resource: str) -> bool:
    return any(resource in rule["resources"] and "list" in rule["verbs"] for rule in rules)


def test_definitions_come_first_and_the_reviews_are_asked_for_last() -> None:
    kinds = [body["kind"] for body in _build()]
    assert kinds[:2] == ["CustomResourceDefinition", "Namespace"]
    assert kinds[-2:] == ["Deployment", "ValidatingWebhookConfiguration"]
    assert kinds.index("ClusterRoleBinding") < kinds.index("Deployment")


def test_everything_but_definitions_is_marked_as_of_this_installation() -> None:
    for body in _build(namespace="here"):
        marked = body["metadata"]["labels"].get(LABEL_INSTALLATION)
        assert marked == (None if body["kind"] == "CustomResourceDefinition" else "here"), body


def test_the_first_operator_finds_an_empty_lease_and_need_not_wait_for_a_missing_one() -> None:
    lease = _one(_build(namespace="here"), "Lease")
    assert (lease["metadata"]["namespace"], lease["metadata"]["name"]) == ("here", LEASE_NAME)
    assert "spec" not in lease


def test_monitors_are_made_where_they_are_asked_for() -> None:
    asked = {body["kind"]: body for body in _build(monitoring=True, namespace="here")}
    service = next(body for body in _of(_build(), "Service") if body["metadata"]["name"] == "dbaas-metrics")
    monitor = asked["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    assert asked["PrometheusRule"]["metadata"]["namespace"] == "here"
    assert not {"ServiceMonitor", "PrometheusRule"} & {body["kind"] for body in _build()}


def test_two_installations_share_nothing_but_the_definitions() -> None:
    names = [
        {(b["kind"], b["metadata"].get("namespace", ""), b["metadata"]["name"]) for b in _build(namespace=namespace)}
        for namespace in ("one", "two")
    ]
    assert names[0] & names[1] == {("CustomResourceDefinition", "", "s")}


def test_rights_are_wide_unless_namespaces_are_named() -> None:
    wide = _roles(_build())
    assert _reads(wide["", wide_name("dbaas-system")], "secrets")
    narrow = _roles(_build(namespaces=("a", "b")))
    assert not any(_reads(rules, "secrets") for (namespace, _), rules in narrow.items() if namespace not in ("a", "b"))
    assert _reads(narrow["a", wide_name("dbaas-system")], "secrets")
    assert _reads(narrow["b", wide_name("dbaas-system")], "secrets")


def test_the_namespace_of_the_operator_and_default_may_be_worked_in_too() -> None:
    roles = _roles(_build(namespaces=("dbaas-system", "default")))
    assert _reads(roles["dbaas-system", "dbaas-operator"], "secrets")
    assert _reads(roles["default", wide_name("dbaas-system")], "secrets")


def test_every_role_is_bound_to_the_operator_and_to_nobody_else() -> None:
    bodies = _build(namespaces=("a",))
    for binding in [*_of(bodies, "RoleBinding"), *_of(bodies, "ClusterRoleBinding")]:
        assert binding["subjects"] == [
            {"kind": "ServiceAccount", "name": "dbaas-operator", "namespace": "dbaas-system"}
        ]
    bound = {b["roleRef"]["name"] for b in _of(bodies, "ClusterRoleBinding")}
    assert bound == {wide_name("dbaas-system")}  # those of people are aggregated, and never bound here


def test_people_who_view_cannot_change() -> None:
    roles = _roles(_build())
    view, edit = (roles["", f"{wide_name('dbaas-system')}-{name}"] for name in ("view", "edit"))
    assert {verb for rule in view for verb in rule["verbs"]} == {"get", "list", "watch"}
    assert "secrets" not in [resource for rule in [*view, *edit] for resource in rule["resources"]]


def test_pods_may_run_where_the_strictest_standard_is_enforced() -> None:
    bodies = _build()
    pod = _one(bodies, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert _one(bodies, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_operator_is_told_what_was_asked_for() -> None:
    bodies = _build(namespaces=("a", "b"), labels={"team": "x"}, webhooks="off", replicas=3)
    spec = _one(bodies, "Deployment")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["args"] == ["operator", "--namespaces=a,b", "--selector=team=x", "--no-webhooks"]
    assert spec["replicas"] == 3
    assert not [*_of(bodies, "ValidatingWebhookConfiguration")]


@pytest.mark.parametrize(("namespaces", "operator"), [((), "NotIn"), (("a",), "In")])
def test_nobody_has_to_answer_a_review_for_anything_to_go_on(namespaces: tuple[str, ...], operator: str) -> None:
    (webhook,) = _one(_build(namespaces=namespaces, labels={"team": "x"}), "ValidatingWebhookConfiguration")["webhooks"]
    assert webhook["failurePolicy"] == "Ignore"
    assert {verb for rule in webhook["rules"] for verb in rule["operations"]} == {"CREATE", "UPDATE"}
    assert not any("/" in resource for rule in webhook["rules"] for resource in rule["resources"])
    (match,) = webhook["namespaceSelector"]["matchExpressions"]
    assert match["operator"] == operator
    assert webhook["objectSelector"] == {"matchLabels": {"team": "x"}}
    assert "system:serviceaccount:dbaas-system:dbaas-operator" in webhook["matchConditions"][1]["expression"]


def test_cert_manager_is_asked_for_a_certificate_only_where_it_is_wanted() -> None:
    assert not [*_of(_build(), "Certificate")]
    bodies = _build(webhooks="cert-manager")
    certificate = _one(bodies, "Certificate")
    assert certificate["spec"]["dnsNames"][0] == "dbaas-webhooks.dbaas-system.svc"
    annotations = _one(bodies, "ValidatingWebhookConfiguration")["metadata"]["annotations"]
    assert annotations == {"cert-manager.io/inject-ca-from": "dbaas-system/dbaas-webhooks"}
    (_, volume) = _one(bodies, "Deployment")["spec"]["template"]["spec"]["volumes"]
    assert volume["secret"]["secretName"] == certificate["spec"]["secretName"]
    own = [rule for rules in _roles(bodies).values() for rule in rules]
    assert not any("validatingwebhookconfigurations" in rule["resources"] for rule in own)
