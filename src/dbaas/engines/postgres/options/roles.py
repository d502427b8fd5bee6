"""The blocks of a DatabaseUser and of the two kinds of roles."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Model, Time, unique_by
from dbaas.engines.postgres.options.grants import Grant
from dbaas.engines.postgres.options.identifiers import Identifier

Parameters = dict[str, Annotated[str, Field(max_length=1024)]]


class RoleAttributes(Model):
    """What users and roles have alike. What is not said is left as it is."""

    superuser: Annotated[bool | None, Field(default=None, description="Whether no check applies to it.")]
    create_db: Annotated[
        bool | None, Field(default=None, alias="createDB", description="Whether it may make databases.")
    ]
    create_role: Annotated[bool | None, Field(default=None, description="Whether it may make roles.")]
    replication: Annotated[bool | None, Field(default=None, description="Whether it may replicate the whole server.")]
    bypass_rls: Annotated[
        bool | None, Field(default=None, alias="bypassRLS", description="Whether row security does not apply to it.")
    ]
    inherit: Annotated[
        bool | None, Field(default=None, description="Whether it has the privileges of its roles; PostgreSQL says yes.")
    ]
    in_roles: Annotated[
        list[Identifier],
        Field(
            default=[], max_length=200, json_schema_extra=SET_OF_SCALARS,
            description="Roles that it is a member of; `memberships` says more of each.",
        ),
    ]  # fmt: skip


class RoleOptions(RoleAttributes):
    """What PostgreSQL knows of a role beyond its name."""

    login: Annotated[bool | None, Field(default=None, description="Whether it may log in; new ones may not.")]
    grants: Annotated[
        list[Grant],
        Field(
            default=[], max_length=500, json_schema_extra=ATOMIC,
            description="What it may do with what there is; the same as `privileges` says otherwise.",
        ),
    ]  # fmt: skip


class DatabaseParameters(Model):
    """Parameters of a user's sessions in one database."""

    database: Annotated[Identifier, Field(description="The database.")]
    config_parameters: Annotated[
        Parameters, Field(max_length=100, description="Parameters there; they count more than those for all databases.")
    ]


class UserOptions(RoleAttributes):
    """What PostgreSQL knows of a user beyond its name and password."""

    login: Annotated[bool | None, Field(default=None, description="Whether it may log in; users may.")]
    connection_limit: Annotated[
        int | None, Field(default=None, ge=-1, le=1_000_000, description="Sessions at once; -1 for no limit.")
    ]
    valid_until: Annotated[Time | None, Field(default=None, description="When its password ceases to be valid.")]
    default_role: Annotated[
        Identifier | None,
        Field(default=None, description="Role that its sessions begin as; one that it is a member of."),
    ]
    config_parameters: Annotated[
        Parameters, Field(default={}, max_length=100, description="Parameters that its sessions begin with.")
    ]
    database_config_parameters: Annotated[
        list[DatabaseParameters],
        Field(
            default=[], max_length=50, json_schema_extra=unique_by("database"),
            description="Parameters that its sessions in one database begin with.",
        ),
    ]  # fmt: skip
