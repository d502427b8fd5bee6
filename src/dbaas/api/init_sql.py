"""SQL that is run once inside a database when it has been made, as its owner."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dbaas.api.model import ATOMIC, Model, NamespaceName, ObjectName, SecretKeyName, Time, rule

ANSWER = "dbaas.io/init-sql"
"""Annotation: what to do about a run whose end is not known or that has failed: `run-<hash>` or `done-<hash>`.

A value that begins with `run-<hash>` asks for one run; to ask once more, write something else behind it.
"""
HASH_LENGTH = 32
_OWN_NAMESPACE = "By default, and so far only, the database's own."


class TextKeyReference(Model):
    """One key of a ConfigMap or Secret that holds text."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description=f"Its namespace. {_OWN_NAMESPACE}")]
    key: Annotated[SecretKeyName, Field(description="Key in it.")]


class InitSQL(Model):
    """SQL that is run once, as the owner of the database; when its text changes it is run again."""

    model_config = ConfigDict(
        json_schema_extra=rule(
            "(has(self.inline) ? 1 : 0) + (has(self.configMapRef) ? 1 : 0) + (has(self.secretRef) ? 1 : 0) == 1",
            "give exactly one of inline, configMapRef and secretRef",
        )
    )

    inline: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=65536)]] | None,
        Field(
            default=None,
            min_length=1,
            max_length=50,
            description="The texts, in order. What is secret belongs into a Secret.",
            json_schema_extra=ATOMIC,
        ),
    ]
    config_map_ref: Annotated[
        TextKeyReference | None, Field(default=None, description="A ConfigMap. A line `---` cuts its text into files.")
    ]
    secret_ref: Annotated[
        TextKeyReference | None, Field(default=None, description="A Secret. A line `---` cuts its text into files.")
    ]
    failure_policy: Annotated[
        Literal["Block", "Continue"],
        Field(
            default="Block", description="After a failure: the database is not Ready, or it is and the status tells."
        ),
    ]

    @property
    def reference(self) -> TextKeyReference | None:
        """Where the text is, if it is not given inline."""
        return self.config_map_ref or self.secret_ref


class InitSQLStatus(Model):
    """What became of the SQL. Its text is never here."""

    applied: Annotated[bool | None, Field(default=None, description="Whether the text of that hash ran to its end.")]
    applied_at: Annotated[Time | None, Field(default=None, description="When it did.")]
    hash: Annotated[str | None, Field(default=None, max_length=64, description="Hash of the text that was run last.")]
    error: Annotated[
        str | None, Field(default=None, max_length=1024, description="Where it stopped: file, line, kind of error.")
    ]
    failed_at: Annotated[Time | None, Field(default=None, description="When it stopped there.")]
    undone: Annotated[bool | None, Field(default=None, description="Whether a failed run has left nothing.")]
    statements_executed: Annotated[int | None, Field(default=None, description="Statements that went well.")]
    started: Annotated[
        str | None, Field(default=None, max_length=64, description="Hash of a text whose run has no known end yet.")
    ]
    answer: Annotated[
        str | None, Field(default=None, max_length=253, description="The annotation that asked for the last run.")
    ]
    transaction: Annotated[
        str | None, Field(default=None, max_length=64, description="By which the server knows that run.")
    ]


def shown(status: InitSQLStatus) -> dict[str, Any]:
    """As the object holds it."""
    return status.model_dump(by_alias=True, exclude_none=True)
