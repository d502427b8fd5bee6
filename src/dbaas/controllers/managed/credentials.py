"""The password of a user and the Secret that publishes it: there before the role, healed when it is deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DatabaseUserSpec, DatabaseUserStatus, PublishedSecret
from dbaas.contracts.client import AlreadyExists, Client
from dbaas.contracts.engine import Address, ClientLogin, Engine, Login
from dbaas.contracts.reconcile import Conflict, Refused, Waiting
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.resolution import Resolved
from dbaas.core.randomness import Randomness
from dbaas.core.secrets import PasswordRules, Secret, generate_password
from dbaas.manifests.metadata import build_metadata, is_controlled_by
from dbaas.manifests.secrets import build_secret, encode_values, read_values

PASSWORD = "password"


@dataclass(frozen=True)
class Credentials:
    """A user's login, and the name of the Secret that publishes it."""

    login: Login
    secret: str


def secret_name(spec: DatabaseUserSpec, name: str) -> str:
    """Of the Secret that we make for the user object of that name."""
    return spec.password_secret.secret_name or f"{name}-credentials"


def secret_names(spec: DatabaseUserSpec, name: str) -> tuple[str, ...]:
    """All Secrets that a user object depends on."""
    existing = spec.existing_password_secret
    return (secret_name(spec, name), *((existing.name,) if existing else ()))


def read_published(subject: Subject) -> PublishedSecret | None:
    """What the status says of the Secret."""
    status = subject.status
    return status.secret if isinstance(status, DatabaseUserStatus) else None


def remembered_login(subject: Subject) -> Login:
    """The login as the status knows it, without the password: enough to tell whether its proof still holds."""
    published = read_published(subject)
    return Login(Secret(""), published.version, published.proof) if published else Login(Secret(""), "")


def build_values(engine: Engine, address: Address, username: str, password: Secret, database: str) -> dict[str, str]:
    """The keys of a published Secret; the engine adds those that only it can build."""
    whose = Address(address.host, address.port, username, password, database, address.options)
    return {
        "type": engine.name,
        "host": address.host,
        "port": str(address.port),
        "database": database,
        "username": username,
        PASSWORD: password.reveal(),
        **(engine.credentials(ClientLogin(whose, database)) if engine.credentials else {}),
    }


class CredentialsStep:
    """Makes the published Secret true, and tells the password that the server shall have."""

    def __init__(self, client: Client, randomness: Randomness) -> None:
        self._client = client
        self._randomness = randomness

    async def settle(self, resolved: Resolved) -> Credentials:
        """Raises Refused where a Secret of that name is not ours, Waiting where the given one is missing."""
        subject = resolved.subject
        spec: DatabaseUserSpec = subject.spec
        key = Key(subject.resource.metadata.namespace, secret_name(spec, subject.resource.metadata.name))
        published = await self.find_published(subject, key)
        given = await self._read_given(subject) if spec.existing_password_secret else None
        password = given.password if given else self._choose_password(spec, published)
        written = await self._publish(resolved, key, published, password)
        before = read_published(subject)
        version = given.version if given else written.metadata.resourceVersion
        proof = before.proof if before is not None and before.version == version else ""
        return Credentials(Login(password, version, proof), key.name)

    async def find_published(self, subject: Subject, key: Key) -> Resource | None:
        """Raises Refused where it is somebody else's."""
        found = await self._client.get(SECRET, key)
        if found is not None and not is_controlled_by(found, subject.resource):
            raise Refused(
                "SecretNotOurs", f"Secret {key} exists and does not belong to {subject.resource}: "
                "it is not overwritten; delete it or choose another name in spec.passwordSecret.secretName",
            )  # fmt: skip
        return found

    async def _read_given(self, subject: Subject) -> Login:
        reference = subject.spec.existing_password_secret
        key = Key(subject.resource.metadata.namespace, reference.name)
        secret = await self._client.get(SECRET, key)
        if secret is None:
            raise Waiting("SecretNotFound", f"Secret {key} does not exist")
        password = read_values(secret).get(reference.key)
        if password is None or not password.reveal():
            raise Waiting("SecretInvalid", f"Secret {key} has no key {reference.key!r}")
        return Login(password, secret.metadata.resourceVersion)

    def _choose_password(self, spec: DatabaseUserSpec, published: Resource | None) -> Secret:
        known = read_values(published).get(PASSWORD) if published is not None else None
        if known is not None and known.reveal():
            return known
        wanted = spec.password_secret
        rules = PasswordRules(wanted.length, wanted.include_special_chars, wanted.exclude_chars)
        try:
            return generate_password(self._randomness, rules)
        except ValueError as error:
            raise Refused("InvalidSpec", f"spec.passwordSecret.excludeChars: {error}") from error

    async def _publish(
        self, resolved: Resolved, key: Key, published: Resource | None, password: Secret
    ) -> Resource:  # fmt: skip
        server, subject = resolved.server, resolved.subject
        connection = server.spec.connection
        options = server.spec.block(server.engine.name)
        address = Address(connection.host, connection.port, subject.spec.username, password, options=options)
        database = resolved.references.database or server.engine.default_database
        values = build_values(server.engine, address, subject.spec.username, password, database)
        if published is None:
            return await self._create(subject, key, values)
        return await self._update(subject, published, values)

    async def _create(self, subject: Subject, key: Key, values: Mapping[str, str]) -> Resource:
        body = build_secret(build_metadata(key.name, subject.resource, {}), values)
        try:
            written = await self._client.create(SECRET, body)
        except AlreadyExists as error:
            raise Conflict(f"Secret {key} was made by somebody else in between") from error
        before = read_published(subject)
        if before is not None and before.name == key.name:
            new = "" if subject.spec.existing_password_secret else ", with a new password"
            note = f"Secret {key} was gone and has been made again{new}"
            self._client.event(subject.resource, "Warning", "SecretRegenerated", note)
        else:
            self._client.event(subject.resource, "Normal", "SecretCreated", f"the login is in Secret {key}")
        return written

    async def _update(self, subject: Subject, published: Resource, values: Mapping[str, str]) -> Resource:
        """Other keys that somebody has added are left alone."""
        wanted, found = encode_values(values), published.body().get("data") or {}
        changed = {name: value for name, value in wanted.items() if found.get(name) != value}
        if not changed:
            return published
        version = published.metadata.resourceVersion
        written = await self._client.patch(SECRET, published.key, {"data": changed}, version=version)
        note = f"{', '.join(sorted(changed))} changed in Secret {published.key}"
        self._client.event(subject.resource, "Normal", "SecretUpdated", note)
        return written
