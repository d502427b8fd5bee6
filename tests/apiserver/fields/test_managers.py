"""Entries of managedFields."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.fields.specimens import T1, VERSION, manager
from dbaas.apiserver.fields.managers import (
    Entry,
    Identity,
    ManagedRefused,
    Manager,
    cap_updaters,
    read_managed,
    write_managed,
)
from dbaas.apiserver.fields.sets import from_json

FIELDS = from_json({"f:spec": {"f:size": {}}})


def entry(name: str = "m", **more: Any) -> dict[str, Any]:
    base = {"manager": name, "operation": "Update", "apiVersion": VERSION, "time": T1}
    return {**base, "fieldsType": "FieldsV1", "fieldsV1": FIELDS.to_json(), **more}


def test_reading_and_writing_gives_the_same_entries() -> None:
    written = [entry("b", operation="Apply"), entry("a"), entry("a", subresource="status")]
    assert write_managed(read_managed(written)) == written


def test_appliers_come_first_and_then_the_oldest() -> None:
    times = [("a", "2026-01-01T00:00:03Z"), ("b", "2026-01-01T00:00:01Z")]
    written = [*(entry(name, time=time) for name, time in times), entry("z", operation="Apply", time="")]
    assert [each["manager"] for each in write_managed(read_managed(written))] == ["z", "b", "a"]
    assert "time" not in write_managed(read_managed(written))[0]


@pytest.mark.parametrize(
    "broken",
    [
        "x",
        [1],
        [entry(operation="Merge")],
        [entry(apiVersion="")],
        [entry(fieldsType="V2")],
        [entry(fieldsV1={"x": {}})],
    ],
)
def test_broken_entries_are_refused(broken: Any) -> None:
    with pytest.raises(ManagedRefused):
        read_managed(broken)


def test_an_applier_is_the_same_in_every_version() -> None:
    assert manager("m").identity == Manager("m", "Apply", "example.com/v2", "", T1).identity
    assert Manager("", "Apply", VERSION, "", T1).identity.name == "unknown"


def test_conflicts_name_a_manager_with_all_that_tells_it_apart() -> None:
    assert str(Identity("m", "Apply", "", "")) == '"m"'
    assert str(Identity("m", "Update", VERSION, "status")) == f'"m" with subresource "status" using {VERSION}'


def test_the_oldest_of_too_many_updaters_become_one() -> None:
    managed = {
        Identity(f"m{number:02}", "Update", VERSION, ""): Entry(
            from_json({f"f:{number}": {}}), VERSION, f"2026-01-01T00:00:{number:02}Z"
        )
        for number in range(13)
    }
    capped = cap_updaters(managed)
    ancient = capped[Identity("ancient-changes", "Update", VERSION, "")]
    assert len(capped) == 10
    assert ancient.fields.to_json() == {f"f:{number}": {} for number in range(4)}
    assert ancient.time == "2026-01-01T00:00:03Z"
    assert cap_updaters(capped) == capped
