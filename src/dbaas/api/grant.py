"""DatabaseGrant: what a user may do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Model, RealName, immutable, rule
from dbaas.api.references import DriftPolicy, Reference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_GRANT = Kind(GROUP, VERSION, "DatabaseGrant", "databasegrants", short_names=("dbg",))

On = Literal["database", "schema", "table", "sequence"]


class Privilege(Model):
    """Some privileges on some objects of one type."""

    model_config = ConfigDict(
        json_schema_extra=rule(
            "!has(self.grantor) || self.future", "grantor is for future objects only: set future or leave it out"
        )
    )

    on: Annotated[On, Field(description="Type of the objects.")]
    database: Annotated[RealName | None, Field(default=None, description="Database; by default that of databaseRef.")]
    schema_: Annotated[RealName | None, Field(default=None, alias="schema", description="Schema of the objects.")]
    names: Annotated[
        list[RealName],
        Field(
            default=[],
            max_length=1000,
            description='The objects; `["*"]` for all there are. For a schema, `schema` is enough.',
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    privileges: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z][A-Z ]*$")]],
        Field(min_length=1, max_length=20, description="Privileges, in capitals.", json_schema_extra=SET_OF_SCALARS),
    ]
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]
    future: Annotated[bool, Field(default=False, description="For objects that `grantor` makes from now on.")]
    grantor: Annotated[
        RealName | None, Field(default=None, description="Whose future objects; by default the database's owner.")
    ]


class DatabaseGrantSpec(Model):
    """The wanted privileges: what leaves the list is revoked."""

    user_ref: Annotated[
        Reference,
        Field(description="Who gets them.", json_schema_extra=immutable("the user of a grant")),
    ]
    database_ref: Annotated[
        Reference | None, Field(default=None, description="The database, where an item names none.")
    ]
    privileges: Annotated[
        list[Privilege], Field(min_length=1, max_length=500, description="What it may do.", json_schema_extra=ATOMIC)
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]


class DatabaseGrantStatus(ManagedStatus):
    """The observed privileges."""

    principal: Annotated[str | None, Field(default=None, max_length=255, description="Who has them.")]
    entries: Annotated[int | None, Field(default=None, description="How many single privileges are applied.")]


class DatabaseGrant(Model):
    """What a user may do."""

    spec: DatabaseGrantSpec
    status: DatabaseGrantStatus | None = None


COLUMNS = (
    ("User", "string", ".status.principal"),
    ("Entries", "integer", ".status.entries"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
