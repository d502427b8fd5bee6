"""The block of a DatabaseUser."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.model import Model, Time


class UserOptions(Model):
    """What PostgreSQL knows of a role beyond its name and password."""

    login: Annotated[bool, Field(default=True, description="Whether it may log in.")]
    superuser: Annotated[bool, Field(default=False, description="Whether no check applies to it.")]
    create_db: Annotated[bool, Field(default=False, alias="createDB", description="Whether it may make databases.")]
    create_role: Annotated[bool, Field(default=False, description="Whether it may make roles.")]
    replication: Annotated[bool, Field(default=False, description="Whether it may replicate the whole server.")]
    bypass_rls: Annotated[
        bool, Field(default=False, alias="bypassRLS", description="Whether row security does not apply to it.")
    ]
    inherit: Annotated[
        bool | None, Field(default=None, description="Whether it has the privileges of its roles; PostgreSQL says yes.")
    ]
    connection_limit: Annotated[
        int | None, Field(default=None, ge=-1, le=1_000_000, description="Sessions at once; -1 for no limit.")
    ]
    valid_until: Annotated[Time | None, Field(default=None, description="When its password ceases to be valid.")]
