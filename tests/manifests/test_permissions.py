"""Tests of `manifests.permissions`: rights follow from what controllers say of themselves."""

from __future__ import annotations

from dbaas.api.core import CONFIG_MAP, NAMESPACE, SECRET, SERVICE
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.reconcile import Controller, Outcome, Watch
from dbaas.manifests.permissions import Needs, Rule, build_rule, derive_rules, people_rules

SHOP = Kind("shops.example", "v1", "Shop", "shops")
WIDE = Kind("shops.example", "v1", "ClusterShop", "clustershops", namespaced=False)


async def _fine(_: Resource) -> Outcome:
    return Outcome()


def _verbs(rules: list[Rule], resource: str) -> set[str]:
    return {verb for rule in rules if resource in rule["resources"] for verb in rule["verbs"]}


def _needs(**more: object) -> Needs:
    shop = Controller(
        SHOP, _fine, owns=(SERVICE,), refers_to=(NAMESPACE, SECRET), watches=(Watch(CONFIG_MAP, lambda _: ()),)
    )
    return Needs([shop, Controller(WIDE, _fine)], [SHOP, WIDE], **more)  # type: ignore[arg-type]


def test_what_a_controller_works_on_may_be_read_and_changed_and_not_made() -> None:
    rules = derive_rules(_needs(), namespaced=True)
    assert _verbs(rules, "shops") == {"get", "list", "watch", "patch"}
    assert _verbs(rules, "shops/status") == {"patch"}
    assert _verbs(rules, "shops/finalizers") == {"update"}


def test_children_may_be_made_and_removed() -> None:
    assert _verbs(derive_rules(_needs(), namespaced=True), "services") == {
        "get", "list", "watch", "create", "patch", "delete",
    }  # fmt: skip


def test_what_is_only_looked_at_may_only_be_read() -> None:
    rules = derive_rules(_needs(looked_at=(Kind("", "v1", "Pod", "pods"),)), namespaced=True)
    assert _verbs(rules, "configmaps") == {"get", "list", "watch"}
    assert _verbs(rules, "pods") == {"get", "list"}


def test_who_gives_rights_to_others_has_them() -> None:
    granted = (
        (Kind("", "v1", "Pod", "pods"), ("watch", "patch")),
        (Kind("", "v1", "ConfigMap", "configmaps"), ("patch",)),
    )
    rules = derive_rules(_needs(granted=granted), namespaced=True)
    assert _verbs(rules, "pods") == {"watch", "patch"}
    assert _verbs(rules, "configmaps") == {"get", "list", "watch", "patch"}


def test_kinds_in_no_namespace_are_apart() -> None:
    needs = _needs()
    within, wide = derive_rules(needs, namespaced=True), derive_rules(needs, namespaced=False)
    assert _verbs(within, "clustershops") == _verbs(within, "namespaces") == set()
    assert _verbs(wide, "shops") == _verbs(wide, "secrets") == set()
    assert _verbs(wide, "namespaces") == {"get", "list", "watch"}
    assert _verbs(wide, "clustershops") == {"get", "list", "watch", "patch"}


def test_what_is_done_undeclared_is_added() -> None:
    rules = derive_rules(_needs(made=(SHOP,), deleted=(SHOP,)), namespaced=True)
    assert _verbs(rules, "shops") == {"get", "list", "watch", "patch", "create", "delete"}


def test_no_right_is_given_for_all_there_is() -> None:
    rules = [*derive_rules(_needs(), namespaced=True), *derive_rules(_needs(), namespaced=False)]
    assert not [rule for rule in rules if "*" in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]]


def test_people_get_rights_to_our_kinds_only() -> None:
    assert people_rules([SHOP, WIDE], ("get",)) == [
        {"apiGroups": ["shops.example"], "resources": ["shops"], "verbs": ["get"]}
    ]


def test_a_right_may_be_to_some_objects_only() -> None:
    assert build_rule(SECRET, ("get",), ("one",))["resourceNames"] == ["one"]
    assert "resourceNames" not in build_rule(SECRET, ("create",))
