"""The block of a DatabaseGrant: the same as its items, in PostgreSQL's own words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.grant import LongName, PrivilegeName
from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Model
from dbaas.engines.postgres.options.identifiers import Identifier

Names = Annotated[list[LongName], Field(default=[], max_length=1000, json_schema_extra=SET_OF_SCALARS)]
ObjectType = Literal["tables", "sequences", "functions", "types"]


class Grant(Model):
    """Privileges on a database, on a schema, or on objects of a schema."""

    database: Annotated[Identifier, Field(description="The database.")]
    schema_: Annotated[
        Identifier | None,
        Field(default=None, alias="schema", description="The schema; without it the database itself is meant."),
    ]
    tables: Annotated[Names, Field(description='Tables of the schema; `["*"]` for all there are.')]
    sequences: Annotated[Names, Field(description='Sequences of the schema; `["*"]` for all there are.')]
    functions: Annotated[Names, Field(description='Functions of the schema; `["*"]` for all there are.')]
    privileges: Annotated[
        list[PrivilegeName],
        Field(
            min_length=1,
            max_length=20,
            description="Privileges, in capitals. Each is given on those of the listed objects that have it.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]


class DefaultPrivilege(Model):
    """Privileges on what a role makes from now on in a schema."""

    database: Annotated[Identifier, Field(description="The database.")]
    schema_: Annotated[Identifier, Field(alias="schema", description="The schema.")]
    granted_by: Annotated[Identifier, Field(description="Whose future objects.")]
    object_type: Annotated[ObjectType, Field(description="Type of the objects.")]
    privileges: Annotated[
        list[PrivilegeName],
        Field(min_length=1, max_length=20, description="Privileges, in capitals.", json_schema_extra=SET_OF_SCALARS),
    ]


class GrantOptions(Model):
    """Memberships and privileges in PostgreSQL's own words; the same as `privileges` says otherwise."""

    roles: Annotated[
        list[Identifier],
        Field(
            default=[],
            max_length=200,
            description="Roles that it becomes a member of, by their names inside the server.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    grants: Annotated[
        list[Grant],
        Field(default=[], max_length=500, description="Privileges on what there is.", json_schema_extra=ATOMIC),
    ]
    default_privileges: Annotated[
        list[DefaultPrivilege],
        Field(default=[], max_length=500, description="Privileges on what will be.", json_schema_extra=ATOMIC),
    ]
