"""Database as a managed kind."""

from __future__ import annotations

from controllers.make import database
from dbaas.api.resource import Key
from dbaas.contracts.engine import References
from dbaas.controllers.managed.kinds import Seen, read_subject
from dbaas.controllers.managed.records.databases import DATABASES


def test_it_takes_its_objects_name_where_it_has_none() -> None:
    assert read_subject(DATABASES, database("orders")).spec.name == "orders"


def test_its_owner_may_be_a_user_of_ours() -> None:
    links = read_subject(DATABASES, database("orders", {"owner": "app"})).links
    assert links.instance == Key("default", "main") and links.real_names == (("role", "app"),)


def test_its_status_names_the_owner_that_was_asked_for_until_the_server_has_answered() -> None:
    subject = read_subject(DATABASES, database("orders", {"owner": "app"}))
    assert DATABASES.describe(subject.spec, Seen(References())) == {"database": {"name": "orders", "owner": "app"}}
