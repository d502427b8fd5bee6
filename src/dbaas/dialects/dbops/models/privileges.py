"""What a role or a grant may list: privileges, engine by engine."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.model import ATOMIC, Model
from dbaas.dialects.dbops.models.blocks import Text

# Twenty at most, in capitals.
Privileges = Annotated[
    list[Annotated[str, Field(max_length=40, pattern=r"^[A-Z][A-Z ]*$")]],
    Field(min_length=1, max_length=20, description="What it may do.", json_schema_extra=ATOMIC),
]
ObjectType = Literal["tables", "sequences", "functions", "types"]
ObjectNames = Annotated[list[Text], Field(default=[], max_length=1000, json_schema_extra=ATOMIC)]
Roles = Annotated[
    list[Text],
    Field(default=[], max_length=100, description="Roles that it becomes a member of.", json_schema_extra=ATOMIC),
]
MOST = 500


class PostgresGrant(Model):
    """Privileges on a database of PostgreSQL, on a schema, or on objects in it."""

    database: Annotated[Text, Field(description="The database.")]
    schema_: Annotated[Text | None, Field(default=None, alias="schema", description="The schema, if it is about one.")]
    tables: Annotated[ObjectNames, Field(description='Tables; `["*"]` for all there are.')]
    sequences: Annotated[ObjectNames, Field(description='Sequences; `["*"]` for all there are.')]
    functions: Annotated[ObjectNames, Field(description='Functions; `["*"]` for all there are.')]
    privileges: Privileges
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]


class PostgresDefaultPrivilege(Model):
    """Privileges on what a role makes from now on."""

    database: Annotated[Text, Field(description="The database.")]
    schema_: Annotated[Text, Field(alias="schema", description="The schema.")]
    granted_by: Annotated[Text, Field(description="Whose objects.")]
    object_type: Annotated[ObjectType, Field(description="Type of the objects.")]
    privileges: Privileges


class MysqlGrant(Model):
    """Privileges in MySQL."""

    level: Annotated[
        Literal["global", "database", "table", "column", "procedure", "function"], Field(description="On what.")
    ]
    database: Annotated[Text | None, Field(default=None, description="The database.")]
    table: Annotated[Text | None, Field(default=None, description="The table.")]
    columns: Annotated[list[Text], Field(default=[], max_length=1000, description="Columns.", json_schema_extra=ATOMIC)]
    procedure: Annotated[Text | None, Field(default=None, description="The procedure.")]
    function: Annotated[Text | None, Field(default=None, description="The function.")]
    privileges: Privileges
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]


class ClickhouseGrant(Model):
    """Privileges in ClickHouse."""

    level: Annotated[Literal["global", "database", "table"], Field(description="On what.")]
    database: Annotated[Text | None, Field(default=None, description="The database.")]
    table: Annotated[Text | None, Field(default=None, description="The table.")]
    privileges: Privileges
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]


PostgresGrants = Annotated[
    list[PostgresGrant], Field(default=[], max_length=MOST, description="Privileges.", json_schema_extra=ATOMIC)
]
MysqlGrants = Annotated[
    list[MysqlGrant], Field(default=[], max_length=MOST, description="Privileges.", json_schema_extra=ATOMIC)
]
ClickhouseGrants = Annotated[
    list[ClickhouseGrant], Field(default=[], max_length=MOST, description="Privileges.", json_schema_extra=ATOMIC)
]
PostgresDefaultPrivileges = Annotated[
    list[PostgresDefaultPrivilege],
    Field(default=[], max_length=MOST, description="Privileges on what will be.", json_schema_extra=ATOMIC),
]
