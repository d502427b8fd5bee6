"""Every statement that changes a server, each composed in one place. What is read is in the part that reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaas.core.secrets import Secret
from dbaas.engines.postgres.queries import Identifier, Keyword, Literal, Query, Verifier, compose, join_clauses

LOCALE_PROVIDER_SINCE = 150000
MEMBERSHIP_OPTIONS_SINCE = 160000
EVERYBODY = "public"


@dataclass(frozen=True)
class DatabaseOptions:
    """What is settled when a database is made; None leaves it to the template."""

    template: str = "template0"
    encoding: str | None = None
    lc_collate: str | None = None
    lc_ctype: str | None = None
    owner: str | None = None
    tablespace: str | None = None


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
    if options.tablespace is not None:
        clauses.append(compose("TABLESPACE {name}", name=Identifier(options.tablespace)))
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


def rename_database(name: str, new: str) -> Query:
    return compose("ALTER DATABASE {name} RENAME TO {new}", name=Identifier(name), new=Identifier(new))


def end_sessions_in(database: str) -> Query:
    """Of those whose sessions our login may end; the server waits some seconds for them to be gone."""
    return compose(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {name} AND pid <> pg_backend_pid() "
        "AND (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))",
        name=Literal(database),
    )


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


def drop_schema(name: str, *, cascade: bool = False) -> Query:
    """Only an empty one, unless all that is in it goes too: the server refuses otherwise."""
    return _drop(compose("DROP SCHEMA {name}", name=Identifier(name)), cascade=cascade)


def _drop(dropping: Query, *, cascade: bool) -> Query:
    return join_clauses([dropping, compose("CASCADE")]) if cascade else dropping


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


def drop_extension(name: str, *, cascade: bool = False) -> Query:
    return _drop(compose("DROP EXTENSION {name}", name=Identifier(name)), cascade=cascade)


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


def comment_on_role(name: str, text: str | None) -> Query:
    """None takes the comment away."""
    return compose("COMMENT ON ROLE {name} IS {text}", name=Identifier(name), text=_text(text))


def comment_on_database(name: str, text: str | None) -> Query:
    """None takes the comment away."""
    return compose("COMMENT ON DATABASE {name} IS {text}", name=Identifier(name), text=_text(text))


def _text(value: str | None) -> Literal | Keyword:
    return Keyword("NULL") if value is None else Literal(value)


def reassign_owned(role: str, owner: str) -> Query:
    """What the role owns in this database becomes the owner's."""
    return compose("REASSIGN OWNED BY {role} TO {owner}", role=Identifier(role), owner=Identifier(owner))


def drop_owned(role: str) -> Query:
    """What the role owns in this database, and every privilege that it has been given there."""
    return compose("DROP OWNED BY {role}", role=Identifier(role))


def join_role(role: str, member: str, server_version: int) -> Query:
    """Membership that lets `member` act as `role`."""
    template = "GRANT {role} TO {member}"
    if server_version >= MEMBERSHIP_OPTIONS_SINCE:
        template += " WITH INHERIT TRUE, SET TRUE"
    return Query(template, (("role", Identifier(role)), ("member", Identifier(member))))


def leave_role(role: str, member: str) -> Query:
    return compose("REVOKE {role} FROM {member}", role=Identifier(role), member=Identifier(member))


def grant_membership(role: str, member: str, options: Mapping[str, bool], server_version: int) -> Query:
    """`options` are admin, inherit and set as far as they are said; before version 16 there is only admin."""
    clauses = [compose("GRANT {role} TO {member}", role=Identifier(role), member=Identifier(member))]
    if server_version < MEMBERSHIP_OPTIONS_SINCE:
        clauses += [compose("WITH ADMIN OPTION")] if options.get("admin") else []
    elif options:
        said = [compose("{name} {value}", name=Keyword(n.upper()), value=_truth(v)) for n, v in options.items()]
        clauses.append(compose("WITH {options}", options=said))
    return join_clauses(clauses)


def revoke_admin_option(role: str, member: str) -> Query:
    return compose("REVOKE ADMIN OPTION FOR {role} FROM {member}", role=Identifier(role), member=Identifier(member))


