"""DatabaseRole as a managed kind."""

from __future__ import annotations

from controllers.make import make
from dbaas.api.resource import Key
from dbaas.api.role import DATABASE_ROLE
from dbaas.contracts.engine import References
from dbaas.controllers.managed.kinds import Seen, read_subject
from dbaas.controllers.managed.records.roles import ROLES
from dbaas.controllers.managed.records.users import USERS

SPEC = {"instanceRef": {"name": "main", "namespace": "platform"}}


def test_it_takes_its_objects_name_where_it_has_none() -> None:
    subject = read_subject(ROLES, make(DATABASE_ROLE, "staff", SPEC))
    assert ROLES.describe(subject.spec, Seen(References())) == {"role": {"name": "staff"}}
    named = read_subject(ROLES, make(DATABASE_ROLE, "staff", {**SPEC, "roleName": "Staff"}))
    assert ROLES.real_name(named.spec) == "Staff"


def test_it_names_its_server_by_its_key() -> None:
    assert read_subject(ROLES, make(DATABASE_ROLE, "staff", SPEC)).links.instance == Key("platform", "main")


def test_it_is_the_same_sort_of_thing_as_a_user() -> None:
    assert ROLES.thing == USERS.thing
