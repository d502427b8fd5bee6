"""DatabaseGrant as a managed kind."""

from __future__ import annotations

from controllers.make import make
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key
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
    assert (subject.links.instance, subject.links.user) == (None, Key("default", "app"))
    assert subject.links.database == Key("platform", "orders")
    assert GRANTS.real_name(subject.spec) is None


def test_its_status_tells_who_has_how_many_entries() -> None:
    subject = read_subject(GRANTS, make(DATABASE_GRANT, "reads", SPEC))
    told = GRANTS.describe(subject.spec, Seen(References(principal="app"), entries=3))
    assert told == {"principal": "app", "entries": 3}