def set_parameter(role: str, database: str | None, name: str, values: Sequence[str]) -> Query:
    """For sessions to come. A list of names is given name by name, anything else as one text."""
    return join_clauses(
        [
            *_alter_sessions(role, database),
            compose("SET {name} TO {values}", name=_parameter(name), values=[Literal(value) for value in values]),
        ]
    )


def reset_parameter(role: str, database: str | None, name: str) -> Query:
    return join_clauses([*_alter_sessions(role, database), compose("RESET {name}", name=_parameter(name))])


def _alter_sessions(role: str, database: str | None) -> list[Query]:
    clauses = [compose("ALTER ROLE {role}", role=Identifier(role))]
    if database is not None:
        clauses.append(compose("IN DATABASE {database}", database=Identifier(database)))
    return clauses


def _parameter(name: str) -> Identifier:
    """One of an extension or application has a point in its name."""
    return Identifier(*name.split("."))


def _truth(value: bool) -> Keyword:
    return Keyword("TRUE" if value else "FALSE")


def end_sessions(role: str) -> Query:
    """Of that role, in all databases."""
    template = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {role}"
    return compose(template, role=Literal(role))


def act_as(role: str) -> Query:
    """For the rest of a transaction."""
    return compose("SET LOCAL ROLE {role}", role=Identifier(role))


def act_as_ourselves() -> Query:
    """The end of `act_as`."""
    return compose("SET LOCAL ROLE NONE")


# Privileges ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Objects:
    """Some objects of one type, or columns of one table: `keyword` is the word of GRANT for it."""

    keyword: str
    names: tuple[Identifier | Literal | Query, ...]
    columns: tuple[Identifier, ...] = ()


def grant(privileges: Sequence[str], objects: Objects, grantee: str, *, grantable: bool) -> Query:
    clauses = [
        compose(
            "GRANT {privileges} ON {type} {names} TO {grantee}", privileges=_privileges(privileges, objects.columns),
            type=Keyword(objects.keyword), names=objects.names, grantee=_grantee(grantee),
        )
    ]  # fmt: skip
    return join_clauses([*clauses, compose("WITH GRANT OPTION")] if grantable else clauses)


def revoke(privileges: Sequence[str], objects: Objects, grantee: str, *, only_option: bool) -> Query:
    """The privileges with their grant options, or only the options. The server refuses where others depend on them."""
    return join_clauses(
        [
            compose("REVOKE GRANT OPTION FOR") if only_option else compose("REVOKE"),
            compose(
                "{privileges} ON {type} {names} FROM {grantee}", privileges=_privileges(privileges, objects.columns),
                type=Keyword(objects.keyword), names=objects.names, grantee=_grantee(grantee),
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
            "GRANT {privileges} ON {type} TO {grantee}", privileges=_privileges(privileges),
            type=Keyword(objects.keyword), grantee=_grantee(grantee),
        ),
    ]  # fmt: skip
    return join_clauses([*clauses, compose("WITH GRANT OPTION")] if grantable else clauses)


def revoke_future(privileges: Sequence[str], objects: FutureObjects, grantee: str, *, only_option: bool) -> Query:
    return join_clauses(
        [
            _for_future(objects),
            compose("REVOKE GRANT OPTION FOR") if only_option else compose("REVOKE"),
            compose(
                "{privileges} ON {type} FROM {grantee}", privileges=_privileges(privileges),
                type=Keyword(objects.keyword), grantee=_grantee(grantee),
            ),
        ]
    )  # fmt: skip


def _for_future(objects: FutureObjects) -> Query:
    start = compose("ALTER DEFAULT PRIVILEGES FOR ROLE {grantor}", grantor=Identifier(objects.grantor))
    if objects.schema is None:
        return start
    return join_clauses([start, compose("IN SCHEMA {schema}", schema=Identifier(objects.schema))])


def _privileges(words: Sequence[str], columns: Sequence[Identifier] = ()) -> tuple[Query, ...]:
    if not columns:
        return tuple(compose("{word}", word=Keyword(word)) for word in words)
    return tuple(compose("{word} ({columns})", word=Keyword(word), columns=columns) for word in words)


def _grantee(name: str) -> Identifier | Keyword:
    """No role can be called `public`: it is the word for everybody."""
    return Keyword("PUBLIC") if name == EVERYBODY else Identifier(name)
