"""The block of a Database."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.grant import PrivilegeName
from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Model, immutable, unique_by
from dbaas.engines.postgres.options.identifiers import Identifier

# The encodings that a server can store, from PostgreSQL's manual, section "Character Set Support".
Encoding = Literal[
    "UTF8", "SQL_ASCII", "EUC_CN", "EUC_JP", "EUC_JIS_2004", "EUC_KR", "EUC_TW", "ISO_8859_5", "ISO_8859_6",
    "ISO_8859_7", "ISO_8859_8", "KOI8R", "KOI8U", "LATIN1", "LATIN2", "LATIN3", "LATIN4", "LATIN5", "LATIN6", "LATIN7",
    "LATIN8", "LATIN9", "LATIN10", "MULE_INTERNAL", "WIN866", "WIN874", "WIN1250", "WIN1251", "WIN1252", "WIN1253",
    "WIN1254", "WIN1255", "WIN1256", "WIN1257", "WIN1258",
]  # fmt: skip
Locale = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.@,=-]+$")]
ONLY_AT_CREATION = "Settled when the database is made."


class Extension(Model):
    """One extension of a database."""

    name: Annotated[Identifier, Field(description="Name of the extension.")]
    schema_: Annotated[
        Identifier | None,
        Field(default=None, alias="schema", description="Schema of its objects; by default what the extension says."),
    ]
    version: Annotated[
        str | None,
        Field(
            default=None, min_length=1, max_length=64, pattern=r"^[!-~]+$",
            description="Version; by default the newest when it is made, and whatever there is afterwards.",
        ),
    ]  # fmt: skip


class Schema(Model):
    """One schema of a database."""

    name: Annotated[Identifier, Field(description="Name of the schema.")]
    owner: Annotated[Identifier | None, Field(default=None, description="Role; by default the database's owner.")]


class DefaultPrivilege(Model):
    """What a role may do with objects that the owner of the database makes from now on."""

    role: Annotated[Identifier, Field(description="Who gets it.")]
    schema_: Annotated[Identifier, Field(alias="schema", description="Schema of the objects.")]
    object_type: Annotated[
        Literal["tables", "sequences", "functions", "types"], Field(description="Type of the objects.")
    ]
    privileges: Annotated[
        list[PrivilegeName],
        Field(min_length=1, max_length=20, description="Privileges, in capitals.", json_schema_extra=SET_OF_SCALARS),
    ]


class Ownership(Model):
    """A role that owns the database, and a user that is a member of it with a published Secret."""

    auto_ownership: Annotated[bool, Field(default=False, description="Whether they come with the database.")]
    role_name: Annotated[Identifier | None, Field(default=None, description="By default `db_<name>_owner`.")]
    user_name: Annotated[Identifier | None, Field(default=None, description="By default `db_<name>_app`.")]
    drop_on_delete: Annotated[bool, Field(default=False, description="Drop them when the object is deleted.")]
    set_default_privileges: Annotated[
        bool, Field(default=True, description="Let each use what the other makes from now on.")
    ]

    def name_role(self, database: str) -> str:
        return self.role_name or f"db_{database}_owner"

    def name_user(self, database: str) -> str:
        return self.user_name or f"db_{database}_app"


class DatabaseOptions(Model):
    """What PostgreSQL knows of a database beyond its name and owner."""

    encoding: Annotated[
        Encoding | None,
        Field(
            default=None, description=f"Encoding; by default the template's. {ONLY_AT_CREATION}",
            json_schema_extra=immutable("the encoding of a database"),
        ),
    ]  # fmt: skip
    lc_collate: Annotated[
        Locale | None,
        Field(
            default=None, description=f"Locale of sorting; by default the template's. {ONLY_AT_CREATION}",
            json_schema_extra=immutable("the collation of a database"),
        ),
    ]  # fmt: skip
    lc_ctype: Annotated[
        Locale | None,
        Field(
            default=None, description=f"Locale of letters; by default the template's. {ONLY_AT_CREATION}",
            json_schema_extra=immutable("the character classification of a database"),
        ),
    ]  # fmt: skip
    template: Annotated[
        Identifier,
        Field(
            default="template0", description=f"Database to copy. {ONLY_AT_CREATION}",
            json_schema_extra=immutable("the template of a database"),
        ),
    ]  # fmt: skip
    tablespace: Annotated[
        Identifier | None,
        Field(
            default=None, description=f"Where its files are; by default where the template's are. {ONLY_AT_CREATION}",
            json_schema_extra=immutable("the tablespace of a database"),
        ),
    ]  # fmt: skip
    connection_limit: Annotated[
        int | None, Field(default=None, ge=-1, le=1_000_000, description="Sessions at once; -1 for no limit.")
    ]
    is_template: Annotated[bool | None, Field(default=None, description="Whether others may copy it.")]
    allow_connections: Annotated[bool | None, Field(default=None, description="Whether anybody may connect.")]
    extensions: Annotated[
        list[Extension],
        Field(default=[], max_length=100, description="Extensions it has.", json_schema_extra=unique_by("name")),
    ]
    default_privileges: Annotated[
        list[DefaultPrivilege],
        Field(
            default=[],
            max_length=200,
            description="What roles may do with what the owner of the database makes from now on.",
            json_schema_extra=ATOMIC,
        ),
    ]
    ownership: Annotated[Ownership | None, Field(default=None, description="A role and a user that come with it.")]
    schemas: Annotated[
        list[Schema],
        Field(default=[], max_length=500, description="Schemas it has.", json_schema_extra=unique_by("name")),
    ]
