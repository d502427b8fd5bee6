"""The group's annotations."""

from __future__ import annotations

import pytest

from dbaas.dialects.dbops.annotations import (
    in_their_words,
    is_paused,
    read_consent,
    read_farewell,
    refuse_farewell,
    translate_annotations,
)
from dialects.dbops.make import SERVER, foreign

PREFIX = "dbops.dbprovision.io"


def test_both_ways_to_pause_are_understood() -> None:
    for name in ("skip-reconcile", "pause-reconcile"):
        assert is_paused(foreign("Database", SERVER, annotations={f"{PREFIX}/{name}": "true"}))
        assert not is_paused(foreign("Database", SERVER, annotations={f"{PREFIX}/{name}": "false"}))
    assert not is_paused(foreign("Database", SERVER))


def test_those_with_a_meaning_for_ours_are_handed_on() -> None:
    given = {
        f"{PREFIX}/force-delete": "true",
        f"{PREFIX}/confirm-force-delete": "1a2b3c4d",
        f"{PREFIX}/allow-destructive-drift": "true",
        f"{PREFIX}/unknown": "x",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    assert translate_annotations(foreign("Database", SERVER, annotations=given)) == {
        "dbaas.io/force-delete": "true",
        "dbaas.io/confirm-delete": "1a2b3c4d",
        "dbaas.io/allow-destructive": "true",
    }


def test_messages_name_what_can_be_written_on_the_foreign_object() -> None:
    assert in_their_words("set the annotation dbaas.io/confirm-delete: '1a'") == (
        f"set the annotation {PREFIX}/confirm-force-delete: '1a'"
    )
    assert in_their_words("add it to its spec.allowedNamespaces") == (
        "add it to its annotation dbaas.io/allowed-namespaces"
    )


def test_who_may_refer_to_it_is_a_list_with_commas() -> None:
    here = foreign("Database", SERVER, annotations={"dbaas.io/allowed-namespaces": "a, b,,a "})
    assert read_consent(here) == ["a", "b"] and read_consent(here, unless_said="*") == ["a", "b"]
    silent = foreign("Database", SERVER)
    assert read_consent(silent) == [] and read_consent(silent, unless_said="*") == ["*"]
    nobody = foreign("Database", SERVER, annotations={"dbaas.io/allowed-namespaces": ""})
    assert read_consent(nobody, unless_said="*") == []


@pytest.mark.parametrize(
    ("name", "value", "is_possible"),
    [
        ("deletion-policy", "Retain", True),
        ("deletion-policy", "retain", False),
        ("deletion-policy", "Snapshot", False),
        ("deletion-protection", "true", True),
        ("deletion-protection", "False", True),
        ("deletion-protection", "yes", False),
    ],
)
def test_a_word_about_the_end_that_means_nothing_is_refused(name: str, value: str, is_possible: bool) -> None:
    found = list(refuse_farewell(foreign("DatabaseRole", SERVER, annotations={f"{PREFIX}/{name}": value})))
    assert [violation.field for violation in found] == (
        [] if is_possible else [f"metadata.annotations[{PREFIX}/{name}]"]
    )


def test_users_and_roles_are_dropped_unprotected_unless_that_is_said() -> None:
    assert read_farewell(foreign("DatabaseRole", SERVER)) == {"deletionPolicy": "Delete", "deletionProtection": False}
    said = {f"{PREFIX}/deletion-policy": "Retain", f"{PREFIX}/deletion-protection": "True"}
    assert read_farewell(foreign("DatabaseRole", SERVER, annotations=said)) == {
        "deletionPolicy": "Retain", "deletionProtection": True
    }  # fmt: skip
