"""DatabaseUser as a managed kind."""

from __future__ import annotations

from controllers.make import make
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER, DatabaseUserStatus
from dbaas.contracts.engine import References
from dbaas.controllers.managed.kinds import Seen, read_subject
from dbaas.controllers.managed.records.users import USERS

SPEC = {"instanceRef": {"name": "main", "namespace": "platform"}, "databaseRef": {"name": "orders"}}


def test_it_takes_its_objects_name_where_it_has_none() -> None:
    subject = read_subject(USERS, make(DATABASE_USER, "app", SPEC))
    assert USERS.describe(subject.spec, Seen(References())) == {"user": {"username": "app"}}


def test_it_names_its_server_and_its_database_by_their_keys() -> None:
    links = read_subject(USERS, make(DATABASE_USER, "app", SPEC)).links
    assert (links.instance, links.database) == (Key("platform", "main"), Key("default", "orders"))


def test_when_we_made_it_is_told_and_kept() -> None:
    spec = read_subject(USERS, make(DATABASE_USER, "app", SPEC)).spec
    made = USERS.describe(spec, Seen(References(), made_at="2026-01-01T00:00:00Z"))
    assert made == {"user": {"username": "app", "createdAt": "2026-01-01T00:00:00Z"}}
    before = DatabaseUserStatus.model_validate(made)
    assert USERS.describe(spec, Seen(References(), before=before)) == made
