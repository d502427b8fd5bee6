"""DatabaseGrant as a managed kind."""

from __future__ import annotations

from controllers.make import make
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import References
from dbaas.controllers.managed.kinds import Seen, read_subject
from dbaas.controllers.managed.records.grants import GRANTS

SPEC = {
    "userRef": {"name": "app"},
    "databaseRef": {"name": "orders", "namespace": "platform"},
    "privileges": [{"on": "database", "privileges": ["CONNECT"]}],
}


def test_it_lives_on_the_server_of_its_user_and_claims_no_name() -> None:
    subject = read_subject(GRANTS, make(DATABASE_GRANT, "reads", SPEC))
    assert (subject.links.instance, subject.links.principal) == (None, (DATABASE_USER, Key("default", "app")))
    assert subject.links.database == Key("platform", "orders")
    assert GRANTS.real_name(subject.spec) is None


def test_its_status_tells_who_has_how_many_entries() -> None:
    subject = read_subject(GRANTS, make(DATABASE_GRANT, "reads", SPEC))
    tally = {"roles": ["writers", "readers"], "directGrants": ["a", "b"], "defaultPrivileges": ["c"]}
    told = GRANTS.describe(subject.spec, Seen(References(principal="app"), entries=5, tally=tally))
    target = {"type": "user", "name": "app", "resolvedUsername": "app"}
    applied = {"roles": ["readers", "writers"], "directGrants": 2, "defaultPrivileges": 1}
    assert told == {"principal": "app", "entries": 5, "appliedGrants": applied, "targetInfo": target}


def test_a_grant_to_a_role_or_to_everybody_says_so() -> None:
    items = {"databaseRef": {"name": "orders"}, "privileges": SPEC["privileges"]}
    role = read_subject(GRANTS, make(DATABASE_GRANT, "reads", {**items, "roleRef": {"name": "readers"}}))
    assert role.links.principal == (DATABASE_ROLE, Key("default", "readers"))
    everybody = read_subject(GRANTS, make(DATABASE_GRANT, "reads", {**items, "public": True}))
    assert everybody.links.principal is None and everybody.links.host == (DATABASE, Key("default", "orders"))
    told = GRANTS.describe(everybody.spec, Seen(References(), entries=1))
    assert told["principal"] == "PUBLIC" and told["targetInfo"]["type"] == "public"
