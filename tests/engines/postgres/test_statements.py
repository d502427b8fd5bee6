"""Every statement that changes a server, as it is shown and sent."""

from __future__ import annotations

from inspect import getmembers, isfunction
from pathlib import Path

from dbaas.core.secrets import Secret
from dbaas.engines.postgres import statements as s
from dbaas.engines.postgres.queries import Identifier, Query

GOLDEN = Path(__file__).parents[2] / "golden" / "postgres-statements.sql"
NAME = 'it"s'
TABLES = s.Objects("TABLE", (Identifier("sales", "orders"), Identifier("sales", NAME)))
COLUMNS = s.Objects("TABLE", (Identifier("sales", "orders"),), (Identifier("id"), Identifier(NAME)))
FUTURE = s.FutureObjects("TABLES", "owner", "sales")
EXAMPLES: dict[str, list[Query]] = {
    "act_as": [s.act_as(NAME)],
    "act_as_ourselves": [s.act_as_ourselves()],
    "alter_role": [s.alter_role(NAME, s.connection_limit(5)), s.alter_role(NAME, s.password(NAME, Secret("x")))],
    "create_database": [
        s.create_database(NAME, s.DatabaseOptions(), 180000),
        s.create_database(NAME, s.DatabaseOptions("template1", "UTF8", "C", "C.UTF-8", "owner"), 150000),
        s.create_database(NAME, s.DatabaseOptions("template1", "UTF8", "C", "C.UTF-8", "owner"), 140000),
    ],
    "create_extension": [s.create_extension(NAME, "sales", None), s.create_extension(NAME, "sales", "1.2")],
    "comment_on_database": [s.comment_on_database(NAME, "it's"), s.comment_on_database(NAME, None)],
    "comment_on_role": [s.comment_on_role(NAME, "it's"), s.comment_on_role(NAME, None)],
    "create_role": [
        s.create_role(NAME, []),
        s.create_role(NAME, [s.attribute("LOGIN"), s.valid_until("infinity"), s.password(NAME, Secret("x"))]),
    ],
    "create_schema": [s.create_schema(NAME, None), s.create_schema(NAME, "owner")],
    "drop_database": [s.drop_database(NAME)],
    "drop_extension": [s.drop_extension(NAME)],
    "drop_owned": [s.drop_owned(NAME)],
    "drop_role": [s.drop_role(NAME)],
    "drop_schema": [s.drop_schema(NAME)],
    "end_sessions": [s.end_sessions(NAME)],
    "end_sessions_in": [s.end_sessions_in(NAME)],
    "grant": [
        s.grant(["SELECT", "INSERT"], TABLES, "app", grantable=False),
        s.grant(["SELECT"], TABLES, "app", grantable=True),
        s.grant(["SELECT", "UPDATE"], COLUMNS, s.EVERYBODY, grantable=False),
    ],
    "grant_connect": [s.grant_connect(NAME, "app")],
    "grant_future": [
        s.grant_future(["SELECT"], FUTURE, "app", grantable=False),
        s.grant_future(["SELECT"], s.FutureObjects("SCHEMAS", "owner", None), "app", grantable=True),
    ],
    "grant_membership": [
        s.grant_membership(NAME, "app", {"admin": True}, 150000),
        s.grant_membership(NAME, "app", {"admin": False, "inherit": True, "set": False}, 160000),
    ],
    "join_role": [s.join_role(NAME, "us", 150000), s.join_role(NAME, "us", 160000)],
    "leave_role": [s.leave_role(NAME, "us")],
    "move_extension": [s.move_extension(NAME, "sales")],
    "reassign_owned": [s.reassign_owned(NAME, "owner")],
    "rename_database": [s.rename_database(NAME, "new")],
    "reset_parameter": [s.reset_parameter(NAME, None, "work_mem"), s.reset_parameter(NAME, "shop", "app.Tenant")],
    "revoke": [
        s.revoke(["SELECT"], TABLES, "app", only_option=False),
        s.revoke(["SELECT"], TABLES, "app", only_option=True),
    ],
    "revoke_admin_option": [s.revoke_admin_option(NAME, "app")],
    "revoke_connect_from_public": [s.revoke_connect_from_public(NAME)],
    "revoke_create_from_public": [s.revoke_create_from_public(NAME)],
    "revoke_future": [
        s.revoke_future(["SELECT"], FUTURE, "app", only_option=False),
        s.revoke_future(["SELECT"], FUTURE, "app", only_option=True),
    ],
    "set_allow_connections": [s.set_allow_connections(NAME, False)],
    "set_connection_limit": [s.set_connection_limit(NAME, -1)],
    "set_database_owner": [s.set_database_owner(NAME, "owner")],
    "set_is_template": [s.set_is_template(NAME, True)],
    "set_parameter": [
        s.set_parameter(NAME, None, "work_mem", ["4MB"]),
        s.set_parameter(NAME, "shop", "search_path", ["app", 'My "own" x']),
    ],
    "set_schema_owner": [s.set_schema_owner(NAME, "owner")],
    "update_extension": [s.update_extension(NAME, "1.2")],
}
CLAUSES = {"attribute", "connection_limit", "password", "valid_until"}


def test_statements_are_as_they_were() -> None:
    shown = [f"-- {name}\n" + "".join(f"{query};\n" for query in queries) for name, queries in EXAMPLES.items()]
    assert "\n".join(shown) == GOLDEN.read_text()


def test_no_statement_is_left_out() -> None:
    composing = {
        name for name, function in getmembers(s, isfunction)
        if function.__module__ == s.__name__ and not name.startswith("_")
    }  # fmt: skip
    assert composing == set(EXAMPLES) | CLAUSES
