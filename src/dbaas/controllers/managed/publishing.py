"""The published Secret: what it holds, and how it follows what it should hold.

What a template has put there is noted in an annotation of the Secret, so that it can be taken away again, and nothing
else is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from dbaas.api.core import SECRET
from dbaas.api.resource import GROUP, Key, Resource
from dbaas.api.user import PasswordSecret
from dbaas.contracts.client import AlreadyExists, Client
from dbaas.contracts.reconcile import Conflict, Refused
from dbaas.manifests.metadata import build_metadata, is_controlled_by
from dbaas.manifests.secrets import LOGIN_VARIABLES, OPAQUE, build_secret, encode_values
from dbaas.manifests.template_source import InvalidTemplate
from dbaas.manifests.templates import parse_template

PASSWORD = "password"
WRITTEN = f"{GROUP}/written"
SOMETIMES = frozenset({"ca.crt"})  # usual keys that not every server gives
_OF_KEYS = {
    "Username": "username", "Host": "host", "Port": "port", "Database": "database", "SSLMode": "sslmode", "CA": "ca.crt"
}  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """A Secret as it should be. `password` is the key that holds the password itself."""

    values: Mapping[str, str]
    password: str = PASSWORD
    type: str = OPAQUE
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    is_usual: bool = True

    @property
    def note(self) -> str | None:
        """What is written down of it; None for the usual keys."""
        if self.is_usual:
            return None
        written = {
            "password": self.password, "data": sorted(self.values), "labels": sorted(self.labels),
            "annotations": sorted(self.annotations),
        }  # fmt: skip
        return orjson.dumps(written).decode()


def build_shape(wanted: PasswordSecret, usual: Mapping[str, str], user: Key) -> Shape:
    """`usual` are the usual keys, the password under `PASSWORD`. Raises Refused where a template cannot be used."""
    template, password = wanted.secret_template, usual[PASSWORD]
    values = {name: value for name, value in usual.items() if name != PASSWORD}
    if template is not None and template.data:
        variables = {variable: usual.get(key, "") for variable, key in _OF_KEYS.items()}
        variables |= {"Password": password, "Namespace": user.namespace, "Name": user.name}
        values = {name: _render(name, source, variables) for name, source in template.data.items()}
    values[wanted.key] = password
    if template is None:
        return Shape(values, wanted.key, is_usual=wanted.key == PASSWORD)
    return Shape(values, wanted.key, template.type, template.labels, template.annotations, is_usual=False)


def _render(name: str, source: str, variables: Mapping[str, str]) -> str:
    try:
        return parse_template(source, LOGIN_VARIABLES).render(variables)
    except InvalidTemplate as error:
        raise Refused(error.reason, f"spec.passwordSecret.secretTemplate.data[{name}]: {error.message}") from error


def password_key(published: Resource) -> str:
    """Under which key that Secret holds the password itself."""
    return str(_read_note(published).get("password", PASSWORD))


def find_changes(shape: Shape, published: Resource, usual: Mapping[str, str]) -> dict[str, Any]:
    """The merge patch that makes it so; empty where it is. What others have added is left alone."""
    body, note = published.body(), _read_note(published)
    before = {
        "data": set(note.get("data", {*usual, *SOMETIMES})), "labels": set(note.get("labels", ())),
        "annotations": {*note.get("annotations", ()), WRITTEN},
    }  # fmt: skip
    annotations = {**shape.annotations, **({WRITTEN: shape.note} if shape.note is not None else {})}
    metadata = body.get("metadata") or {}
    data = _compare(encode_values(shape.values), body.get("data") or {}, before["data"])
    labels = _compare(shape.labels, metadata.get("labels") or {}, before["labels"])
    noted = _compare(annotations, metadata.get("annotations") or {}, before["annotations"])
    changed = {name: part for name, part in (("labels", labels), ("annotations", noted)) if part}
    return {**({"data": data} if data else {}), **({"metadata": changed} if changed else {})}


def _compare(wanted: Mapping[str, str], found: Mapping[str, str], before: set[str]) -> dict[str, str | None]:
    changed: dict[str, str | None] = {name: value for name, value in wanted.items() if found.get(name) != value}
    return changed | {name: None for name in sorted(before) if name in found and name not in wanted}


def _read_note(published: Resource) -> Mapping[str, Any]:
    """Empty where there is none, or somebody has spoilt it."""
    try:
        note = orjson.loads(published.metadata.annotations.get(WRITTEN, "{}"))
    except orjson.JSONDecodeError:
        return {}
    return note if isinstance(note, dict) else {}


class Publishing:
    """Writes published Secrets, and says so."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, owner: Resource, key: Key) -> Resource | None:
        """Raises Refused where it is somebody else's."""
        found = await self._client.get(SECRET, key)
        if found is not None and not is_controlled_by(found, owner):
            raise Refused(
                "SecretNotOurs", f"Secret {key} exists and does not belong to {owner}: "
                "it is not overwritten; delete it or choose another name in spec.passwordSecret.secretName",
            )  # fmt: skip
        return found

    async def create(self, owner: Resource, key: Key, shape: Shape) -> Resource:
        """Raises Conflict where somebody was faster."""
        metadata = build_metadata(key.name, owner, {})
        metadata["labels"] = {**shape.labels, **metadata["labels"]}
        annotations = {**shape.annotations, **({WRITTEN: shape.note} if shape.note is not None else {})}
        if annotations:
            metadata["annotations"] = annotations
        try:
            return await self._client.create(SECRET, build_secret(metadata, shape.values, shape.type))
        except AlreadyExists as error:
            raise Conflict(f"Secret {key} was made by somebody else in between") from error

    async def update(self, owner: Resource, published: Resource, shape: Shape, usual: Mapping[str, str]) -> Resource:
        """Made anew where its type changes, for that cannot be done in place."""
        if (published.body().get("type") or OPAQUE) != shape.type:
            await self._client.delete(SECRET, published.key, uid=published.metadata.uid)
            written = await self.create(owner, published.key, shape)
            note = f"Secret {published.key} has been made anew, as {shape.type}, with the same password"
            self._client.event(owner, "Normal", "SecretUpdated", note)
            return written
        changes = find_changes(shape, published, usual)
        if not changes:
            return published
        written = await self._client.patch(SECRET, published.key, changes, version=published.metadata.resourceVersion)
        metadata = changes.get("metadata", {})
        names = [*changes.get("data", {}), *metadata.get("labels", {}), *metadata.get("annotations", {})]
        note = f"{', '.join(sorted(set(names) - {WRITTEN}))} changed in Secret {published.key}"
        self._client.event(owner, "Normal", "SecretUpdated", note)
        return written
