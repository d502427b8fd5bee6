"""Fields that would change."""

from __future__ import annotations

from dbaas.controllers.managed.differences import FieldChange, compare_objects


def test_changed_added_and_removed_fields_are_named_by_their_paths() -> None:
    before = {"spec": {"owner": "a", "limit": 5, "block": {"x": 1}}, "status": {"phase": "Ready"}}
    after = {"spec": {"owner": "b", "block": {"x": 1, "y": [1]}}}
    assert compare_objects(before, after) == (
        FieldChange("spec.owner", "a", "b"), FieldChange("spec.block.y", None, [1]), FieldChange("spec.limit", 5, None),
    )  # fmt: skip


def test_labels_count_and_what_servers_add_does_not() -> None:
    before = {"metadata": {"uid": "1", "labels": {"a": "b"}}, "spec": {}}
    after = {"metadata": {"uid": "2", "labels": {"a": "c"}}, "spec": {}}
    assert compare_objects(before, after) == (FieldChange("metadata.labels.a", "b", "c"),)


def test_lists_are_compared_whole() -> None:
    assert compare_objects({"spec": {"l": [1, 2]}}, {"spec": {"l": [2]}}) == (FieldChange("spec.l", [1, 2], [2]),)


def test_values_of_secrets_are_masked() -> None:
    before = {"kind": "Secret", "data": {"password": "b2xk"}}
    after = {"kind": "Secret", "data": {"password": "bmV3", "more": "eA=="}}
    shown = compare_objects(before, after)
    assert [(change.path, change.before, change.after) for change in shown] == [
        ("data.password", "********", "********"), ("data.more", None, "********"),
    ]  # fmt: skip


def test_a_password_that_is_written_out_is_masked_and_its_change_is_told() -> None:
    before, after = ({"spec": {"logins": [1], "login": {"password": {"value": value}}}} for value in ("old", "new"))
    (change,) = compare_objects(before, after)
    assert change == FieldChange("spec.login.password.value", "********", "********")
    (change,) = compare_objects({}, {"spec": {"logins": [{"password": "new"}]}})
    assert change == FieldChange("spec.logins", None, [{"password": "********"}])


def test_sql_is_shown_without_the_passwords_that_are_written_out_in_it() -> None:
    texts = ["CREATE TABLE a ()", "ALTER ROLE a PASSWORD 'hunter2'"]
    (change,) = compare_objects({}, {"kind": "Database", "spec": {"initSQL": {"inline": texts}}})
    assert change == FieldChange("spec.initSQL.inline", None, [texts[0], "ALTER ROLE a PASSWORD '********'"])
