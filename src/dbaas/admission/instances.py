"""Rules of DatabaseInstance and ClusterDatabaseInstance: whose Secrets it may read, and what is not built yet."""

from __future__ import annotations

from collections.abc import Iterator

from dbaas.admission.facts import Facts
from dbaas.api.instance import COMMENT_VARIABLES, DatabaseInstanceSpec, LoginPart, LoginSource, ResourceTracking, Tls
from dbaas.contracts.admission import Review, Violation
from dbaas.manifests.template_source import InvalidTemplate
from dbaas.manifests.templates import parse_template

_EXAMPLE = dict(zip(COMMENT_VARIABLES, ("dbaas", "default", "shop", "Database", "0-0"), strict=True))


def secrets_are_its_own(review: Review, spec: DatabaseInstanceSpec) -> Iterator[Violation]:
    """An instance reads Secrets of its own namespace; one for the whole cluster must say where they are."""
    own = str(((review.new or {}).get("metadata") or {}).get("namespace") or "")
    for field, namespace in _namespaces(spec):
        if not own and namespace is None:
            message = "say in which namespace the Secret is: the instance itself is in none"
            yield Violation(f"{field}.namespace", message, "FieldValueRequired")
        elif own and namespace not in (None, own):
            message = f"the Secret must be in the namespace of the instance: move it to {own!r}"
            yield Violation(f"{field}.namespace", message, "FieldValueForbidden")


def login_can_be_read(spec: DatabaseInstanceSpec) -> Iterator[Violation]:
    """AWS is refused until it can be read."""
    for field, source in _sources(spec.connection.credentials):
        if source.value_from is not None and source.value_from.aws_secret_key_ref is not None:
            yield Violation(
                f"{field}.valueFrom.awsSecretKeyRef",
                "AWS Secrets Manager cannot be read by this version: put the value into a Secret, and use secretKeyRef",
                "FieldValueNotSupported",
            )


def authority_is_named(spec: DatabaseInstanceSpec) -> Iterator[Violation]:
    """Of any certificate that this machine trusts, one for another host is as good: so such a mode needs its own."""
    tls: Tls = spec.tls
    if tls.enabled and tls.mode == "verify-ca" and tls.secret_ref is None:
        yield Violation(
            "spec.tls.secretRef",
            "verify-ca needs the certificate of the authority: name its Secret, or use verify-full",
            "FieldValueRequired",
        )


def tags_can_be_made(tracking: ResourceTracking, facts: Facts) -> Iterator[Violation]:
    """Tried with values of the kind that there are, because a function may refuse what it is given."""
    engine = facts.registry.engine(facts.engine)
    if tracking.enabled and engine is not None and engine.tagging is None:
        message = f"{engine.name} has nothing to keep tags in: leave it out"
        yield Violation("spec.resourceTracking.enabled", message, "FieldValueNotSupported")
    try:
        text = parse_template(tracking.comment_format, COMMENT_VARIABLES).render(_EXAMPLE)
    except InvalidTemplate as error:
        yield Violation("spec.resourceTracking.commentFormat", error.message)
        return
    if not text.strip():
        yield Violation(
            "spec.resourceTracking.commentFormat", "it gives no text: say what things are to be tagged with"
        )
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        message = "a tag cannot contain the character NUL or half characters"
        yield Violation("spec.resourceTracking.commentFormat", message)


def _namespaces(spec: DatabaseInstanceSpec) -> Iterator[tuple[str, str | None]]:
    connection = spec.connection
    for name, login in (("secretRef", connection.secret_ref), ("existingSecret", connection.existing_secret)):
        if login is not None:
            yield f"spec.connection.{name}", login.namespace
    for field, source in _sources(connection.credentials):
        key = source.value_from.secret_key_ref if source.value_from else None
        if key is not None:
            yield f"{field}.valueFrom.secretKeyRef", key.namespace
    if spec.tls.secret_ref is not None:
        yield "spec.tls.secretRef", spec.tls.secret_ref.namespace


def _sources(login: LoginSource | None) -> Iterator[tuple[str, LoginPart]]:
    if login is not None:
        yield "spec.connection.credentials.username", login.username
        yield "spec.connection.credentials.password", login.password
