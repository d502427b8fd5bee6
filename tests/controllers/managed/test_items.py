"""What an object stands for, and what it applied before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from controllers.make import database, instance
from dbaas.contracts.engine import Login
from dbaas.contracts.registry import Registry
from dbaas.controllers.managed.items import (
    Thing,
    build_farewell,
    build_items,
    build_wishes,
    digest_wanted,
    format_owned,
    read_owned,
)
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.managed.resolution import Resolved, own_references
from dbaas.controllers.servers import read_server
from dbaas.core.secrets import Secret
from simulation.engine import Network, build_engine

ENGINE = build_engine(Network())
SERVER = read_server(instance(), Registry({"basalt": ENGINE}, {}, ""))
SALES = {"part": "schemas", "database": "shop", "name": "sales", "keys": ["sales"]}


def resolve(spec: dict[str, Any] | None = None, **metadata: Any) -> Resolved:
    subject = read_subject(DATABASES, database("shop", spec, **metadata))
    return Resolved(subject, SERVER, own_references(subject))


def test_the_name_of_the_object_is_the_default() -> None:
    assert resolve().subject.name == "database 'shop'"
    assert resolve({"name": "Orders"}).subject.name == "database 'Orders'"


def test_what_was_applied_and_left_the_manifest_is_wished_away() -> None:
    resolved = resolve(status={"owned": [SALES]})
    wishes = build_wishes(resolved.subject, ENGINE, build_items(resolved, None))
    assert [(wish.thing, wish.desired is None) for wish in wishes] == [
        (Thing("bases", None, "shop"), False), (Thing("schemas", "shop", "sales"), True),
    ]  # fmt: skip
    assert wishes[1].owned == {"sales"}


def test_what_goes_with_the_database_is_not_dropped_by_itself() -> None:
    resolved = resolve({"basalt": {"schemas": ["sales"]}}, status={"owned": [SALES]})
    wishes = build_farewell(resolved.subject, ENGINE, build_items(resolved, None))
    assert [wish.thing for wish in wishes] == [Thing("bases", None, "shop")]
    assert wishes[0].desired is None


def test_owned_entries_survive_the_status() -> None:
    status = resolve(status={"owned": [SALES]}).subject.status
    assert format_owned(read_owned(status.owned).items()) == [SALES]
    assert format_owned([(Thing("bases", None, "shop"), frozenset())]) == []


def test_the_digest_changes_with_what_is_wanted_and_with_nothing_else() -> None:
    digest = digest_wanted(resolve(), None)
    assert digest == digest_wanted(resolve({"deletionPolicy": "Delete", "driftPolicy": {"mode": "ignore"}}), None)
    assert digest != digest_wanted(resolve({"owner": "somebody"}), None)
    assert digest != digest_wanted(resolve({"basalt": {"schemas": ["x"]}}), None)


def test_the_digest_changes_with_the_address_of_the_server() -> None:
    here = resolve()
    connection = {"host": "elsewhere", "port": 7000, "secretRef": {"name": "main-admin"}}
    moved = read_server(instance(spec={"connection": connection}), Registry({"basalt": ENGINE}, {}, ""))
    assert digest_wanted(here, None) != digest_wanted(replace(here, server=moved), None)


def test_the_digest_knows_the_version_of_a_password_and_not_the_password() -> None:
    one, other = Login(Secret("a"), "7"), Login(Secret("b"), "7", "proof")
    assert digest_wanted(resolve(), one) == digest_wanted(resolve(), other)
    assert digest_wanted(resolve(), one) != digest_wanted(resolve(), Login(Secret("a"), "8"))
