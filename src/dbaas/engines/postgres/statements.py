"""Every statement that changes a server, each composed in one place. What is read is in the part that reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.core.secrets import Secret
from dbaas.engines.postgres.queries import Identifier, Keyword, Literal, Query, Verifier, compose, join_clauses

LOCALE_PROVIDER_SINCE = 150000
MEMBERSHIP_OPTIONS_SINCE = 160000


@dataclass(frozen=True)
class DatabaseOptions:
    """What is settled when a database is made; None leaves it to the template."""

    template: str = "template0"
    encoding: str | None = None
    lc_collate: str | None = None
    lc_ctype: str | None = None
    owner: str | None = None


# Databases ----------------------------------------------------------------------------------------------------------


def create_database(name: str, options: DatabaseOptions, server_version: int) -> Query:
    """Closed at first, so that nobody gets in before it is finished."""
    clauses = [
        compose(
            "CREATE DATABASE {name} TEMPLATE {template}", name=Identifier(name), template=Identifier(options.template)
        )
    ]
    if options.owner is not None:
        clauses.append(compose("OWNER {owner}", owner=Identifier(options.owner)))
    if options.encoding is not None:
        clauses.append(compose("ENCODING {encoding}", encoding=Literal(options.encoding)))
    if (options.lc_collate or options.lc_ctype) and server_version >= LOCALE_PROVIDER_SINCE:
        clauses.append(compose("LOCALE_PROVIDER libc"))
    if options.lc_collate is not None:
        clauses.append(compose("LC_COLLATE {locale}", locale=Literal(options.lc_collate)))
    if options.lc_ctype is not None:
        clauses.append(compose("LC_CTYPE {locale}", locale=Literal(options.lc_ctype)))
    clauses.append(compose("ALLOW_CONNECTIONS false"))
    return join_clauses(clauses)


def set_database_owner(name: str, owner: str) -> Query:
    return compose("ALTER DATABASE {name} OWNER TO {owner}", name=Identifier(name), owner=Identifier(owner))


def set_connection_limit(name: str, limit: int) -> Query:
    return compose("ALTER DATABASE {name} CONNECTION LIMIT {limit}", name=Identifier(name), limit=Literal(limit))


def set_is_template(name: str, is_template: bool) -> Query:
    return compose("ALTER DATABASE {name} IS_TEMPLATE {value}", name=Identifier(name), value=Literal(is_template))


def set_allow_connections(name: str, allow: bool) -> Query:
    return compose("ALTER DATABASE {name} ALLOW_CONNECTIONS {value}", name=Identifier(name), value=Literal(allow))


def revoke_connect_from_public(name: str) -> Query:
    return compose("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC", name=Identifier(name))


def grant_connect(name: str, role: str) -> Query:
    return compose("GRANT CONNECT ON DATABASE {name} TO {role}", name=Identifier(name), role=Identifier(role))


def drop_database(name: str) -> Query:
    """Ends the sessions of others in it; at once, so that none can come back in between."""
    return compose("DROP DATABASE {name} WITH (FORCE)", name=Identifier(name))


# Schemas and extensions ---------------------------------------------------------------------------------------------


def create_schema(name: str, owner: str | None) -> Query:
    if owner is None:
        return compose("CREATE SCHEMA {name}", name=Identifier(name))
    return compose("CREATE SCHEMA {name} AUTHORIZATION {owner}", name=Identifier(name), owner=Identifier(owner))


def set_schema_owner(name: str, owner: str) -> Query:
    return compose("ALTER SCHEMA {name} OWNER TO {owner}", name=Identifier(name), owner=Identifier(owner))


def revoke_create_from_public(schema: str) -> Query:
    return compose("REVOKE CREATE ON SCHEMA {name} FROM PUBLIC", name=Identifier(schema))


def drop_schema(name: str) -> Query:
    """Only an empty one: the server refuses otherwise."""
    return compose("DROP SCHEMA {name}", name=Identifier(name))


def create_extension(name: str, schema: str, version: str | None) -> Query:
    """The schema is always named: our search path would make it pg_catalog."""
    clauses = [compose("CREATE EXTENSION {name} SCHEMA {schema}", name=Identifier(name), schema=Identifier(schema))]
    if version is not None:
        clauses.append(compose("VERSION {version}", version=Literal(version)))
    return join_clauses(clauses)


def update_extension(name: str, version: str) -> Query:
    return compose("ALTER EXTENSION {name} UPDATE TO {version}", name=Identifier(name), version=Literal(version))


def move_extension(name: str, schema: str) -> Query:
    return compose("ALTER EXTENSION {name} SET SCHEMA {schema}", name=Identifier(name), schema=Identifier(schema))


def drop_extension(name: str) -> Query:
    return compose("DROP EXTENSION {name}", name=Identifier(name))


# Roles --------------------------------------------------------------------------------------------------------------


def attribute(words: str) -> Query:
    """LOGIN, NOSUPERUSER and the like."""
    return compose("{words}", words=Keyword(words))


def connection_limit(limit: int) -> Query:
    return compose("CONNECTION LIMIT {limit}", limit=Literal(limit))


def valid_until(moment: str) -> Query:
    """A time, or `infinity`."""
    return compose("VALID UNTIL {moment}", moment=Literal(moment))


def password(username: str, secret: Secret) -> Query:
    return compose("PASSWORD {verifier}", verifier=Verifier(username, secret))


def create_role(name: str, options: Sequence[Query]) -> Query:
    return join_clauses([compose("CREATE ROLE {name}", name=Identifier(name)), *options])


def alter_role(name: str, option: Query) -> Query:
    return join_clauses([compose("ALTER ROLE {name}", name=Identifier(name)), option])


def drop_role(name: str) -> Query:
    return compose("DROP ROLE {name}", name=Identifier(name))


def join_role(role: str, member: str, server_version: int) -> Query:
    """Membership that lets `member` act as `role`."""
    template = "GRANT {role} TO {member}"
    if server_version >= MEMBERSHIP_OPTIONS_SINCE:
        template += " WITH INHERIT TRUE, SET TRUE"
    return Query(template, (("role", Identifier(role)), ("member", Identifier(member))))


def leave_role(role: str, member: str) -> Query:
    return compose("REVOKE {role} FROM {member}", role=Identifier(role), member=Identifier(member))


def act_as(role: str) -> Query:
    """For the rest of a transaction."""
    return compose("SET LOCAL ROLE {role}", role=Identifier(role))


# Privileges ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objects:
    """Some objects of one type: `keyword` is the word of GRANT for it."""

    keyword: str
    names: tuple[Identifier, ...]


def grant(privileges: Sequence[str], objects: Objects, grantee: str, *, grantable: bool) -> Query:
    clauses = [
        compose(
            "GRANT {privileges} ON {type} {names} TO {grantee}", privileges=_keywords(privileges),
            type=Keyword(objects.keyword), names=objects.names, grantee=Identifier(grantee),
        )
    ]  # fmt: skip
    return join_clauses([*clauses, compose("WITH GRANT OPTION")] if grantable else clauses)


def revoke(privileges: Sequence[str], objects: Objects, grantee: str, *, only_option: bool) -> Query:
    """The privileges with their grant options, or only the options. The server refuses where others depend on them."""
    return join_clauses(
        [
            compose("REVOKE GRANT OPTION FOR") if only_option else compose("REVOKE"),
            compose(
                "{privileges} ON {type} {names} FROM {grantee}", privileges=_keywords(privileges),
                type=Keyword(objects.keyword), names=objects.names, grantee=Identifier(grantee),
            ),
        ]
    )  # fmt: skip


@dataclass(frozen=True)
class FutureObjects:
    """Objects of one type that `grantor` makes from now on, in one schema or anywhere."""

    keyword: str
    grantor: str
    schema: str | None


def grant_future(privileges: Sequence[str], objects: FutureObjects, grantee: str, *, grantable: bool) -> Query:
    clauses = [
        _for_future(objects),
        compose(
            "GRANT {privileges} ON {type} TO {grantee}", privileges=_keywords(privileges),
            type=Keyword(objects.keyword), grantee=Identifier(grantee),
        ),
    ]  # fmt: skip
    return join_clauses([*clauses, compose("WITH GRANT OPTION")] if grantable else clauses)


def revoke_future(privileges: Sequence[str], objects: FutureObjects, grantee: str, *, only_option: bool) -> Query:
    return join_clauses(
        [
            _for_future(objects),
            compose("REVOKE GRANT OPTION FOR") if only_option else compose("REVOKE"),
            compose(
                "{privileges} ON {type} FROM {grantee}", privileges=_keywords(privileges),
                type=Keyword(objects.keyword), grantee=Identifier(grantee),
            ),
        ]
    )  # fmt: skip


def _for_future(objects: FutureObjects) -> Query:
    start = compose("ALTER DEFAULT PRIVILEGES FOR ROLE {grantor}", grantor=Identifier(objects.grantor))
    if objects.schema is None:
        return start
    return join_clauses([start, compose("IN SCHEMA {schema}", schema=Identifier(objects.schema))])


def _keywords(words: Sequence[str]) -> tuple[Keyword, ...]:
    return tuple(map(Keyword, words))
