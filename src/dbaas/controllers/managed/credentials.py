"""The password of a user and the Secret that publishes it: there before the role, healed when it is deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DatabaseUserSpec, DatabaseUserStatus, PublishedSecret
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Address, ClientLogin, Engine, Login
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.publishing import PASSWORD, Publishing, Shape, build_shape, password_key
from dbaas.controllers.managed.resolution import Resolved
from dbaas.core.randomness import Randomness
from dbaas.core.secrets import PasswordRules, Secret, generate_password
from dbaas.manifests.metadata import is_controlled_by
from dbaas.manifests.secrets import read_values


@dataclass(frozen=True)
class Credentials:
    """A user's login, and the name of the Secret that publishes it. `refused` is why a login did not succeed."""

    login: Login
    secret: str
    refused: str = ""


def secret_name(spec: DatabaseUserSpec, name: str) -> str:
    """Of the Secret that we make for the user object of that name."""
    return spec.password_secret.secret_name or f"{name}-credentials"


def keeps_password(spec: DatabaseUserSpec) -> bool:
    """Whether the password is ours to keep; else it is left alone, and nothing is published."""
    return spec.password_secret.generate or spec.existing_password_secret is not None


def secret_names(spec: DatabaseUserSpec, name: str) -> tuple[str, ...]:
    """All Secrets that a user object depends on."""
    existing = spec.existing_password_secret
    return (secret_name(spec, name), *((existing.name,) if existing else ()))


def read_published(subject: Subject) -> PublishedSecret | None:
    """What the status says of the Secret."""
    status = subject.status
    return status.secret if isinstance(status, DatabaseUserStatus) else None


def remembered_login(subject: Subject) -> Login | None:
    """The login as the status knows it, without the password: enough to tell whether its proof still holds."""
    if not keeps_password(subject.spec):
        return None
    published = read_published(subject)
    return Login(Secret(""), published.version, published.proof) if published else Login(Secret(""), "")


def build_values(engine: Engine, address: Address, username: str, password: Secret, database: str) -> dict[str, str]:
    """The keys of a published Secret; the engine adds those that only it can build."""
    whose = address.for_login(username, password, database)
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
        self._publishing = Publishing(client)

    async def settle(self, resolved: Resolved, server: Address) -> Credentials | None:
        """None where the password is left alone. `server` is how we reach it ourselves.

        Raises Refused where a Secret of that name is not ours, Waiting where the given one is missing.
        """
        subject = resolved.subject
        spec: DatabaseUserSpec = subject.spec
        if not keeps_password(spec):
            return None
        key = Key(subject.resource.metadata.namespace, secret_name(spec, subject.resource.metadata.name))
        published = await self._publishing.find(subject.resource, key)
        former = await self._find_former(subject, key) if published is None else None
        given = await self._read_given(subject) if spec.existing_password_secret else None
        password = given.password if given else self._choose_password(spec, published or former)
        written = await self._publish(resolved, published, server, password)
        if former is not None:
            await self._client.delete(SECRET, former.key, uid=former.metadata.uid)
        before = read_published(subject)
        version = given.version if given else written.metadata.resourceVersion
        proof = before.proof if before is not None and before.version == version else ""
        return Credentials(Login(password, version, proof), key.name)

    async def _find_former(self, subject: Subject, key: Key) -> Resource | None:
        """The Secret that was published under another name before."""
        before = read_published(subject)
        if before is None or before.name == key.name:
            return None
        found = await self._client.get(SECRET, Key(key.namespace, before.name))
        return found if found is not None and is_controlled_by(found, subject.resource) else None

    async def _read_given(self, subject: Subject) -> Login:
        reference = subject.spec.existing_password_secret
        key = Key(subject.resource.metadata.namespace, reference.name)
        secret = await self._client.get(SECRET, key)
        if secret is None:
            raise Waiting("SecretNotFound", f"Secret {key} does not exist")
        password = read_values(secret).get(reference.key)
        if password is None or not password.reveal():
            lack = "has no key" if password is None else "has nothing under the key"
            advice = "put the password there, or name its key in spec.existingPasswordSecret.key"
            raise Waiting("SecretInvalid", f"Secret {key} {lack} {reference.key!r}: {advice}")
        return Login(password, secret.metadata.resourceVersion)

    def _choose_password(self, spec: DatabaseUserSpec, published: Resource | None) -> Secret:
        known = read_values(published).get(password_key(published)) if published is not None else None
        if known is not None and known.reveal():
            return known
        wanted = spec.password_secret
        rules = PasswordRules(wanted.length, wanted.include_special_chars, wanted.exclude_chars)
        try:
            return generate_password(self._randomness, rules)
        except ValueError as error:
            raise Refused("InvalidSpec", f"spec.passwordSecret.excludeChars: {error}") from error

    async def _publish(
        self, resolved: Resolved, published: Resource | None, known: Address, password: Secret
    ) -> Resource:  # fmt: skip
        server, subject = resolved.server, resolved.subject
        connection = server.spec.connection
        options = server.spec.block(server.engine.name)
        address = replace(known, host=connection.host, port=connection.port, options=options)
        database = resolved.references.database or server.engine.default_database
        usual = build_values(server.engine, address, subject.spec.username, password, database)
        shape = build_shape(subject.spec.password_secret, usual, subject.resource.key)
        if published is not None:
            return await self._publishing.update(subject.resource, published, shape, usual)
        return await self._create(subject, shape)

    async def _create(self, subject: Subject, shape: Shape) -> Resource:
        resource = subject.resource
        key = Key(resource.metadata.namespace, secret_name(subject.spec, resource.metadata.name))
        written = await self._publishing.create(resource, key, shape)
        before = read_published(subject)
        if before is not None and before.name == key.name:
            new = "" if subject.spec.existing_password_secret else ", with a new password"
            note = f"Secret {key} was gone and has been made again{new}"
            self._client.event(resource, "Warning", "SecretRegenerated", note)
        else:
            self._client.event(resource, "Normal", "SecretCreated", f"the login is in Secret {key}")
        return written
