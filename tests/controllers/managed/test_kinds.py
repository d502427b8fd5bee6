"""How an object of a managed kind is read: `controllers.managed.kinds`."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dbaas.api.database import DATABASE
from dbaas.api.resource import Resource
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records.databases import DATABASES
from fixtures.resources import gadget

HERE = {"instanceRef": {"name": "main"}}


def database(name: str, version: int, spec: dict[str, Any] | None = None, **status: Any) -> Resource:
    return gadget(name, version, kind=DATABASE, spec={**HERE, **(spec or {})}, status=status)


def test_one_version_is_read_once() -> None:
    resource = database("shop", 1)
    assert read_subject(DATABASES, resource) is read_subject(DATABASES, resource)


def test_a_spec_that_stays_is_read_once_and_the_status_each_time() -> None:
    first = read_subject(DATABASES, database("shop", 1))
    second = read_subject(DATABASES, database("shop", 2, applied="digest"))
    assert second.spec is first.spec
    assert (first.was_applied, second.was_applied) == (False, True)
    assert read_subject(DATABASES, database("shop", 3, {"owner": "boss"})).spec.owner == "boss"


def test_objects_with_the_same_spec_have_their_own_names() -> None:
    subjects = [read_subject(DATABASES, database(name, 1)) for name in ("shop", "store")]
    assert [subject.spec.name for subject in subjects] == ["shop", "store"]


def test_a_status_that_does_not_fit_is_told_whether_the_spec_is_known_or_not() -> None:
    for version in (1, 2):
        read_subject(DATABASES, database("odd", version))
        with pytest.raises(ValidationError):
            read_subject(DATABASES, database("odd", version + 10, applied=["no text"]))
